//! Queries that run: they are listed, they end when somebody ends them or goes away, and what ran
//! at a crash is told by the next process.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{self, request};
use crate::program::{Program, encoded, free_address, instant};

/// Ten days of seconds at each of 11,000 steps: a minute at least.
const LONG: &str = "stddev_over_time(vector(1)[10d:1s])";

#[test]
fn running_queries_are_seen_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, "global: {}\n").unwrap();
    let arguments = [
        "server".to_owned(),
        format!("--config.file={}", config.display()),
        format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ),
        format!("--web.listen-address={address}"),
        "--query.max-concurrency=3".to_owned(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut server = Program::ready(&address, &arguments);

    who_goes_away_ends_a_query(&mut server);
    somebody_ends_a_query(&mut server);
    short_queries_pass_long_ones(&mut server);

    let _running = ask(&address, LONG);
    running(&mut server, 1);
    server.kill();
    let mut again = Program::ready(&address, &arguments);
    assert!(listed(&address).is_empty());
    let words = again.last_words();
    assert!(
        words.contains("did not finish in the last run") && words.contains("10d:1s"),
        "{words}"
    );
}

fn who_goes_away_ends_a_query(server: &mut Program) {
    let connection = ask(&server.address, LONG);
    let query = running(server, 1).remove(0);
    assert_eq!(query["query"], LONG);
    assert_eq!(query["client"], "127.0.0.1");
    drop(connection);
    let gone = Instant::now();
    running(server, 0);
    assert!(gone.elapsed() < PROMPT, "took {:?}", gone.elapsed());
}

fn somebody_ends_a_query(server: &mut Program) {
    let mut connection = ask(&server.address, LONG);
    let query = running(server, 1).remove(0);
    let path = format!("/api/v1/status/queries/{}", query["id"]);
    let ended = request(&server.address, "DELETE", &path, &[], "").unwrap();
    assert_eq!(ended.status, 200, "{}", ended.text());
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"errorType\":\"canceled\""), "{answer}");
    assert!(
        answer.contains("ended by 127.0.0.1 over the API"),
        "{answer}"
    );
    running(server, 0);
    let again = request(&server.address, "DELETE", &path, &[], "").unwrap();
    assert_eq!(again.status, 404);
}

fn short_queries_pass_long_ones(server: &mut Program) {
    let long = [ask(&server.address, LONG), ask(&server.address, LONG)];
    running(server, 2);
    let begun = Instant::now();
    assert_eq!(instant(&server.address, "vector(1)").len(), 1);
    assert!(begun.elapsed() < PROMPT, "took {:?}", begun.elapsed());
    // One more takes the last place; a short one then waits as long as it says.
    let third = ask(&server.address, LONG);
    running(server, 3);
    let waited = client::get(&server.address, "/api/v1/query?query=1&timeout=200ms");
    assert_eq!(waited.status, 503);
    assert!(
        waited.text().contains("query timed out in query queue"),
        "{}",
        waited.text()
    );
    drop((long, third));
    running(server, 0);
}

/// Asks over a range and does not wait for the answer.
fn ask(address: &str, query: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let path = format!(
        "/api/v1/query_range?query={}&start=1700000000&end=1700010999&step=1",
        encoded(query)
    );
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// Waits until this many queries run, and returns them.
fn running(server: &mut Program, count: usize) -> Vec<Value> {
    let address = server.address.clone();
    server.wait(Duration::from_secs(10), "running queries", || {
        let queries = listed(&address);
        let all_run = queries.iter().all(|query| query["state"] == "running");
        (queries.len() == count && all_run).then_some(queries)
    })
}

fn listed(address: &str) -> Vec<Value> {
    let answer = client::get(address, "/api/v1/status/queries").json();
    answer["data"]["queries"].as_array().unwrap().clone()
}

/// The promise is 200 ms; the test shares its machine and looks every 100 ms.
const PROMPT: Duration = Duration::from_millis(700);
