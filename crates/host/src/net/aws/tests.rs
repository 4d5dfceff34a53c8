//! Where credentials and region come from.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use config::Secret;
use hyper::header::AUTHORIZATION;

use super::*;
use crate::Fs as _;
use crate::clock::SimulatedClock;
use crate::fs::SimulatedFs;
use crate::net::client::tests::{Server, page};

const FILES: [(&str, &str); 3] = [
    ("/home/token", "a token\n"),
    (
        "/home/.aws/credentials",
        "[default]\naws_access_key_id=OF_FILE\naws_secret_access_key=s\n\
         [p]\naws_access_key_id=OF_P\naws_secret_access_key=s\naws_session_token=of-p\n",
    ),
    ("/home/.aws/config", "[profile p]\nregion = of-p\n"),
];

/// A signer under a configuration, with variables. There is no machine that knows more.
fn signer(config: &SigV4Config, variables: &[(&str, &str)]) -> Signer {
    let fs = SimulatedFs::default();
    fs.create_dir_all(Path::new("/home/.aws")).unwrap();
    for (path, text) in FILES {
        fs.write(Path::new(path), text.as_bytes()).unwrap();
    }
    let disabled = [("AWS_EC2_METADATA_DISABLED", "true")];
    let environment: HashMap<String, String> = disabled
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let clock = Arc::new(SimulatedClock::at(1_440_938_160_000));
    let surroundings = Surroundings::new(Arc::new(fs), clock, move |name| {
        environment.get(name).cloned()
    });
    Signer::new(config, surroundings)
}

/// Compares whose credentials sign, and for what; or why nobody can.
async fn check(config: SigV4Config, variables: &[(&str, &str)], want: &str) {
    let request = Request::get(Url::parse("http://am:9093/").unwrap());
    let got = match signer(&config, variables).sign(&request).await {
        Err(error) => error,
        Ok(headers) => {
            let text = headers[AUTHORIZATION].to_str().unwrap();
            let (_, text) = text.split_once("Credential=").unwrap();
            let (credential, _) = text.split_once("/aws4_request").unwrap();
            let token = headers.get("x-amz-security-token");
            let token = token.map_or("", |token| token.to_str().unwrap());
            format!("{credential} {token}").trim_end().to_owned()
        }
    };
    assert_eq!(got, want, "{config:?} {variables:?}");
}

#[tokio::test]
async fn credentials_come_from_the_first_that_has_them() {
    let stated = SigV4Config {
        region: "r".to_owned(),
        access_key: "STATED".to_owned(),
        secret_key: Secret::new("s"),
        ..SigV4Config::default()
    };
    let home = ("HOME", "/home");
    let region = ("AWS_REGION", "of-env");
    let key = ("AWS_ACCESS_KEY_ID", "OF_ENV");
    let secret = ("AWS_SECRET_ACCESS_KEY", "s");
    let with_profile = |profile: &str| SigV4Config {
        profile: profile.to_owned(),
        ..SigV4Config::default()
    };
    let plain = SigV4Config::default;
    check(
        stated.clone(),
        &[home, key, secret],
        "STATED/20150830/r/aps",
    )
    .await;
    let of_service = SigV4Config {
        service_name: "es".to_owned(),
        ..stated
    };
    check(of_service, &[], "STATED/20150830/r/es").await;
    check(
        plain(),
        &[home, region, key, secret],
        "OF_ENV/20150830/of-env/aps",
    )
    .await;
    check(
        plain(),
        &[region, key, secret, ("AWS_SESSION_TOKEN", "t")],
        "OF_ENV/20150830/of-env/aps t",
    )
    .await;
    check(plain(), &[home, region], "OF_FILE/20150830/of-env/aps").await;
    let profile = ("AWS_PROFILE", "p");
    check(plain(), &[home, profile], "OF_P/20150830/of-p/aps of-p").await;
    check(
        with_profile("p"),
        &[home, key, secret],
        "OF_P/20150830/of-p/aps of-p",
    )
    .await;
    check(
        with_profile("q"),
        &[home, region, key, secret],
        "error retrieving credentials: failed to get shared config profile, q",
    )
    .await;
    check(
        plain(),
        &[region, key],
        "error retrieving credentials: no credentials in configuration, environment and profile \
         files, and none of the machine: AWS_EC2_METADATA_DISABLED is set",
    )
    .await;
    check(
        plain(),
        &[home],
        "no region in configuration, environment and profile files, and none of the machine: \
         AWS_EC2_METADATA_DISABLED is set",
    )
    .await;
}

