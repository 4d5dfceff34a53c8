//! `cargo xtask ci`: every check and every test, in one run with one closing line.
//!
//! The quick ones come first. The output of each runner streams through; its result lines are
//! summed by [`tally`]. A check without tests of its own (format, lints) counts as one.

mod tally;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::program;
use crate::tidy;
use crate::ui;
use crate::workspace::Workspace;
use tally::Tally;

/// One runner and what it gave.
struct Ran {
    name: &'static str,
    tally: Tally,
    seconds: f64,
}

/// Runs everything; fails if a runner failed or nothing was run.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let mut all = Vec::new();
    let mut add = |name, step: &dyn Fn() -> Result<Tally>| all.push(timed(name, step));
    add("format", &|| {
        check(cargo(root, &["fmt", "--all", "--check", "--", "-l"]))
    });
    add("tidy", &|| tidy_check(root));
    // Before the Rust builds: the binary embeds what this writes.
    add("ui build", &|| {
        Ok(Tally::check(ui::build(root).map_err(say).is_ok()))
    });
    add("ui lint", &|| check(ui::npm(root, &["run", "lint"])?));
    add("ui tests", &|| tests(ui::npm(root, &["test"])?));
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    add("clippy", &|| check(cargo(root, &clippy)));
    add("tests", &|| {
        tests(cargo(root, &["test", "--workspace", "--no-fail-fast"]))
    });
    Ok(close(&all))
}

fn timed(name: &'static str, step: &dyn Fn() -> Result<Tally>) -> Ran {
    println!("\n=== {name}");
    let begin = Instant::now();
    let tally = step().unwrap_or_else(|error| {
        say(error);
        Tally::check(false)
    });
    Ran {
        name,
        tally,
        seconds: begin.elapsed().as_secs_f64(),
    }
}

fn say(error: anyhow::Error) {
    eprintln!("xtask: {error:#}");
}

fn close(all: &[Ran]) -> ExitCode {
    println!();
    let mut sum = Tally::default();
    for ran in all {
        let Tally { passed, failed } = ran.tally;
        println!(
            "{:10} {passed:6} passed {failed:4} failed {:7.1} s",
            ran.name, ran.seconds
        );
        sum = sum + ran.tally;
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    ExitCode::from(u8::from(sum.failed > 0 || sum.passed == 0))
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    command
}

fn tidy_check(root: &Path) -> Result<Tally> {
    let problems = tidy::problems(&Workspace::load(root)?)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(Tally::check(problems.is_empty()))
}

fn check(mut command: Command) -> Result<Tally> {
    Ok(Tally::check(
        program::run(&mut command).map_err(say).is_ok(),
    ))
}

/// Runs a test runner, passes its output on and sums its result lines.
fn tests(mut command: Command) -> Result<Tally> {
    let shown = program::describe(&command);
    let starting = || format!("starting `{shown}`");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(starting)?;
    let output = child.stdout.take().context("the output was piped")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally = tally + tally::read_line(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        eprintln!("xtask: `{shown}` ended with {status}");
    }
    Ok(tally.closed(status.success()))
}
