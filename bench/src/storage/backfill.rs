//! Backfill: two hours of samples from a page of text into what a server can open.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::figures::{MEBIBYTE, median};
use crate::http::connection::Connection;
use crate::process::{self, Process, Usage};
use crate::server::{Kind, Server};
use crate::storage::Options;
use crate::storage::past::{BLOCK_STEPS, Past, Pattern};
use crate::storage::receive::{block_samples, block_start};
use crate::storage::table::{Bar, Table};

/// Measures the rows.
pub(super) fn measure(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    table: &mut Table,
) -> Result<()> {
    let past = Past::new(options.past_thousands, Pattern::Busy, block_start()?);
    let samples = past.len() as u64 * BLOCK_STEPS;
    let page = folder.join("page.om");
    let bytes = write_page(&past, &page)?;
    let mut measured = Vec::new();
    for &kind in servers {
        let mut usages = Vec::new();
        for number in 0..options.times.max(1) {
            let own = folder.join(format!("{}-{number}", kind.name()));
            let usage = match kind {
                Kind::VictoriaMetrics => import(options, &past, &own)?,
                Kind::Narthex | Kind::Prometheus => create_blocks(options, kind, &page, &own)?,
            };
            if kind != Kind::VictoriaMetrics {
                check_blocks(&own, samples)?;
            }
            eprintln!("{}: {:.2} CPU s", kind.name(), usage.cpu_seconds);
            usages.push(usage);
            fs::remove_dir_all(&own)?;
        }
        measured.push((kind, usages));
    }
    let of = |kind, value: &dyn Fn(&Usage) -> f64| {
        let found = measured.iter().find(|one| one.0 == kind);
        found.map_or(f64::NAN, |one| median(one.1.iter().map(value).collect()))
    };
    table.add(
        "backfill from text: thousand samples per CPU second",
        Bar::AtLeast(1_500.0),
        |kind| of(kind, &|usage| samples as f64 / usage.cpu_seconds / 1_000.0),
    );
    table.add("backfill: peak RSS, MiB", Bar::AtMost(307.2), |kind| {
        of(kind, &|usage| usage.peak_resident_bytes / MEBIBYTE)
    });
    table.remark(format!(
        "Backfilled: {samples} samples of {} series, {:.0} MiB of text.",
        past.len(),
        bytes as f64 / MEBIBYTE
    ));
    Ok(())
}

fn write_page(past: &Past, path: &Path) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    past.write_text(BLOCK_STEPS, "", |text| Ok(file.write_all(text)?))?;
    file.write_all(b"# EOF\n")?;
    file.flush()?;
    Ok(fs::metadata(path)?.len())
}

fn create_blocks(options: &Options, kind: Kind, page: &Path, output: &Path) -> Result<Usage> {
    let mut command = match kind {
        Kind::Narthex => process::ended_with_us(&options.narthex),
        _ => process::ended_with_us(&options.promtool),
    };
    if kind == Kind::Narthex {
        command.arg("tool");
    }
    command.args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"]);
    command.arg(page).arg(output).stdout(Stdio::null());
    Process::start("create-blocks-from", &mut command)?.finish()
}

/// Lets VictoriaMetrics import the same samples in its form of the text.
fn import(options: &Options, past: &Past, folder: &Path) -> Result<Usage> {
    let kind = Kind::VictoriaMetrics;
    let server = Server::start(kind, options.program(kind), folder, "", &[])?;
    let mut connection = Connection::new(server.address);
    let before = server.process.usage()?.cpu_seconds;
    past.write_text(BLOCK_STEPS, "000", |text| {
        let answer = connection.post("/api/v1/import/prometheus", "", text)?;
        ensure!(
            matches!(answer.status, 200 | 204),
            "an import was answered {}",
            answer.status
        );
        Ok(())
    })?;
    connection.get("/internal/force_flush")?;
    let mut usage = server.process.usage()?;
    usage.cpu_seconds -= before;
    Ok(usage)
}

fn check_blocks(folder: &Path, samples: u64) -> Result<()> {
    let mut found = 0;
    for entry in fs::read_dir(folder)? {
        found += block_samples(&entry?.path()).unwrap_or(0);
    }
    ensure!(
        found == samples,
        "{found} of {samples} samples are in blocks"
    );
    Ok(())
}
