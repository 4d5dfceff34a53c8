//! Alerts for Amazon's Alertmanagers are signed, with the credentials of a role, or not sent.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use config::server::{AlertmanagerConfig, SigV4Config};
use config::{Secret, Url};
use host::net::Client;
use host::net::aws::Signer;
use host::net::client::Request;
use host::tasks::Trigger;
use rules::notifier::Notifier;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::handing_over::{alert, config, found, options};

/// A request as it came; names of headers are in lower case.
#[derive(Debug)]
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    /// The parts of `Authorization`: the credential, the names of what is signed, the signature.
    fn authorization(&self) -> [&str; 3] {
        let text = self.header("authorization");
        let text = text.strip_prefix("AWS4-HMAC-SHA256 Credential=").unwrap();
        let (credential, rest) = text.split_once(", SignedHeaders=").unwrap();
        let (names, signature) = rest.split_once(", Signature=").unwrap();
        [credential, names, signature]
    }

    /// The signature that the request must have, computed as a service does.
    fn signature(&self, secret_key: &str) -> String {
        let [credential, names, _] = self.authorization();
        let (_, scope) = credential.split_once('/').unwrap();
        let lines: String = names
            .split(';')
            .map(|name| format!("{name}:{}\n", self.header(name)))
            .collect();
        let canonical = format!(
            "{}\n{}\n\n{lines}\n{names}\n{}",
            self.method,
            self.path,
            hash(&self.body)
        );
        let time = self.header("x-amz-date");
        let mut key = format!("AWS4{secret_key}").into_bytes();
        for part in scope.split('/') {
            key = sign(&key, part);
        }
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&canonical));
        hex(&sign(&key, &text))
    }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers each request with this, and passes it on.
async fn server(status: &'static str, body: &'static str) -> (String, mpsc::Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, requests) = mpsc::channel(64);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let Some(asked) = read(&mut stream).await else {
                    return;
                };
                // The test may have ended.
                sender.send(asked).await.unwrap_or_default();
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n");
                let text = format!("{head}Connection: close\r\n\r\n{body}");
                stream.write_all(text.as_bytes()).await.unwrap_or_default();
            });
        }
    });
    (address, requests)
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&seen);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let headers = lines.filter_map(|line| line.split_once(": "));
        let asked = Asked {
            method: first.next()?.to_owned(),
            path: first.next()?.to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        };
        if asked.header("content-length") == body.len().to_string() {
            return Some(asked);
        }
    }
    None
}

fn signing() -> SigV4Config {
    SigV4Config {
        region: "eu-west-1".to_owned(),
        access_key: "OWN".to_owned(),
        secret_key: Secret::new("own-secret"),
        role_arn: "arn:aws:iam::1:role/alerts".to_owned(),
        external_id: "an id".to_owned(),
        ..SigV4Config::default()
    }
}

fn alertmanager(sigv4: SigV4Config) -> AlertmanagerConfig {
    AlertmanagerConfig {
        path_prefix: "/workspaces/ws:1/alertmanager/".to_owned(),
        sigv4: Some(sigv4),
        ..AlertmanagerConfig::default()
    }
}

/// The variables of a process that asks for roles there.
fn roles_at(address: &str) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let url = format!("http://{address}/");
    move |name| (name == "AWS_ENDPOINT_URL_STS").then(|| url.clone())
}

const GIVEN: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId>\
    <SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>\
    <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
const REFUSED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
    <Message>OWN may not</Message></Error></ErrorResponse>";

#[tokio::test]
async fn alerts_are_signed_with_the_credentials_of_a_role() {
    let (roles, mut at_roles) = server("200 OK", GIVEN).await;
    let (receiver, mut at_receiver) = server("200 OK", "").await;
    let (notifier, handle) =
        Notifier::new(options(roles_at(&roles)), config(alertmanager(signing())));
    let (_targets, targets) = watch::channel(Arc::new(found(&[&receiver])));
    let stop = Trigger::new();
    let running = tokio::spawn(notifier.run(targets, stop.shutdown()));
    handle.send(vec![alert("A")]);

    let asked = at_roles.recv().await.unwrap();
    for want in [
        "Action=AssumeRole&",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Falerts&",
        "ExternalId=an+id",
    ] {
        assert!(asked.body.contains(want), "{}", asked.body);
    }
    let [credential, _, signature] = asked.authorization();
    assert!(credential.starts_with("OWN/"), "{credential}");
    assert!(
        credential.ends_with("/eu-west-1/sts/aws4_request"),
        "{credential}"
    );
    assert_eq!(signature, asked.signature("own-secret"));

    for name in ["A", "B"] {
        let mut asked = at_receiver.recv().await.unwrap();
        assert!(
            asked.body.contains(&format!(r#""alertname":"{name}""#)),
            "{}",
            asked.body
        );
        let path = "/workspaces/ws:1/alertmanager/api/v2/alerts";
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", path));
        asked.path = path.replace(':', "%3A");
        let [credential, names, signature] = asked.authorization();
        assert!(credential.starts_with("ROLE/"), "{credential}");
        assert!(
            credential.ends_with("/eu-west-1/aps/aws4_request"),
            "{credential}"
        );
        assert_eq!(names, "content-type;host;x-amz-date;x-amz-security-token");
        assert_eq!(asked.header("x-amz-security-token"), "role-token");
        assert_eq!(signature, asked.signature("role-secret"));
        handle.send(vec![alert("B")]);
    }
    assert!(
        at_roles.try_recv().is_err(),
        "credentials that hold are kept"
    );

    // Another service is another Alertmanager; what came before the reload goes to the old one.
    handle.reload(config(alertmanager(SigV4Config {
        service_name: "es".to_owned(),
        ..signing()
    })));
    let signed_anew = async {
        loop {
            let asked = at_receiver.recv().await.unwrap();
            if asked.authorization()[0].ends_with("/eu-west-1/es/aws4_request") {
                break;
            }
            handle.send(vec![alert("C")]);
        }
    };
    tokio::time::timeout(Duration::from_secs(60), signed_anew)
        .await
        .unwrap();
    stop.pull();
    running.await.unwrap();
}

#[tokio::test]
async fn without_credentials_nothing_is_sent() {
    let (roles, mut at_roles) = server("403 Forbidden", REFUSED).await;
    let (receiver, mut at_receiver) = server("200 OK", "").await;
    let options = options(roles_at(&roles));
    let surroundings = options.surroundings.clone();
    let (notifier, handle) = Notifier::new(options, config(alertmanager(signing())));
    let (_targets, targets) = watch::channel(Arc::new(found(&[&receiver])));
    let stop = Trigger::new();
    let running = tokio::spawn(notifier.run(targets, stop.shutdown()));
    handle.send(vec![alert("A")]);
    at_roles.recv().await.unwrap();
    stop.pull();
    running.await.unwrap();
    assert!(
        at_receiver.try_recv().is_err(),
        "an alert went out unsigned"
    );

    let signer = Signer::new(&signing(), surroundings);
    let client = Client::signed(&AlertmanagerConfig::default().http, Arc::new(signer));
    let url = format!("http://{receiver}/api");
    let request = Request::get(Url::parse(&url).unwrap());
    let error = client.send(request).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Get \"{url}\": error retrieving credentials: could not assume the role \
             arn:aws:iam::1:role/alerts: Post \"http://{roles}/\": api error AccessDenied: OWN may not"
        )
    );
}
