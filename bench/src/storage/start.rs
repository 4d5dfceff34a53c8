//! The start with an empty folder, and what a server costs that has next to nothing to do.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::figures::{MEBIBYTE, median};
use crate::process;
use crate::server::{Kind, Server, free_address};
use crate::storage::Options;
use crate::storage::table::{Bar, Table};

/// Nothing to scrape.
const CONFIGURATION: &str = "global:\n  scrape_interval: 15s\n";

/// Seconds until what a start leaves to do is done, and seconds that are measured.
const SETTLING: u64 = 20;
const IDLE: u64 = 30;

/// Measures the rows.
pub(super) fn measure(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    table: &mut Table,
) -> Result<()> {
    let mut starts = Vec::new();
    for &kind in servers {
        let mut milliseconds = Vec::new();
        for number in 0..options.times.max(1) {
            let own = folder.join(format!("{}-{number}", kind.name()));
            let server = Server::start(kind, options.program(kind), &own, CONFIGURATION, &[])?;
            milliseconds.push(server.ready_after.as_secs_f64() * 1_000.0);
        }
        starts.push((kind, median(milliseconds)));
    }
    let of = |kind, values: &[(Kind, f64)]| {
        let found = values.iter().find(|value| value.0 == kind);
        found.map_or(f64::NAN, |value| value.1)
    };
    table.add(
        "start with an empty folder: ready after ms",
        Bar::AtMost(50.0),
        |kind| of(kind, &starts),
    );
    let (mut resident, mut cpu) = (Vec::new(), Vec::new());
    for &kind in servers {
        let server = start_idle(options, kind, folder)?;
        thread::sleep(Duration::from_secs(SETTLING));
        let before = server.process.usage()?;
        thread::sleep(Duration::from_secs(IDLE));
        let after = server.process.usage()?;
        resident.push((kind, after.resident_bytes / MEBIBYTE));
        let seconds = after.cpu_seconds - before.cpu_seconds;
        cpu.push((kind, seconds / IDLE as f64 * 100.0));
    }
    table.add(
        "idle, ours with every role (`up`): RSS, MiB",
        Bar::AtMost(30.0),
        |kind| of(kind, &resident),
    );
    table.add(
        "idle, ours with every role: % of a core",
        Bar::AtMost(1.0),
        |kind| of(kind, &cpu),
    );
    Ok(())
}

/// The peers' server alone; of ours, all that watches a machine.
fn start_idle(options: &Options, kind: Kind, folder: &Path) -> Result<Server> {
    let (program, own) = (
        options.program(kind),
        folder.join(format!("{}-idle", kind.name())),
    );
    if kind != Kind::Narthex {
        return Server::start(kind, program, &own, CONFIGURATION, &[]);
    }
    fs::create_dir_all(&own)?;
    let address = free_address()?;
    let mut command = process::ended_with_us(program);
    command.arg("up").arg("--data").arg(own.join("data"));
    command.args(["--listen", &address.to_string()]);
    Server::start_command(kind, &mut command, address, &own.join("log"))
}
