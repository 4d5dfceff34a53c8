//! A server behind TLS and a password, which scrapes itself over HTTP/2.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::program::{BINARY, Program, free_address};

/// Of `secret`, with the least cost.
pub(crate) const HASH: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

#[test]
fn only_who_has_access_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    write("web.crt", &own.cert.pem());
    write("web.key", &own.signing_key.serialize_pem());
    write(
        "web.yml",
        &format!(
            "tls_server_config: {{cert_file: web.crt, key_file: web.key}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}\nbasic_auth_users: {{alice: '{HASH}'}}\n"
        ),
    );
    let address = free_address();
    let client =
        "basic_auth: {username: alice, password: secret}\ntls_config: {ca_file: web.crt}\n";
    write("http.yml", client);
    write("nobody.yml", "tls_config: {ca_file: web.crt}\n");
    write(
        "stranger.yml",
        "basic_auth: {username: alice, password: secret}\n",
    );
    let job = client.replace('\n', "\n  ");
    write(
        "prometheus.yml",
        &format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: self\n  scheme: https\n  static_configs: [{{targets: ['{address}']}}]\n  {job}\n"
        ),
    );
    let tool = |words: &[&str]| {
        let output = Command::new(BINARY)
            .arg("tool")
            .arg("check")
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = tool(&["web-config", &path("web.yml")]);
    assert_eq!(
        (code, said),
        (Some(0), format!("{} SUCCESS\n", path("web.yml")))
    );

    let arguments = [
        "server".to_owned(),
        format!("--config.file={}", path("prometheus.yml")),
        format!("--web.listen-address={address}"),
        format!("--web.config.file={}", path("web.yml")),
        format!("--storage.tsdb.path={}", path("data")),
    ];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let mut server = Program::start_as(Path::new(BINARY), &address, &arguments);
    let ask = |word: &str, file: &str| {
        let url = format!("--url=https://{address}");
        tool(&[word, &url, &format!("--http.config.file={}", path(file))])
    };
    server.wait(Duration::from_secs(30), "the server to be ready", || {
        (ask("ready", "http.yml").0 == Some(0)).then_some(())
    });
    let (code, said) = ask("healthy", "http.yml");
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "  SUCCESS:  Prometheus Server is Healthy.\n\n")
    );
    let (code, said) = ask("healthy", "nobody.yml");
    let refused = format!("check failed: URL=https://{address}, status=401\n");
    assert_eq!((code, said), (Some(1), refused));
    let (code, said) = ask("healthy", "stranger.yml");
    assert_eq!(code, Some(1));
    assert!(
        said.contains("x509: certificate signed by unknown authority"),
        "{said}"
    );
    let (code, _) = tool(&["healthy", &format!("--url=http://{address}")]);
    assert_eq!(code, Some(1));

    // It reaches itself: over HTTP/2, which both sides offer.
    let query = config::Url::parse(&format!("https://{address}/api/v1/query?query=up")).unwrap();
    let mut settings = config::http::load(client, "http.yml").unwrap();
    settings.set_directory(folder.path());
    let asker = host::net::Client::new(&settings);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    server.wait(
        Duration::from_secs(30),
        "the server to scrape itself",
        || {
            let request = host::net::client::Request::get(query.clone());
            let answer = runtime.block_on(asker.send(request)).unwrap();
            assert_eq!(answer.headers["x-frame-options"], "deny");
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            (text.contains("\"job\":\"self\"") && text.contains(",\"1\"]")).then_some(())
        },
    );
}
