//! Narthex and Prometheus asked the same of the same blocks; every difference is listed.
//!
//! [`dataset`] makes the blocks once, [`queries`] has what is asked, [`ask`] asks both servers in
//! every manner, [`compare`] tells how two answers differ, [`shrink`] looks for the smallest
//! expression that still differs, and [`report`] groups what was found and writes it down.

mod answer;
mod ask;
mod compare;
mod dataset;
mod known;
mod queries;
mod report;
mod shrink;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::server::{Kind, Server, copy_folder};
use ask::{Manner, Pair};
use queries::{Origin, Query};
use report::Report;

/// Configuration of both servers: they scrape nothing. Subqueries take their step from here.
const CONFIGURATION: &str = "global:\n  scrape_interval: 15s\n  evaluation_interval: 15s\n";

/// Features of the second pass: all that change what a query means.
const FEATURES: &str = "--enable-feature=promql-experimental-functions,\
                        promql-extended-range-selectors,promql-binop-fill-modifiers,\
                        promql-delayed-name-removal";

/// What to ask, and of whom.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Number of random expressions.
    #[arg(long, default_value_t = 5_000)]
    random: usize,
    /// Number of expressions broken on purpose.
    #[arg(long, default_value_t = 1_000)]
    broken: usize,
    /// Seed of the random expressions.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Ask only what contains this text.
    #[arg(long, default_value = "")]
    filter: String,
    /// Ask this one expression only.
    #[arg(long)]
    query: Option<String>,
    /// Leave out a pass: `default` or `features`.
    #[arg(long)]
    without: Option<String>,
    /// Examples that are made smaller in each group of differences.
    #[arg(long, default_value_t = 3)]
    shrunk: usize,
    /// The folder of the compliance queries, the dashboards' and the rules' expressions.
    #[arg(
        long,
        env = "NARTHEX_CONFORMANCE",
        default_value = "../shared/conformance"
    )]
    conformance: PathBuf,
    /// The Narthex binary.
    #[arg(long, default_value = "target/release/narthex")]
    narthex: PathBuf,
    /// The Prometheus 3.14 binary.
    #[arg(long, default_value = "target/peers/prometheus")]
    prometheus: PathBuf,
    /// The folder that gets the blocks and the reports.
    #[arg(long, default_value = "target/differential")]
    output: PathBuf,
}

/// Runs both passes and writes a report of each.
///
/// # Errors
/// A server cannot be started or ends early, or there are differences.
pub(crate) fn run(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.output)?;
    let from_files = queries::from_files(&options.conformance)?;
    let texts: Vec<String> = from_files.iter().map(|query| query.text.clone()).collect();
    let blocks = dataset::prepare(&options.output, &options.prometheus, &texts)?;
    let mut differences = 0;
    for (name, flags) in [("default", &[][..]), ("features", &[FEATURES][..])] {
        if options.without.as_deref() == Some(name) {
            continue;
        }
        let asked = options.queries(&from_files, name == "features");
        let folder = tempfile::Builder::new()
            .prefix("asked-")
            .tempdir_in(&options.output)?;
        let start = |kind, program| {
            let folder = folder.path().join(if kind == Kind::Narthex {
                "ours"
            } else {
                "theirs"
            });
            copy_folder(&blocks, &folder.join("data"))?;
            let keep = ["--storage.tsdb.retention.time=100y"];
            Server::start(
                kind,
                program,
                &folder,
                CONFIGURATION,
                &[&keep, flags].concat(),
            )
        };
        let mut servers = [
            start(Kind::Prometheus, &options.prometheus)?,
            start(Kind::Narthex, &options.narthex)?,
        ];
        let report = ask_all(&mut servers, &asked, options)?;
        let path = report.write(&options.output, name)?;
        println!("{name}: {}, see {}", report.summary(), path.display());
        differences += report.len();
    }
    if differences > 0 {
        bail!("{differences} answers differ");
    }
    Ok(())
}

impl Options {
    fn queries(&self, from_files: &[Query], experimental: bool) -> Vec<Query> {
        if let Some(text) = &self.query {
            return vec![Query::new(Origin::Given, text.clone())];
        }
        let mut all = from_files.to_vec();
        all.extend(queries::random::expressions(
            self.seed,
            self.random,
            experimental,
        ));
        all.extend(queries::broken::expressions(self.seed, self.broken, &all));
        all.retain(|query| query.text.contains(&self.filter));
        all
    }
}

fn ask_all(servers: &mut [Server; 2], asked: &[Query], options: &Options) -> Result<Report> {
    let mut pair = Pair::new(servers[0].address, servers[1].address);
    let mut report = Report::new(options.shrunk);
    for (number, query) in asked.iter().enumerate() {
        for manner in Manner::of(query, number) {
            let differences = pair.differences(&query.text, &manner);
            let differences = match differences {
                Ok(differences) => differences,
                Err(error) => {
                    for server in &mut *servers {
                        server.check_alive().with_context(|| query.text.clone())?;
                    }
                    return Err(error.context(query.text.clone()));
                }
            };
            report.count_asked(query);
            for difference in differences {
                report.add(&mut pair, query, &manner, difference)?;
            }
        }
        if number % 500 == 499 {
            eprintln!(
                "{} of {} expressions: {}",
                number + 1,
                asked.len(),
                report.summary()
            );
        }
    }
    Ok(report)
}