#[tokio::test]
async fn whoever_runs_the_container_gives_credentials() {
    let server = Server::start(|asked| {
        let is_of_container = asked.starts_with("GET /own ");
        match asked.to_lowercase().contains("\r\nauthorization: a token") {
            true if is_of_container => page(
                r#"{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2100-01-01T00:00:00Z"}"#,
            ),
            _ if asked.contains("\r\n\r\nAction=AssumeRoleWithWebIdentity&") => page(
                "<A><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId>\
                 <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                 <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>\
                 </AssumeRoleWithWebIdentityResult></A>",
            ),
            _ => page("{}"),
        }
    })
    .await;
    let base = format!("http://{}", server.address);
    let own = format!("{base}/own");
    let region = ("AWS_REGION", "r");
    let full = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", own.as_str());
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a token");
    let token_file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/home/token");
    let plain = SigV4Config::default;
    check(plain(), &[region, full, token], "C/20150830/r/aps t").await;
    check(plain(), &[region, full, token_file], "C/20150830/r/aps t").await;
    check(
        plain(),
        &[region, full],
        "error retrieving credentials: credentials without AccessKeyId",
    )
    .await;
    let far = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.org/");
    check(
        plain(),
        &[region, far, token],
        "error retrieving credentials: invalid endpoint host, \"example.org\", only loopback hosts are allowed",
    )
    .await;

    let identity = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/home/token");
    let role = ("AWS_ROLE_ARN", "arn:r");
    let roles = ("AWS_ENDPOINT_URL_STS", base.as_str());
    check(
        plain(),
        &[
            region,
            roles,
            identity,
            role,
            full,
            token,
            ("HOME", "/home"),
        ],
        "W/20150830/r/aps t",
    )
    .await;
    check(
        plain(),
        &[region, roles, identity],
        "error retrieving credentials: role ARN is not set",
    )
    .await;
    let asked = server.asked().pop().unwrap();
    assert!(
        asked.contains("&RoleArn=arn%3Ar&RoleSessionName=narthex-"),
        "{asked}"
    );
    assert!(asked.ends_with("&WebIdentityToken=a+token"), "{asked}");
    assert!(
        !asked.to_lowercase().contains("\r\nauthorization: "),
        "{asked}"
    );
}

#[tokio::test]
async fn no_credentials_means_no_request() {
    let signer = signer(&SigV4Config::default(), &[("AWS_REGION", "r")]);
    let client = Client::signed(&HttpClientConfig::default(), Arc::new(signer));
    let request = Request {
        timeout: Duration::from_secs(30),
        ..Request::get(Url::parse("http://127.0.0.1:1/x").unwrap())
    };
    let error = client.send(request).await.unwrap_err().to_string();
    let want = "Get \"http://127.0.0.1:1/x\": error retrieving credentials: no credentials";
    assert!(error.starts_with(want), "{error}");
}

#[test]
fn urls_are_cleaned() {
    let cases = [
        ("http://h:1//a/./b/", "http://h:1/a/b"),
        ("http://h", "http://h/"),
        ("http://h/a/../b?c=/../", "http://h/b?c=/../"),
        ("http://u:p@h/a", "http://u:p@h/a"),
    ];
    for (url, want) in cases {
        assert_eq!(cleaned(&Url::parse(url).unwrap()).unwrap().expose(), want);
    }
}
