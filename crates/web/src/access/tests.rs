//! Who passes.

use config::web::RateLimit;
use host::clock::SimulatedClock;
use host::fs::SimulatedFs;

use super::*;

const FILE: &str = "/web.yml";

async fn ask(access: &Access, credentials: Option<&str>) -> (Option<StatusCode>, HeaderMap) {
    let mut headers = HeaderMap::new();
    if let Some(pair) = credentials {
        let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
    }
    let admission = access.admit(&headers).await;
    (
        admission.refusal.map(|refusal| refusal.status()),
        admission.headers,
    )
}

#[tokio::test]
async fn only_known_users_pass() {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let fs = Arc::new(SimulatedFs::default());
    let write = |text: &str| fs.write(Path::new(FILE), text.as_bytes()).unwrap();
    write(&format!(
        "basic_auth_users: {{alice: '{hash}'}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}"
    ));
    let clock: Arc<dyn Clock> = Arc::new(SimulatedClock::at(0));
    let store: Arc<dyn Fs> = Arc::clone(&fs) as Arc<dyn Fs>;
    let access = Access::from_file(Path::new(FILE), store, clock).unwrap();
    let refused = Some(StatusCode::UNAUTHORIZED);
    let cases = [
        (Some("alice:secret"), None),
        (Some("alice:secret"), None),
        (Some("alice:wrong"), refused),
        (Some("bob:secret"), refused),
        (Some("alice:"), refused),
        (None, refused),
    ];
    for (credentials, want) in cases {
        let (status, headers) = ask(&access, credentials).await;
        assert_eq!(status, want, "{credentials:?}");
        assert_eq!(headers["X-Frame-Options"], "deny");
    }
    // A broken file changes nothing, nor does one that is about to be written; a good one does.
    for text in ["basic_auth_users: nonsense and more of it", ""] {
        write(text);
        assert_eq!(ask(&access, None).await.0, refused);
    }
    write("{}");
    assert_eq!(ask(&access, None).await.0, None);
}

#[test]
fn requests_beyond_the_rate_wait() {
    let limit = RateLimit {
        burst: 2,
        interval: std::time::Duration::from_secs(1),
    };
    let mut rate = Rate::default();
    let cases = [
        (0, true),
        (0, true),
        (0, false),
        (500, false),
        (1000, true),
        (1000, false),
        (9000, true),
        (9000, true),
        (9000, false),
    ];
    for (millis, want) in cases {
        let now = std::time::Duration::from_millis(millis);
        assert_eq!(rate.allows(limit, now), want, "{millis}");
    }
}
