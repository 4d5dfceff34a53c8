//! Prints the node exporter's page for this machine; with a number, gathers so many times first and
//! prints what one gathering costs instead.
//!
//! `cargo run --release -p exporters --example node_page -- 1000`; other arguments are flags, as
//! `--collector.cpu.info` or `--path.procfs=/proc`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::error::Error;
use std::sync::Arc;

use exporters::{NodeExporter, NodeOptions, node};
use exposition::Collector as _;
use host::Fs as _;
use host::clock::RealClock;
use host::fs::RealFs;

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = NodeOptions::default();
    let mut rounds = None;
    for argument in std::env::args().skip(1) {
        match argument.strip_prefix("--") {
            Some(flag) => {
                let (name, value) = match flag.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (flag, None),
                };
                node::apply_flag(&mut options, name, value)?;
            }
            None => rounds = Some(argument.parse::<u32>()?),
        }
    }
    let clock = Arc::new(RealClock::default());
    let exporter = NodeExporter::new(options, Arc::new(RealFs), clock)?;
    let mut page = Vec::new();
    let before = cpu_seconds()?;
    for _ in 0..rounds.unwrap_or(1) {
        let mut families = Vec::new();
        exporter.collect(&mut families);
        page.clear();
        exposition::encode::encode_text(&families, &mut page);
    }
    let Some(rounds) = rounds else {
        print!("{}", String::from_utf8_lossy(&page));
        return Ok(());
    };
    let each = (cpu_seconds()? - before) / f64::from(rounds) * 1000.0;
    let series = String::from_utf8_lossy(&page);
    let series = series.lines().filter(|line| !line.starts_with('#')).count();
    println!(
        "{series} series, {} bytes, {each:.3} ms CPU a page",
        page.len()
    );
    let status = RealFs.read("/proc/self/status".as_ref())?;
    let status = String::from_utf8_lossy(&status);
    for line in status
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("Rss"))
    {
        println!("{line}");
    }
    Ok(())
}

/// Seconds that this process has used, in user and kernel mode.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = RealFs.read("/proc/self/stat".as_ref())?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let (_, fields) = text.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
