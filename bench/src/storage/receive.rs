//! Remote write: the same requests to one server after the other, and the blocks that they cut.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::http::connection::Connection;
use crate::remote_write;
use crate::server::{Kind, Server};
use crate::storage::Options;
use crate::storage::past::{BLOCK_STEPS, Past, Pattern, Request, STEP};
use crate::storage::table::{Bar, Table};

/// Connections that send at the same time.
const CONNECTIONS: usize = 4;

/// Samples of a series before the head spans more than a block and a half: no block is cut yet.
const MEASURED_STEPS: u64 = 700;

/// Samples of a series when a block must be cut.
const ALL_STEPS: u64 = 760;

/// A server that has not cut its block by then does not.
const PATIENCE: Duration = Duration::from_secs(240);

/// What one server did with one pattern.
struct Received {
    kind: Kind,
    per_cpu_second: f64,
    per_second: f64,
    block_bytes_per_sample: f64,
}

/// Measures the rows.
pub(super) fn measure(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    table: &mut Table,
) -> Result<()> {
    let patterns = [
        (Pattern::Busy, "every value changing", 4.0),
        (Pattern::Quiet, "60 % of the series idle", 2.0),
    ];
    for (pattern, name, bar) in patterns {
        let past = Past::new(options.past_thousands, pattern, block_start()?);
        eprintln!("encoding requests: {name}");
        let measured = past.requests(0..MEASURED_STEPS, CONNECTIONS)?;
        let rest = past.requests(MEASURED_STEPS..ALL_STEPS, CONNECTIONS)?;
        let mut received = Vec::new();
        for &kind in servers {
            let own = folder.join(kind.name());
            received.push(receive(options, kind, &own, past.len(), &measured, &rest)?);
            fs::remove_dir_all(&own)?;
        }
        let of = |kind, value: &dyn Fn(&Received) -> f64| {
            let one = received.iter().find(|one| one.kind == kind);
            one.map_or(f64::NAN, value)
        };
        if pattern == Pattern::Busy {
            table.add(
                "remote write: thousand samples per CPU second",
                Bar::AtLeast(400.0),
                |kind| of(kind, &|one| one.per_cpu_second / 1_000.0),
            );
            table.add(
                "remote write: thousand samples per second",
                Bar::None,
                |kind| of(kind, &|one| one.per_second / 1_000.0),
            );
        }
        table.add(
            &format!("block bytes per sample, {name}"),
            Bar::AtMost(bar),
            |kind| of(kind, &|one| one.block_bytes_per_sample),
        );
    }
    Ok(())
}

/// The beginning of a block some hours ago, from which on all samples are in the past.
pub(super) fn block_start() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let block = BLOCK_STEPS * STEP;
    Ok((now / block - 3) * block)
}

fn receive(
    options: &Options,
    kind: Kind,
    folder: &Path,
    series: usize,
    measured: &[Vec<Request>],
    rest: &[Vec<Request>],
) -> Result<Received> {
    let flags: &[&str] = match kind {
        Kind::Narthex | Kind::Prometheus => &["--web.enable-remote-write-receiver"],
        Kind::VictoriaMetrics => &[],
    };
    let configuration = "global:\n  scrape_interval: 15s\n";
    let mut server = Server::start(kind, options.program(kind), folder, configuration, flags)?;
    let (before, begin) = (server.process.usage()?.cpu_seconds, Instant::now());
    send(&server, measured)?;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = server.process.usage()?.cpu_seconds - before;
    let samples = series as f64 * MEASURED_STEPS as f64;
    eprintln!("{}: {samples} samples, {cpu:.2} CPU s", kind.name());
    send(&server, rest)?;
    let block_bytes_per_sample = match kind {
        Kind::VictoriaMetrics => {
            merge(&mut server)?;
            let folders = ["data", "indexdb"].map(|name| folder.join("data").join(name));
            let bytes = folder_bytes(&folders[0])? + folder_bytes(&folders[1])?;
            bytes as f64 / (series as f64 * ALL_STEPS as f64)
        }
        Kind::Narthex | Kind::Prometheus => {
            let samples = series as u64 * BLOCK_STEPS;
            let bytes = wait_for_block(&mut server, &folder.join("data"), samples)?;
            bytes as f64 / samples as f64
        }
    };
    Ok(Received {
        kind,
        per_cpu_second: samples / cpu,
        per_second: samples / seconds,
        block_bytes_per_sample,
    })
}

/// Sends the rounds one after the other, each over all connections at once.
fn send(server: &Server, rounds: &[Vec<Request>]) -> Result<()> {
    let mut connections: Vec<Connection> = (0..CONNECTIONS)
        .map(|_| Connection::new(server.address))
        .collect();
    for round in rounds {
        thread::scope(|scope| {
            let mut senders = Vec::new();
            for (number, connection) in connections.iter_mut().enumerate() {
                let mine = round.iter().filter(move |one| one.connection == number);
                senders.push(scope.spawn(move || -> Result<()> {
                    for request in mine {
                        remote_write::send(connection, &request.body)?;
                    }
                    Ok(())
                }));
            }
            for sender in senders {
                match sender.join() {
                    Ok(outcome) => outcome?,
                    Err(_) => bail!("a sender panicked"),
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn merge(server: &mut Server) -> Result<()> {
    let mut connection = Connection::new(server.address);
    for path in ["/internal/force_flush", "/internal/force_merge"] {
        let answer = connection.get(path)?;
        anyhow::ensure!(
            answer.status == 200,
            "{path} was answered {}",
            answer.status
        );
    }
    server.wait_until_idle()
}

/// Waits for a block with that many samples and gives its bytes.
fn wait_for_block(server: &mut Server, folder: &Path, samples: u64) -> Result<u64> {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        for entry in fs::read_dir(folder)? {
            let block = entry?.path();
            if block_samples(&block) == Some(samples) {
                return folder_bytes(&block);
            }
        }
        server.check_alive()?;
        thread::sleep(Duration::from_millis(500));
    }
    bail!(
        "{} has not cut a block of {samples} samples",
        server.kind.name()
    )
}

/// Samples of the block in `folder`, if it is a finished one.
pub(super) fn block_samples(folder: &Path) -> Option<u64> {
    if folder.extension().is_some() {
        return None;
    }
    let meta = fs::read(folder.join("meta.json")).ok()?;
    let meta: serde_json::Value = serde_json::from_slice(&meta).ok()?;
    meta.pointer("/stats/numSamples")?.as_u64()
}

/// Bytes of all files in a folder and below.
fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    let list = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    for entry in list {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(bytes)
}
