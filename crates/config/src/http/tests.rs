//! What is read, refused and written back.

use super::*;

#[test]
fn what_upstream_refuses_is_refused_in_its_words() {
    let cases = [
        (
            "bearer_token: a\nbearer_token_file: b",
            "f:2:20: at most one of bearer_token & bearer_token_file must be configured",
        ),
        (
            "bearer_token: a\nbasic_auth: {username: b}",
            "f:2:13: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
        ),
        (
            "authorization: {credentials: a}\nbearer_token: x",
            "f:1:16: authorization is not compatible with bearer_token & bearer_token_file",
        ),
        (
            "authorization: {credentials: a}\nbasic_auth: {username: a}",
            "f:1:16: at most one of basic_auth, oauth2 & authorization must be configured",
        ),
        (
            "authorization: {type: Basic}",
            "f:1:23: authorization type cannot be set to \"basic\", use \"basic_auth\" instead",
        ),
        (
            "authorization: {credentials: a, credentials_file: b}",
            "f:1:51: at most one of authorization credentials & credentials_file must be configured",
        ),
        (
            "basic_auth: {username: a, username_file: b}",
            "f:1:42: at most one of basic_auth username, username_file & username_ref must be configured",
        ),
        (
            "basic_auth: {password: a, password_ref: b}",
            "f:1:13: at most one of basic_auth password, password_file & password_ref must be configured",
        ),
        (
            "oauth2: {token_url: u}",
            "f:1:9: oauth2 client_id must be configured",
        ),
        (
            "oauth2: {client_id: a}",
            "f:1:9: oauth2 token_url must be configured",
        ),
        (
            "oauth2: {client_id: a, token_url: u, client_secret: s, client_secret_file: f}",
            "f:1:76: at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using grant-type=client_credentials",
        ),
        (
            "oauth2: {client_id: a, token_url: u, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', signature_algorithm: ES256}",
            "f:1:118: valid signature algorithms are RS256, RS384 and RS512",
        ),
        (
            "tls_config: {ca: a, ca_file: b}",
            "f:1:30: at most one of ca, ca_file & ca_ref must be configured",
        ),
        (
            "tls_config: {cert: a}",
            "f:1:13: exactly one of key or key_file must be configured when a client certificate is configured",
        ),
        (
            "tls_config: {key_file: a}",
            "f:1:13: exactly one of cert or cert_file must be configured when a client key is configured",
        ),
        (
            "tls_config: {min_version: TLS14}",
            "f:1:27: unknown TLS version: TLS14",
        ),
        (
            "proxy_from_environment: true\nproxy_url: http://a",
            "f:1:25: if proxy_from_environment is configured, proxy_url must not be configured",
        ),
        (
            "no_proxy: a",
            "f:1:11: if no_proxy is configured, proxy_url must also be configured",
        ),
        (
            "proxy_connect_header: {a: [b]}",
            "f:1:23: if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
        ),
        (
            "proxy_url: '::'",
            "f:1:12: parse \"::\": missing protocol scheme",
        ),
        (
            "http_headers: {host: {values: [a]}}",
            "f:1:16: setting header \"Host\" is not allowed",
        ),
        (
            "http_headers: {foo: {value: [a]}}",
            "f:1:22: unknown key \"value\": did you mean \"values\"? (field value not found in type config.Header)",
        ),
        (
            "basic_auth: {passwort: a}",
            "f:1:14: unknown key \"passwort\": did you mean \"password\"? (field passwort not found in type config.plain)",
        ),
    ];
    for (text, want) in cases {
        let told = load(text, "f").map(|_| ()).unwrap_err().to_string();
        assert_eq!(told, want, "{text}");
    }
}

/// What is read is written as upstream 3.14 shows it at `/api/v1/status/config`.
#[test]
fn what_is_read_is_written_without_its_secrets() {
    let cases = [
        ("", ""),
        (
            "basic_auth: {username: a, password: p}
proxy_url: 'http://u:pw@a:80/x'
no_proxy: b,c
proxy_connect_header: {Foo: [b, c], bar: []}
http_headers: {foo: {values: [a], secrets: [b], files: [f, /abs]}, empty: null}
tls_config: {ca: a, server_name: n, insecure_skip_verify: true, min_version: TLS12, max_version: TLS13, cert: x, key: z}",
            "basic_auth:
  username: a
  password: <secret>
tls_config:
  ca: a
  cert: x
  key: <secret>
  server_name: \"n\"
  insecure_skip_verify: true
  min_version: TLS12
  max_version: TLS13
proxy_url: http://u:xxxxx@a:80/x
no_proxy: b,c
proxy_connect_header:
  Foo:
  - <secret>
  - <secret>
  bar: []
http_headers:
  empty: {}
  foo:
    values:
    - a
    secrets:
    - <secret>
    files:
    - c/f
    - /abs
",
        ),
        (
            "bearer_token_file: x",
            "authorization:\n  type: Bearer\n  credentials_file: c/x\n",
        ),
        ("authorization: {type: '  Foo '}", "authorization:\n  type: Foo\n"),
        ("authorization: null\nbasic_auth: {}", "basic_auth: {}\n"),
        (
            "oauth2: {client_id: a, token_url: 'http://u:p@x/', client_secret: s, scopes: [a, b], endpoint_params: {x: y, a: b}, tls_config: {ca_file: q}, proxy_from_environment: true}",
            "oauth2:
  client_id: a
  client_secret: <secret>
  scopes:
  - a
  - b
  token_url: http://u:p@x/
  endpoint_params:
    a: b
    x: \"y\"
  tls_config:
    ca_file: c/q
    insecure_skip_verify: false
  proxy_from_environment: true
",
        ),
        (
            "oauth2: {client_id: a, token_url: 'http://x/', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key: a, client_certificate_key_id: i, signature_algorithm: RS384, iss: i, audience: aud, claims: {z: 1, a: [b, {c: d}], m: 1.5, t: true, n: null, s: 'true'}}",
            "oauth2:
  client_id: a
  client_certificate_key_id: i
  client_certificate_key: <secret>
  grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer
  signature_algorithm: RS384
  iss: i
  audience: aud
  claims:
    a: [\"b\",{\"c\": \"d\"}]
    m: 1.5
    \"n\": null
    s: \"true\"
    t: true
    z: 1
  token_url: http://x/
",
        ),
    ];
    for (text, want) in cases {
        let mut client = load(text, "f").unwrap_or_else(|e| panic!("{text}: {e}"));
        client.set_directory(Path::new("c"));
        let mut yaml = YamlWriter::default();
        write(&mut yaml, &client);
        let written = yaml.finish();
        let rest = written.replace("follow_redirects: true\nenable_http2: true\n", "");
        assert_eq!(rest, want, "{text}");
    }
}
