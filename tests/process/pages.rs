//! A target: serves pages of metrics.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Serves pages from threads until the test ends, each as `page` says; returns the port.
pub(crate) fn serve(page: impl Fn() -> String + Send + Sync + 'static) -> u16 {
    serve_as("text/plain; version=0.0.4", page)
}

/// The same, under this content type.
pub(crate) fn serve_as(
    content_type: &'static str,
    page: impl Fn() -> String + Send + Sync + 'static,
) -> u16 {
    serve_and_count(content_type, page).0
}

/// The same, and a count of the connections that were made.
pub(crate) fn serve_and_count(
    content_type: &'static str,
    page: impl Fn() -> String + Send + Sync + 'static,
) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let page = Arc::new(page);
    let connections = Arc::<AtomicU64>::default();
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            counted.fetch_add(1, Ordering::Relaxed);
            let page = Arc::clone(&page);
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                while stream.read(&mut request).is_ok_and(|read| read > 0) {
                    let page = page();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\
                         Content-Length: {}\r\n\r\n",
                        page.len()
                    );
                    let sent = stream.write_all(head.as_bytes());
                    if sent
                        .and_then(|()| stream.write_all(page.as_bytes()))
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    (port, connections)
}
