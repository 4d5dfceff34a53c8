//! Asking one server every row, and what that cost it.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::http::connection::Connection;
use crate::query::rows::Row;
use crate::random::Random;
use crate::server::{Kind, Server};

/// Clients of the mixed load.
const CLIENTS: usize = 8;

/// Requests of a row, at least.
const LEAST_REQUESTS: usize = 5;

/// What was measured of one server.
pub(super) struct Measured {
    pub(super) kind: Kind,
    pub(super) version: String,
    pub(super) rows: Vec<Cost>,
    /// Requests per second of the mixed load, if there was one.
    pub(super) mixed: Option<f64>,
    /// Bytes of memory after loading, before anything was asked.
    pub(super) resident_bytes: f64,
    /// The most that one row added to it while it was asked, and which.
    pub(super) heaviest: (f64, String),
}

/// What one request of a row cost, on average.
pub(super) struct Cost {
    pub(super) name: String,
    pub(super) bar: f64,
    pub(super) cpu_milliseconds: f64,
    pub(super) wall_milliseconds: f64,
    pub(super) requests: usize,
    pub(super) bytes: usize,
}

/// Measures a server that has just been started, and ends it.
pub(super) fn measure(
    mut server: Server,
    version: String,
    rows: &[Row],
    least: Duration,
    mixed: Duration,
) -> Result<Measured> {
    // What a start leaves to do in the background is not the queries' cost.
    server.wait_until_idle()?;
    let resident_bytes = server.process.usage()?.resident_bytes;
    let mut measured = Measured {
        kind: server.kind,
        version,
        rows: Vec::new(),
        mixed: None,
        resident_bytes,
        heaviest: (0.0, String::new()),
    };
    let mut connection = Connection::new(server.address);
    for row in rows {
        let before = server.process.usage()?.resident_bytes;
        forget_peak(&server);
        let cost = ask(&server, &mut connection, row, least)?;
        let name = measured.kind.name();
        eprintln!("{name}: {}: {:.2} CPU ms", row.name, cost.cpu_milliseconds);
        let added = server.process.usage()?.peak_resident_bytes - before;
        if added > measured.heaviest.0 {
            measured.heaviest = (added, row.name.clone());
        }
        measured.rows.push(cost);
    }
    if rows.iter().any(|row| row.share > 0) {
        measured.mixed = Some(ask_mixed(&server, rows, mixed)?);
    }
    server.check_alive()?;
    Ok(measured)
}

/// Lets the kernel count the most resident memory anew.
fn forget_peak(server: &Server) {
    let path = format!("/proc/{}/clear_refs", server.process.pid());
    if let Err(error) = fs::write(path, "5") {
        eprintln!("the peak of resident memory stays that of all rows before: {error}");
    }
}

fn ask(server: &Server, connection: &mut Connection, row: &Row, least: Duration) -> Result<Cost> {
    // Once before: what a server remembers from then on, it remembers in use, too.
    let bytes = fetch(connection, row)?;
    let (cpu, begin) = (server.process.usage()?.cpu_seconds, Instant::now());
    let mut requests = 0;
    while requests < LEAST_REQUESTS || begin.elapsed() < least {
        fetch(connection, row)?;
        requests += 1;
    }
    let wall = begin.elapsed().as_secs_f64();
    let cpu = server.process.usage()?.cpu_seconds - cpu;
    let each = |seconds: f64| seconds * 1_000.0 / requests as f64;
    Ok(Cost {
        name: row.name.clone(),
        bar: row.bar,
        cpu_milliseconds: each(cpu),
        wall_milliseconds: each(wall),
        requests,
        bytes,
    })
}

fn fetch(connection: &mut Connection, row: &Row) -> Result<usize> {
    let answer = connection
        .get(&row.target)
        .with_context(|| row.name.clone())?;
    if answer.status != 200 {
        let said: String = String::from_utf8_lossy(&answer.body)
            .chars()
            .take(300)
            .collect();
        bail!("{} was answered {}: {said}", row.name, answer.status);
    }
    Ok(answer.body.len())
}

/// Requests per second of clients that each draw the next row by its share.
fn ask_mixed(server: &Server, rows: &[Row], duration: Duration) -> Result<f64> {
    let deck: Vec<&Row> = rows
        .iter()
        .flat_map(|row| std::iter::repeat_n(row, row.share))
        .collect();
    let (begin, answered) = (Instant::now(), AtomicUsize::new(0));
    let client = |number: u64| -> Result<()> {
        let mut connection = Connection::new(server.address);
        let mut random = Random::new(number);
        while begin.elapsed() < duration {
            fetch(&mut connection, deck[random.below(deck.len())])?;
            answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS as u64)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        for client in clients {
            match client.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a client panicked"),
            }
        }
        Ok(())
    })?;
    Ok(answered.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
}
