//! What the programs weigh, without what is only there to find bugs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::figures::MEBIBYTE;
use crate::server::Kind;
use crate::storage::Options;
use crate::storage::table::{Bar, Table};

/// Measures the row.
pub(super) fn measure(
    options: &Options,
    servers: &[Kind],
    folder: &Path,
    table: &mut Table,
) -> Result<()> {
    let mut sizes = Vec::new();
    for &kind in servers {
        let mut bytes = stripped_bytes(options.program(kind), folder)?;
        if kind == Kind::Prometheus {
            bytes += stripped_bytes(&options.promtool, folder)?;
        }
        sizes.push((kind, bytes as f64 / MEBIBYTE));
    }
    table.add(
        "stripped binary (of Prometheus with promtool), MiB",
        // 40 MB.
        Bar::AtMost(38.1),
        |kind| {
            let found = sizes.iter().find(|one| one.0 == kind);
            found.map_or(f64::NAN, |one| one.1)
        },
    );
    Ok(())
}

fn stripped_bytes(program: &Path, folder: &Path) -> Result<u64> {
    let output = folder.join("stripped");
    let mut command = Command::new("strip");
    command.arg("-o").arg(&output).arg(program);
    let status = command.status().context("starting `strip` of binutils")?;
    ensure!(status.success(), "strip ended with {status}");
    Ok(fs::metadata(&output)?.len())
}
