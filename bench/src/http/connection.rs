//! A kept connection to one server: requests one after the other, answers as bytes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The longest query has two minutes; what takes longer is a hang.
const PATIENCE: Duration = Duration::from_secs(180);

/// A connection that is opened when it is first needed, and again when the server closed it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// Status and body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    /// A connection to `address`, not yet open.
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    /// Fetches `target`: path and parameters.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub(crate) fn get(&mut self, target: &str) -> Result<Answer> {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: peer\r\n\r\n"), b"")
    }

    /// Posts a form.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub(crate) fn post_form(&mut self, path: &str, form: &str) -> Result<Answer> {
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.post(path, head, form.as_bytes())
    }

    /// Posts a body that `headers` describe.
    ///
    /// # Errors
    /// No connection, or no answer in time.
    pub(crate) fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<Answer> {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: peer\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        self.ask(&head, body)
    }

    fn ask(&mut self, head: &str, body: &[u8]) -> Result<Answer> {
        let is_kept = self.stream.is_some();
        match self.try_to_ask(head, body) {
            // A server may close a kept connection whenever it likes.
            Err(_) if is_kept => self.try_to_ask(head, body),
            outcome => outcome,
        }
    }

    fn try_to_ask(&mut self, head: &str, body: &[u8]) -> Result<Answer> {
        // Taken out: after a failure it is of no use.
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => open(self.address)?,
        };
        let request = [head.as_bytes(), body].concat();
        stream.get_mut().write_all(&request)?;
        let (answer, stays) = read_answer(&mut stream)?;
        self.stream = stays.then_some(stream);
        Ok(answer)
    }
}

fn open(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// The answer, and whether the connection stays open after it.
fn read_answer(stream: &mut BufReader<TcpStream>) -> Result<(Answer, bool)> {
    let status_line = read_line(stream)?;
    let status = status_line.split(' ').nth(1);
    let status = status.and_then(|text| text.parse().ok());
    let status = status.with_context(|| format!("no status in `{status_line}`"))?;
    let (mut length, mut is_chunked, mut stays) = (0, false, true);
    loop {
        let line = read_line(stream)?.to_ascii_lowercase();
        match line
            .split_once(':')
            .map(|(name, value)| (name, value.trim()))
        {
            Some(("content-length", value)) => length = value.parse()?,
            Some(("transfer-encoding", "chunked")) => is_chunked = true,
            Some(("connection", "close")) => stays = false,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = Vec::new();
    if is_chunked {
        read_chunks(stream, &mut body)?;
    } else {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    }
    Ok((Answer { status, body }, stays))
}

fn read_chunks(stream: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let length = usize::from_str_radix(&read_line(stream)?, 16)?;
        let filled = body.len();
        body.resize(filled + length, 0);
        stream.read_exact(&mut body[filled..])?;
        read_line(stream)?;
        if length == 0 {
            return Ok(());
        }
    }
}

fn read_line(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line)?;
    anyhow::ensure!(length > 0, "the server closed the connection");
    line.truncate(line.trim_end().len());
    Ok(line)
}

/// Writes `name=value` with the value as a form has it, after an ampersand if needed.
pub(crate) fn push_parameter(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    form.push_str(name);
    form.push('=');
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                form.push(char::from(byte));
            }
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_parameter;

    #[test]
    fn parameters_are_escaped() {
        let mut form = String::new();
        push_parameter(&mut form, "query", "a{b=\"é\"} + 1");
        push_parameter(&mut form, "time", "1.5");
        assert_eq!(form, "query=a%7Bb%3D%22%C3%A9%22%7D%20%2B%201&time=1.5");
    }
}
