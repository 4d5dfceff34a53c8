//! What servers may answer, and how it is taken.

use std::time::Duration;

use hyper::header::HOST;
use tokio::net::{TcpListener, UnixStream};

use super::*;

/// What a server answers, whether it closes then; what comes of it, whether another request may follow.
type Case<'a> = (&'a [&'a str], bool, Result<(u16, String), String>, bool);

/// Sends one request to a server that answers with these pieces and then, if `closes`, ends the
/// connection. Gives status and body, or what is told; and whether another request may follow.
fn ask(pieces: &[&str], closes: bool, limit: usize) -> (Result<(u16, String), String>, bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut connection = Http1::new(Stream::Unix(ours));
        let serve = async {
            let mut request = [0; 1024];
            let length = theirs.read(&mut request).await.unwrap();
            assert_eq!(
                &request[..length],
                b"GET /m?a=b HTTP/1.1\r\nhost: web\r\n\r\n"
            );
            for piece in pieces {
                theirs.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            (!closes).then_some(theirs)
        };
        let asking = async {
            let request = Request::get("/m?a=b").header(HOST, "web");
            let mut buffer = b"left over".to_vec();
            let request = request.body(Bytes::new()).unwrap();
            let response = connection.send(&request, &mut buffer).await;
            let response = response.map_err(|error| error.to_string())?;
            let read = connection.read_body(&mut buffer, limit).await;
            read.map_err(|error| error.to_string())?;
            let body = String::from_utf8(buffer).unwrap();
            Ok((response.status().as_u16(), body))
        };
        let (_theirs, outcome) = tokio::join!(serve, asking);
        // Gives the event loop a chance to hear that the other end has closed.
        tokio::time::sleep(Duration::from_millis(1)).await;
        (outcome, connection.is_open())
    })
}

fn body(text: &str) -> Result<(u16, String), String> {
    Ok((200, text.to_owned()))
}

