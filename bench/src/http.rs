//! One HTTP GET to a server on this machine, and reading its metrics page; [`connection`] for more.

pub(crate) mod connection;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A server that has not answered by then is in trouble.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fetches `path`; HTTP/1.0, so that the body simply ends with the connection.
///
/// # Errors
/// No connection, no answer in time, or a status other than 200.
pub(crate) fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).context("the answer is not UTF-8")?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        bail!("{address}{path} answered {status}");
    }
    Ok(body.to_owned())
}

/// Sum of all series of the metric `name` on a page in the text format.
pub(crate) fn sum(page: &str, name: &str) -> Option<f64> {
    let values = page.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labels) => labels.rsplit_once("} ")?.1,
            None => rest.strip_prefix(' ')?,
        };
        value.trim().parse::<f64>().ok()
    });
    values.reduce(|left, right| left + right)
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_metric_is_summed_over_its_series() {
        let page = "# TYPE a_total counter\na_total{type=\"float\"} 3\na_total{type=\"histogram\"} 4\n\
                    a_total_more 9\nb 1.5e+01\n";
        assert_eq!(sum(page, "a_total"), Some(7.0));
        assert_eq!(sum(page, "b"), Some(15.0));
        assert_eq!(sum(page, "c"), None);
    }
}
