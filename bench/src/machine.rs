//! What a measurement was made on: machine, versions, commit, day.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::server::Kind;

/// Processor, cores, memory and kernel in one line.
pub(crate) fn describe() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let processor = line_after("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory: f64 = line_after("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let gibibytes = memory / 1024.0 / 1024.0;
    format!("{cores} cores ({processor}), {gibibytes:.0} GiB, Linux {kernel}")
}

/// Threads that wanted a core in the last quarter of an hour, on average: with more than there are
/// cores, wall clock says little and CPU seconds are too many.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').nth(2).unwrap_or_default().to_owned()
}

/// First line that a program prints about its version.
pub(crate) fn version(program: &Path) -> String {
    first_line(Command::new(program).arg("--version"))
        .unwrap_or_else(|| "version unknown".to_owned())
}

/// The version of a server, from itself or from its package.
pub(crate) fn version_of(kind: Kind, program: &Path) -> String {
    match kind {
        // Debian's does not know it.
        Kind::VictoriaMetrics => package_version("victoria-metrics"),
        Kind::Narthex | Kind::Prometheus => version(program),
    }
}

/// The version of an installed Debian package.
fn package_version(package: &str) -> String {
    let mut command = Command::new("dpkg-query");
    command.args(["--show", "--showformat=${Package} ${Version}", package]);
    first_line(&mut command).unwrap_or_else(|| "version unknown".to_owned())
}

/// Commit of the work tree, with a mark if something in it has not been committed.
pub(crate) fn commit() -> String {
    let mut command = Command::new("git");
    command.args(["describe", "--always", "--dirty", "--abbrev=10"]);
    first_line(&mut command).unwrap_or_else(|| "no commit".to_owned())
}

/// The day, in UTC.
pub(crate) fn today() -> String {
    first_line(Command::new("date").args(["-u", "+%F"])).unwrap_or_default()
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(str::to_owned)
}

fn line_after(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
