//! The load: N targets of M series each, served over HTTP on one loopback port.
//!
//! Target `n` is `/t/<n>`; `/` says how many samples were served and what that cost. Lines are
//! rendered once, without their values; a scrape copies them and writes the values of that second
//! between, so that the generator stays cheap beside what it measures.

mod series;
mod target;

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::process;
pub(crate) use series::{Series, mix};
pub(crate) use target::Target;

/// Stack of the thread behind one connection: it only renders into a buffer on the heap.
const STACK_BYTES: usize = 128 * 1024;

/// Longest request head that is read; scrapers send about 300 bytes.
const MAX_REQUEST_BYTES: u64 = 16 * 1024;

/// Shape of the fleet.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// Number of targets.
    #[arg(long, default_value_t = 100)]
    pub(crate) targets: usize,
    /// Series of each target.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) series: usize,
    /// Loopback port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// A file of series, `name{label="value"}` on a line each: all targets together have of each of
    /// them as many as of the others, told apart by further labels.
    #[arg(long)]
    pub(crate) templates: Option<PathBuf>,
}

/// The running fleet, shared by its connections.
struct Fleet {
    targets: Vec<Target>,
    begin: Instant,
    samples_served: AtomicU64,
}

/// Serves until the process is ended. The first line of output is the address.
///
/// # Errors
/// The port is taken.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = TcpListener::bind(address).with_context(|| format!("listening on {address}"))?;
    let templates = match &options.templates {
        Some(path) => {
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?
        }
        None => String::new(),
    };
    let templates: Vec<&str> = templates.lines().collect();
    let target = |number| match templates.is_empty() {
        true => Target::new(number, options.series),
        false => Target::of_templates(number, options.series, &templates),
    };
    let fleet = Arc::new(Fleet {
        targets: (0..options.targets).map(target).collect(),
        begin: Instant::now(),
        samples_served: AtomicU64::new(0),
    });
    println!("{}", listener.local_addr()?);
    loop {
        // A connection that breaks is the scraper's business.
        let (stream, _) = listener.accept()?;
        let fleet = Arc::clone(&fleet);
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || drop(fleet.converse(stream)))
            .context("starting a thread for a connection")?;
    }
}

impl Fleet {
    /// Answers the requests of one connection until it closes.
    fn converse(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        let mut page = Vec::new();
        while let Some(request) = read_request(&mut reader)? {
            match request.path.strip_prefix("/t/") {
                Some(number) => self.answer_target(number, &mut page),
                None if request.path == "/" => {
                    target::answer(&mut page, 200, self.status().as_bytes())
                }
                None => target::answer(&mut page, 404, b"no such page\n"),
            }
            writer.write_all(&page)?;
            if request.last {
                break;
            }
        }
        Ok(())
    }

    fn answer_target(&self, number: &str, page: &mut Vec<u8>) {
        let target = number
            .parse()
            .ok()
            .and_then(|number: usize| self.targets.get(number));
        let Some(target) = target else {
            return target::answer(page, 404, b"no such target\n");
        };
        target.render(self.begin.elapsed().as_secs(), page);
        let samples = target.len() as u64;
        self.samples_served.fetch_add(samples, Ordering::Relaxed);
    }

    fn status(&self) -> String {
        let samples = self.samples_served.load(Ordering::Relaxed);
        let cpu = process::Usage::of_self().map_or(0.0, |usage| usage.cpu_seconds);
        format!("bench_fleet_samples_total {samples}\nprocess_cpu_seconds_total {cpu}\n")
    }
}

/// What a scraper asked for.
struct Request {
    path: String,
    /// The connection ends with the answer: so it does in HTTP/1.0.
    last: bool,
}

/// Reads a request head; nothing when the connection has closed.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut head = reader.take(MAX_REQUEST_BYTES);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let request = Request {
        path: line.split(' ').nth(1).unwrap_or_default().to_owned(),
        last: line.trim_end().ends_with("HTTP/1.0"),
    };
    loop {
        line.clear();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line == "\r\n" {
            return Ok(Some(request));
        }
    }
}
