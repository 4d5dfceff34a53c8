//! Who gets through a listener that asks for certificates, case by case.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::certificates::{Authority, ask};
use crate::program::{BINARY, Program, free_address};

/// What the listener asks for, and what comes of each client: a status, or words of the reason.
const CASES: [(&str, [&str; 5]); 7] = [
    (
        "client_auth_type: NoClientCert",
        ["200", "200", "200", "200", "200"],
    ),
    (
        "client_auth_type: RequestClientCert",
        ["200", "200", "200", "200", "200"],
    ),
    (
        "client_auth_type: RequireAnyClientCert",
        [NO_CERTIFICATE, "200", "200", "200", "200"],
    ),
    (
        "client_auth_type: VerifyClientCertIfGiven\nclient_ca_file: ours.crt",
        ["200", "200", "200", UNKNOWN, UNKNOWN],
    ),
    (
        "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ours.crt",
        [NO_CERTIFICATE, "200", "200", UNKNOWN, UNKNOWN],
    ),
    (
        "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: ours.crt\nclient_allowed_sans: [other, scraper]",
        [NO_CERTIFICATE, "200", BAD, UNKNOWN, UNKNOWN],
    ),
    (
        "client_auth_type: RequireAndVerifyClientCert\nclient_ca_file: itself.crt",
        [NO_CERTIFICATE, UNKNOWN, UNKNOWN, UNKNOWN, "200"],
    ),
];

/// The certificates that clients have; none at first.
const CLIENTS: [&str; 5] = ["", "scraper", "printer", "stranger", "itself"];

const NO_CERTIFICATE: &str = "remote error: tls: certificate required";
const UNKNOWN: &str = "remote error: tls: unknown certificate authority";
const BAD: &str = "remote error: tls: bad certificate";

#[test]
fn clients_get_through_with_the_certificate_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ours = Authority::new(folder.path(), "ours");
    ours.sign("server", "127.0.0.1");
    ours.sign("scraper", "scraper");
    ours.sign("printer", "printer");
    Authority::new(folder.path(), "others").sign("stranger", "scraper");
    let itself = rcgen::generate_simple_self_signed(["scraper".to_owned()]).unwrap();
    std::fs::write(path("itself.crt"), itself.cert.pem()).unwrap();
    std::fs::write(path("itself.key"), itself.signing_key.serialize_pem()).unwrap();
    for (asked, outcomes) in CASES {
        let listener = format!(
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  {}\n",
            asked.replace('\n', "\n  ")
        );
        std::fs::write(path("web.yml"), listener).unwrap();
        let address = free_address();
        let arguments = [
            "node-exporter".to_owned(),
            format!("--web.listen-address={address}"),
            format!("--web.config.file={}", path("web.yml").display()),
        ];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        let mut exporter = Program::start_as(Path::new(BINARY), &address, &arguments);
        exporter.wait(Duration::from_secs(30), "the exporter to listen", || {
            std::net::TcpStream::connect(&address).ok()
        });
        for (client, want) in CLIENTS.iter().zip(outcomes) {
            let own = match *client {
                "" => String::new(),
                name => format!(", cert_file: {name}.crt, key_file: {name}.key"),
            };
            let keys = format!("tls_config: {{ca_file: ours.crt{own}}}\n");
            let url = format!("https://{address}/");
            let came = match ask(folder.path(), &url, &keys) {
                Ok((status, _)) => status.to_string(),
                Err(reason) => reason,
            };
            assert!(came.contains(want), "{asked}, {client:?}: {came}");
        }
    }
}
