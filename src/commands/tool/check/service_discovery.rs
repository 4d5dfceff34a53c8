//! `narthex tool check service-discovery`: what the service discovery of a job finds, and what
//! relabeling makes of it. Output and exit codes are promtool's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use config::server::{Config, ScrapeConfig};
use discovery::{Handle, Manager, Options, World};
use exposition::Registry;
use host::Fs;
use host::clock::RealClock;
use host::fs::RealFs;
use host::pool::Pool;
use host::tasks::{TaskGroup, Trigger};
use model::{Labels, TargetGroup, duration};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wiring::{add_jobs, environment, read_file};

/// Flags of `narthex tool check service-discovery`. Names and defaults are promtool's.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// How long to wait for what is found
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    timeout: Duration,
    /// The configuration file
    #[arg(value_name = "CONFIG-FILE")]
    file: PathBuf,
    /// The job
    #[arg(value_name = "JOB")]
    job: String,
}

/// Runs the discovery of the job until all of it has answered, and prints what it found.
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the command's output"
)]
pub(crate) fn run(flags: &Flags) -> anyhow::Result<ExitCode> {
    let fs: Arc<dyn Fs> = Arc::new(RealFs);
    let config: Config = match load(&*fs, flags) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("Cannot load config {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let Some(job) = config.jobs().find(|job| job.job_name == flags.job) else {
        eprintln!("Job {} not found. Select one of:", flags.job);
        for job in config.jobs() {
            eprintln!("\t{}", job.job_name);
        }
        return Ok(ExitCode::FAILURE);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let groups = runtime.block_on(Box::pin(find(fs, job, flags.timeout)))?;
    let results = results(&groups, job);
    // As promtool, without an end of the line.
    print!("{}", serde_json::to_string_pretty(&results)?);
    Ok(ExitCode::SUCCESS)
}

fn load(fs: &dyn Fs, flags: &Flags) -> anyhow::Result<Config> {
    let mut config = read_file(fs, &flags.file, config::server::load)?;
    add_jobs(fs, &mut config)?;
    Ok(config)
}

/// What discovery has found when all of it has answered, or the time is over.
async fn find(
    fs: Arc<dyn Fs>,
    job: &ScrapeConfig,
    patience: Duration,
) -> anyhow::Result<Arc<[TargetGroup]>> {
    let world = World::new(
        fs,
        Arc::new(RealClock::default()),
        Arc::new(Pool::new("discovery", 1)?),
        &Registry::new(),
        environment,
    );
    // What is found comes out when all entries have answered, at the end of the time at the latest.
    let options = Options {
        reload_interval: patience,
        watch_files: false,
        ..Options::default()
    };
    let (manager, handle) = Manager::new(options, world);
    let (trigger, mut tasks) = (Trigger::new(), TaskGroup::new());
    tasks.spawn(manager.run(trigger.shutdown()));
    handle.apply([(job.job_name.clone(), &job.service_discovery)]);
    let mut groups = handle.target_groups();
    let until = Instant::now() + patience;
    let has_come = groups.wait_for(|groups| groups.contains_key(&job.job_name));
    let found = match tokio::time::timeout_at(until, has_come).await {
        Ok(Ok(groups)) => groups.get(&job.job_name).cloned(),
        Ok(Err(_)) | Err(_) => None,
    };
    tell_errors(&handle);
    trigger.pull();
    tasks.drain(Duration::from_secs(1)).await;
    Ok(found.unwrap_or_default())
}

/// Says on standard error which mechanisms found nothing, and why.
#[allow(clippy::print_stderr, reason = "this is the command's output")]
fn tell_errors(handle: &Handle) {
    for status in handle.status() {
        if let Some(error) = status.last_error {
            eprintln!("{}: {error}", status.mechanism);
        }
    }
}

/// One object for each label set that was found; what is there twice is shown once.
fn results(groups: &[TargetGroup], job: &ScrapeConfig) -> Vec<Value> {
    let mut results: Vec<Value> = Vec::new();
    for group in groups {
        for (discovered, labels) in scrape::relabel_group(group, job) {
            let mut result = json!({ "discoveredLabels": object(&discovered) });
            match labels {
                Ok(labels) => result["labels"] = object(&labels),
                Err(error) => {
                    result["labels"] = json!({});
                    result["error"] = json!(error.to_string());
                }
            }
            if !results.contains(&result) {
                results.push(result);
            }
        }
    }
    results
}

fn object(labels: &Labels) -> Value {
    let pairs: BTreeMap<&str, &str> = labels.iter().collect();
    json!(pairs)
}
