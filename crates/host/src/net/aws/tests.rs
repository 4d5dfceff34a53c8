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

const FILES: [(&str, &str); 2] = [
    (
        "/home/.aws/credentials",
        "[default]\naws_access_key_id=OF_FILE\naws_secret_access_key=s\n\
         [p]\naws_access_key_id=OF_P\naws_secret_access_key=s\naws_session_token=of-p\n",
    ),
    ("/home/.aws/config", "[profile p]\nregion = of-p\n"),
];

/// A signer under a configuration, with variables. There is no machine that knows more.
fn signer(config: &SigV4Config, variables: &[(&'static str, &'static str)]) -> Signer {
    let fs = SimulatedFs::default();
    fs.create_dir_all(Path::new("/home/.aws")).unwrap();
    for (path, text) in FILES {
        fs.write(Path::new(path), text.as_bytes()).unwrap();
    }
    let mut environment = HashMap::from([("AWS_EC2_METADATA_DISABLED", "true")]);
    environment.extend(variables.iter().copied());
    let clock = Arc::new(SimulatedClock::at(1_440_938_160_000));
    let surroundings = Surroundings::new(Arc::new(fs), clock, move |name| {
        environment.get(name).map(|value| (*value).to_owned())
    });
    Signer::new(config, surroundings)
}

/// Compares whose credentials sign, and for what; or why nobody can.
async fn check(config: SigV4Config, variables: &[(&'static str, &'static str)], want: &str) {
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
