//! The client against small servers on this machine.

use std::sync::{Arc, Mutex};

use config::http::load;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;

use super::*;
use crate::net::tls::provider;

/// Answers each request by its head, and remembers what it was asked.
pub(in crate::net) struct Server {
    pub(in crate::net) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(in crate::net) async fn start(
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(None, answer).await
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "the servers of a test end with it"
    )]
    async fn start_with(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = crate::net::listen("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&asked);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, answer, tls) = (Arc::clone(&heads), Arc::clone(&answer), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => converse(stream, &heads, &*answer).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                converse(stream, &heads, &*answer).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }

    pub(in crate::net) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    heads: &Mutex<Vec<String>>,
    answer: &(impl Fn(&str) -> String + ?Sized),
) {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&piece[..count]),
            }
            continue;
        };
        let mut head = String::from_utf8_lossy(&read[..end]).into_owned();
        read.drain(..end + 4);
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        while read.len() < length.unwrap_or(0) {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&piece[..count]),
            }
        }
        let body: Vec<u8> = read.drain(..length.unwrap_or(0)).collect();
        head.push_str("\r\n\r\n");
        head.push_str(&String::from_utf8_lossy(&body));
        let reply = answer(&head);
        heads.lock().unwrap().push(head);
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

pub(in crate::net) fn page(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

fn client(settings: &str) -> Client {
    Client::new(&load(settings, "http.yml").unwrap())
}

async fn get(client: &Client, url: &str) -> Result<String, String> {
    let mut request = Request::get(Url::parse(url).unwrap());
    request.timeout = Duration::from_secs(20);
    request.max_body = 1000;
    let answer = client
        .send(request)
        .await
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn requests_carry_what_is_configured_over_one_connection() {
    let server = Server::start(|_| page("hello")).await;
    let url = format!("http://{}/a?b=c", server.address);
    let client = client(
        "basic_auth: {username: u, password: p}\nhttp_headers: {x-one: {values: [a], secrets: [b]}}",
    );
    for _ in 0..2 {
        assert_eq!(get(&client, &url).await.as_deref(), Ok("hello"));
    }
    let asked = server.asked();
    assert_eq!(asked[0], asked[1]);
    for want in [
        "GET /a?b=c HTTP/1.1",
        "authorization: Basic dTpw",
        "x-one: a",
        "x-one: b",
    ] {
        assert!(asked[0].contains(want), "{}", asked[0]);
    }
}

#[tokio::test]
async fn credentials_are_read_from_files_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let server = Server::start(|_| page("")).await;
    let url = format!("http://{}/", server.address);
    let client = client(&format!("bearer_token_file: {}", path.display()));
    let missing = get(&client, &url).await.unwrap_err();
    let path_text = path.display();
    assert_eq!(
        missing,
        format!(
            "Get \"{url}\": unable to read authorization credentials: unable to read file \
             {path_text}: open {path_text}: no such file or directory"
        )
    );
    for token in ["one\n", "two"] {
        write(&path, token);
        get(&client, &url).await.unwrap();
        let asked = server.asked().pop().unwrap();
        let want = format!("authorization: Bearer {}\r\n", token.trim());
        assert!(asked.contains(&want), "{asked}");
    }
}

#[allow(clippy::disallowed_methods, reason = "files of a test")]
fn write(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn what_goes_wrong_is_told_in_the_words_of_go() {
    let silent = Server::start(|_| String::new()).await;
    let big = Server::start(|_| page(&"x".repeat(1001))).await;
    let short =
        Server::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_owned()).await;
    let nonsense = Server::start(|_| "hello world\r\n\r\n".to_owned()).await;
    let ring = Server::start(|_| redirect("/again")).await;
    let cases = [
        (
            "127.0.0.1:1",
            "dial tcp 127.0.0.1:1: connect: connection refused",
        ),
        (
            "nowhere.invalid:80",
            "dial tcp: lookup nowhere.invalid: no such host",
        ),
        (&*ring.address, "stopped after 10 redirects"),
        (
            &*nonsense.address,
            "net/http: HTTP/1.x transport connection broken: malformed HTTP response",
        ),
        (&*silent.address, "context deadline exceeded"),
    ];
    for (address, want) in cases {
        let mut request = Request::get(Url::parse(&format!("http://{address}/")).unwrap());
        request.timeout = Duration::from_millis(if address == silent.address {
            50
        } else {
            20_000
        });
        let told = client("").send(request).await.unwrap_err().to_string();
        assert!(told.starts_with("Get \"http://"), "{told}");
        assert!(told.contains(&format!("\": {want}")), "{told}, not {want}");
    }
    assert_eq!(ring.asked().len(), 10);
    let url = format!("http://{}/", big.address);
    assert_eq!(
        get(&client(""), &url).await.unwrap_err(),
        "the answer has more than 1000 bytes"
    );
    drop(short);
    let ftp = get(&client(""), "ftp://a/").await.unwrap_err();
    assert_eq!(ftp, "Get \"ftp://a/\": unsupported protocol scheme \"ftp\"");
}

#[tokio::test]
async fn another_host_gets_no_credentials() {
    let sink = Server::start(|_| page("")).await;
    let port = sink.address.rsplit_once(':').unwrap().1.to_owned();
    let settings =
        "bearer_token: t\nhttp_headers: {x-plain: {values: [v]}, x-secret: {secrets: [s]}}";
    for (host, is_told) in [("127.0.0.1", true), ("localhost", false)] {
        let to = format!("http://{host}:{port}/{host}");
        let first = Server::start(move |_| redirect(&to)).await;
        get(&client(settings), &format!("http://{}/", first.address))
            .await
            .unwrap();
        let asked = sink.asked().pop().unwrap();
        assert!(asked.contains("x-plain: v"), "{asked}");
        assert_eq!(asked.contains("Bearer t"), is_told, "{asked}");
        assert_eq!(asked.contains("x-secret: s"), is_told, "{asked}");
    }
}

#[tokio::test]
async fn proxies_are_asked_as_go_asks_them() {
    let proxy = Server::start(|head| match head.starts_with("CONNECT") {
        true => "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned(),
        false => page("via"),
    })
    .await;
    let settings = format!(
        "proxy_url: http://u:p@{}\nproxy_connect_header: {{x-zone: [z]}}\ntls_config: {{insecure_skip_verify: true}}",
        proxy.address
    );
    let client = client(&settings);
    assert_eq!(
        get(&client, "http://nowhere.invalid:9/x").await.as_deref(),
        Ok("via")
    );
    let refused = get(&client, "https://nowhere.invalid/x").await.unwrap_err();
    assert_eq!(refused, "Get \"https://nowhere.invalid/x\": Forbidden");
    let asked = proxy.asked();
    assert!(
        asked[0].starts_with("GET http://nowhere.invalid:9/x HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked[0].contains("proxy-authorization: Basic dTpw"),
        "{}",
        asked[0]
    );
    assert!(!asked[0].contains("x-zone"), "{}", asked[0]);
    assert!(
        asked[1].starts_with("CONNECT nowhere.invalid:443 HTTP/1.1\r\n"),
        "{}",
        asked[1]
    );
    assert!(asked[1].contains("x-zone: z\r\n"), "{}", asked[1]);
    assert!(
        asked[1].contains("Proxy-Authorization: Basic dTpw\r\n"),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn a_token_is_asked_for_once() {
    let tokens = Server::start(|head| match head.contains("authorization: Basic") {
        true => "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_owned(),
        false => page(r#"{"access_token":"abc","token_type":"bearer","expires_in":3600}"#),
    })
    .await;
    let server = Server::start(|_| page("")).await;
    let settings = format!(
        "oauth2: {{client_id: me, client_secret: s, token_url: 'http://{}/t', scopes: [a, b], endpoint_params: {{x: y}}}}",
        tokens.address
    );
    let client = client(&settings);
    for _ in 0..3 {
        get(&client, &format!("http://{}/", server.address))
            .await
            .unwrap();
    }
    assert!(
        server
            .asked()
            .iter()
            .all(|head| head.contains("authorization: Bearer abc"))
    );
    let asked = tokens.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].ends_with("\r\n\r\ngrant_type=client_credentials&scope=a+b&x=y"),
        "{}",
        asked[0]
    );
    let form = "client_id=me&client_secret=s&grant_type=client_credentials&scope=a+b&x=y";
    assert!(asked[1].ends_with(form), "{}", asked[1]);
}

struct Identity {
    pem: String,
    key: String,
    cert: rcgen::CertifiedKey<rcgen::KeyPair>,
}

fn identity(name: &str) -> Identity {
    let cert = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    Identity {
        pem: cert.cert.pem(),
        key: cert.signing_key.serialize_pem(),
        cert,
    }
}

fn acceptor(own: &Identity, client: Option<&Identity>) -> TlsAcceptor {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut roots = tokio_rustls::rustls::RootCertStore::empty();
            roots.add(client.cert.cert.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider());
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::Pkcs8(own.cert.signing_key.serialize_der().into());
    let chain = vec![own.cert.cert.der().clone()];
    Arc::new(builder.with_single_cert(chain, key).unwrap()).into()
}

#[tokio::test]
async fn servers_are_checked_and_certificates_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (identity("127.0.0.1"), identity("example.org"));
    let server = Server::start_with(Some(acceptor(&own, None)), |_| page("tls")).await;
    let wrong = Server::start_with(Some(acceptor(&other, None)), |_| page("tls")).await;
    let url = format!("https://{}/", server.address);
    let path = folder.path().join("ca.pem");
    let ca_file = format!("tls_config: {{ca_file: {}}}", path.display());
    let by_file = client(&ca_file);
    let told = get(&by_file, &url).await.unwrap_err();
    assert!(
        told.contains("error creating HTTP client: unable to read CA cert: unable to read file"),
        "{told}"
    );
    write(&path, &other.pem);
    let told = get(&by_file, &url).await.unwrap_err();
    assert_eq!(
        told,
        format!(
            "Get \"{url}\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
        )
    );
    write(&path, &own.pem);
    assert_eq!(get(&by_file, &url).await.as_deref(), Ok("tls"));
    let with_ca = |rest: &str, ca: &str| {
        client(&format!(
            "tls_config: {{{rest}, ca: {}}}",
            serde_json::to_string(ca).unwrap()
        ))
    };
    let cases = [
        (
            "server_name: foo.example",
            &own,
            &server,
            Some("x509: certificate is not valid for any names, but wanted to match foo.example"),
        ),
        ("max_version: TLS12", &own, &server, None),
        ("min_version: TLS13", &own, &server, None),
        (
            "max_version: TLS11",
            &own,
            &server,
            Some("tls: no supported versions satisfy MinVersion and MaxVersion"),
        ),
        ("insecure_skip_verify: true", &other, &server, None),
        (
            "insecure_skip_verify: false",
            &other,
            &wrong,
            Some(
                "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
            ),
        ),
        ("server_name: example.org", &other, &wrong, None),
        (
            "server_name: example.com",
            &other,
            &wrong,
            Some("x509: certificate is valid for example.org, not example.com"),
        ),
    ];
    for (settings, ca, server, want) in cases {
        let url = format!("https://{}/", server.address);
        let told = get(&with_ca(settings, &ca.pem), &url).await;
        match want {
            None => assert_eq!(told.as_deref(), Ok("tls"), "{settings}"),
            Some(want) => assert!(
                told.as_ref().is_err_and(|told| told.ends_with(want)),
                "{told:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_certificate_of_ours_is_shown() {
    let (own, me) = (identity("127.0.0.1"), identity("me"));
    let server = Server::start_with(Some(acceptor(&own, Some(&me))), |_| page("known")).await;
    let url = format!("https://{}/", server.address);
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let ca = quoted(&own.pem);
    let told = get(&client(&format!("tls_config: {{ca: {ca}}}")), &url)
        .await
        .unwrap_err();
    assert!(
        told.ends_with("remote error: tls: certificate required"),
        "{told}"
    );
    let settings = format!(
        "tls_config: {{ca: {ca}, cert: {}, key: {}}}",
        quoted(&me.pem),
        quoted(&me.key)
    );
    let answer = get(&client(&settings), &url).await;
    // The library takes no self-signed certificate for a chain; what counts is that it was shown.
    assert!(
        answer.is_ok()
            || answer
                .as_ref()
                .is_err_and(|told| !told.contains("required")),
        "{answer:?}"
    );
    let broken = get(
        &client(&format!("tls_config: {{ca: {ca}, cert: x, key: y}}")),
        &url,
    )
    .await;
    let want = "unable to use specified client cert (inline) & key (inline): tls: failed to find any PEM data in certificate input";
    assert!(broken.unwrap_err().contains(want));
}