#[test]
fn bodies_end_where_the_head_says() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let cases: &[Case<'_>] = &[
        (
            &[ok, "Content-Length: 5\r\n", "\r\nab", "cde"],
            false,
            body("abcde"),
            true,
        ),
        (&[ok, "Content-Length: 0\r\n\r\n"], false, body(""), true),
        (
            &["HTTP/1.1 200 OK\nContent-Length: 1\n\na"],
            false,
            body("a"),
            true,
        ),
        (
            &["HTTP/1.1 204 No Content\r\n\r\n"],
            false,
            Ok((204, String::new())),
            true,
        ),
        (
            &["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"],
            false,
            body("a"),
            true,
        ),
        // More than was announced is not taken for the next response.
        (
            &[ok, "Content-Length: 2\r\n\r\nabcde"],
            false,
            body("ab"),
            false,
        ),
        (
            &[ok, "Content-Length: 2\r\nConnection: close\r\n\r\nab"],
            false,
            body("ab"),
            false,
        ),
        (
            &["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"],
            false,
            body("ab"),
            false,
        ),
        (
            &["HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nab"],
            false,
            body("ab"),
            true,
        ),
        (&[ok, "\r\nab", "c"], true, body("abc"), false),
        (
            &[ok, "Content-Length: 3\r\n\r\nabc"],
            true,
            body("abc"),
            false,
        ),
        (
            &[
                ok,
                "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "2;x=y\r\nd",
                "e\r\n0\r",
                "\n\r\n",
            ],
            false,
            body("abcde"),
            true,
        ),
        (
            &[
                ok,
                "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\nTrailer: x\n\n",
            ],
            false,
            body("abc"),
            true,
        ),
        (
            &[
                ok,
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nmore",
            ],
            false,
            body("a"),
            false,
        ),
    ];
    for (pieces, closes, expected, persists) in cases {
        let (outcome, is_open) = ask(pieces, *closes, 100);
        assert_eq!((&outcome, is_open), (expected, *persists), "{pieces:?}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let malformed = "net/http: HTTP/1.x transport connection broken: malformed HTTP response ";
    let long = format!(
        "HTTP/1.1 200 OK\r\nX: {}",
        "x".repeat(MAX_HEAD_BYTES + 20_000)
    );
    let endless = format!(
        "{ok}Transfer-Encoding: chunked\r\n\r\n{}",
        "0".repeat(70_000)
    );
    let cases: &[(&[&str], &str)] = &[
        (&[], "EOF"),
        (&[ok], "unexpected EOF"),
        (&[ok, "Content-Length: 5\r\n\r\nab"], "unexpected EOF"),
        (
            &[ok, "Transfer-Encoding: chunked\r\n\r\n5\r\nab"],
            "unexpected EOF",
        ),
        (
            &[ok, "Transfer-Encoding: chunked\r\n\r\nzz\r\nab"],
            "http: invalid byte in chunk length",
        ),
        (
            &[
                ok,
                "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab",
            ],
            "http: invalid byte in chunk length",
        ),
        (
            &[ok, "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
            "http: malformed chunked encoding",
        ),
        (&[&endless], "http: chunk header line too long"),
        (
            &[ok, "Content-Length: 101\r\n\r\n"],
            "the body has more bytes than wanted",
        ),
        (
            &[ok, "Content-Length: 99999999999999999999\r\n\r\n"],
            malformed,
        ),
        (
            &[ok, "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"],
            malformed,
        ),
        (
            &["SSH-2.0-OpenSSH\r\nmore"],
            "net/http: HTTP/1.x transport connection broken: malformed HTTP response \"SSH-2.0-OpenSSH\"",
        ),
        (&["HTTP/1.1 many\r\n\r\n"], malformed),
        (
            &[&long],
            "net/http: server response headers exceeded the limit; aborted",
        ),
    ];
    for (pieces, expected) in cases {
        let (outcome, is_open) = ask(pieces, true, 100);
        let told = outcome.unwrap_err();
        let is_told = match *expected == malformed {
            true => told.starts_with(malformed),
            false => told == *expected,
        };
        assert!(is_told, "{told:?}, wanted {expected:?}");
        assert!(!is_open, "{expected}");
    }
    // Endless bodies are left as soon as they are too long.
    let page = "x".repeat(500);
    let chunked = format!("{ok}Transfer-Encoding: chunked\r\n\r\n1f4\r\n{page}\r\n");
    let to_the_end = format!("{ok}\r\n{page}");
    for endless in [chunked, to_the_end] {
        let (outcome, is_open) = ask(&[&endless], false, 100);
        assert_eq!(
            outcome,
            Err("the body has more bytes than wanted".to_owned())
        );
        assert!(!is_open);
    }
}

/// Over TCP, where the kernel is told for how many bytes to wake us.
#[tokio::test]
async fn the_last_piece_of_a_body_may_come_late() {
    for (first, last) in [
        (60_000, 10_000),
        (20_000, 40_000),
        (60_000, 1),
        (60_000, 900_000),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ours = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (ours, theirs) = tokio::join!(ours, listener.accept());
        let (mut theirs, _) = theirs.unwrap();
        let mut connection = Http1::new(Stream::Tcp(ours.unwrap()));
        let serve = async {
            for _ in 0..2 {
                assert!(theirs.read(&mut [0; 1024]).await.unwrap() > 0);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                    first + last
                );
                let begin = [head.as_bytes(), &vec![b'a'; first]].concat();
                theirs.write_all(&begin).await.unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
                theirs.write_all(&vec![b'b'; last]).await.unwrap();
            }
        };
        let asking = async {
            for _ in 0..2 {
                let mut buffer = Vec::new();
                let request = Request::get("/").body(Bytes::new()).unwrap();
                connection.send(&request, &mut buffer).await.unwrap();
                connection.read_body(&mut buffer, 1 << 20).await.unwrap();
                assert!(buffer == [vec![b'a'; first], vec![b'b'; last]].concat());
            }
        };
        let both = async { tokio::join!(serve, asking) };
        let ended = tokio::time::timeout(Duration::from_secs(20), both).await;
        assert!(
            ended.is_ok(),
            "{first} and {last} bytes: waits for more than comes"
        );
    }
}
