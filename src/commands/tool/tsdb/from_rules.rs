//! Blocks of what recording rules would have recorded: a server evaluates them for times that have
//! gone by, at the moments at which it would have done so then.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ::rules::backfill::{Stretch, stretches};
use ::rules::load::{LoadOptions, LoadedFile, load_text};
use ::rules::spec::{GroupDefaults, GroupSpec, RuleSpec, groups};
use clap::Args;
use host::clock::RealClock;
use host::fs::RealFs;
use host::{Clock as _, Fs as _};
use model::label::METRIC_NAME;
use model::value::NORMAL_NAN_BITS;
use model::{LabelsBuilder, date};
use serde_json::Value as Json;
use tsdb::import::BlockDraft;

use super::create_blocks::Shape;
use crate::commands::tool::api::Api;
use crate::commands::tool::client::{self, Headers};
use crate::commands::tool::time::{self, QueryRange};

/// Flags of `narthex tool tsdb create-blocks-from rules`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// HTTP client configuration file
    #[arg(long = "http.config.file", value_name = "FILE")]
    http_config: Option<PathBuf>,
    /// The server that has the data and evaluates the rules
    #[arg(long, default_value = "http://localhost:9090", value_name = "URL")]
    url: String,
    /// The time to begin at (RFC3339 or Unix timestamp)
    #[arg(long, allow_hyphen_values = true, value_name = "TIME")]
    start: String,
    /// The time to end at (RFC3339 or Unix timestamp); three hours ago if not given
    #[arg(long, allow_hyphen_values = true, value_name = "TIME")]
    end: Option<String>,
    /// Folder that blocks are written into
    #[arg(long, default_value = "data/", value_name = "DIR")]
    output_dir: PathBuf,
    /// How often groups are evaluated that do not say it themselves
    #[arg(long, default_value = "60s", value_name = "DURATION")]
    eval_interval: String,
    /// Files of rules; alerts in them are passed over
    #[arg(required = true, value_name = "RULE FILE")]
    files: Vec<PathBuf>,
}

/// Writes a block for each rule and span of time that has results. A rule that fails does not keep
/// others from being evaluated.
#[allow(
    clippy::print_stderr,
    reason = "what went wrong is this command's output"
)]
pub(super) fn run(flags: &Flags, shape: &Shape) -> anyhow::Result<ExitCode> {
    host::log::start(host::log::Level::default(), host::log::Format::default());
    let span = shape.block_span()?;
    let client = client::open(flags.http_config.as_deref())?;
    let outcome = match Backfill::new(flags, client, span) {
        Ok(backfill) => client::block_on(backfill.all())?,
        Err(fault) => Err(fault),
    };
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(fault) => {
            eprintln!("{fault}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What is to be evaluated, where and for which time.
struct Backfill<'a> {
    flags: &'a Flags,
    api: Api,
    /// First second.
    start: i64,
    /// Last second.
    end: i64,
    /// Milliseconds of a block.
    span: i64,
    groups: Vec<GroupSpec>,
}

impl<'a> Backfill<'a> {
    fn new(flags: &'a Flags, client: host::net::Client, span: i64) -> Result<Self, String> {
        let end = match &flags.end {
            Some(end) => time::or_now(Some(end), "end time")?,
            None => RealClock::default().now_millis() as f64 / 1e3 - DEFAULT_AGE_SECONDS,
        };
        let start = time::or_now(Some(&flags.start), "start time")?;
        if start >= end {
            return Err("start time is not before end time".to_owned());
        }
        let api = Api::new(client, &flags.url, Headers::default());
        let api = api.map_err(|error| format!("new api client error: {error}"))?;
        Ok(Self {
            flags,
            api,
            start: start.floor() as i64,
            end: end.floor() as i64,
            span,
            groups: read(flags).map_err(|error| format!("rule importer parse error: {error}"))?,
        })
    }

    #[allow(
        clippy::print_stderr,
        reason = "what went wrong is this command's output"
    )]
    async fn all(&self) -> Result<(), String> {
        let shown = |seconds: i64| date::format_rfc3339(seconds.saturating_mul(1_000));
        let (start, end) = (shown(self.start), shown(self.end));
        tracing::info!(component = "backfiller", %start, %end, "new rule importer");
        let mut failed = false;
        for group in &self.groups {
            let name = group.key.text();
            tracing::info!(component = "backfiller", %name, "processing group");
            for (id, rule) in group.rules.iter().enumerate() {
                if rule.alert.is_some() {
                    continue;
                }
                let name = &rule.name;
                tracing::info!(component = "backfiller", id, %name, "processing rule");
                if let Err(error) = self.rule(group, rule).await {
                    eprintln!("rule importer error: {error}");
                    failed = true;
                }
            }
        }
        match failed {
            true => Err("error importing rules".to_owned()),
            false => Ok(()),
        }
    }

    async fn rule(&self, group: &GroupSpec, rule: &RuleSpec) -> Result<(), String> {
        for Stretch { start, end } in stretches(group, self.start, self.end, self.span) {
            let seconds = start.div_euclid(NANOS) as f64;
            let range = QueryRange {
                start: seconds + start.rem_euclid(NANOS) as f64 / NANOS as f64,
                end: end as f64,
                step: group.interval.as_secs_f64(),
            };
            let result = self.api.query_range(&rule.expr, range).await;
            let result = result.map_err(|error| format!("query range: {error}"))?;
            let draft = draft(&result, rule)?;
            let dir = &self.flags.output_dir;
            let fails = |error: String| format!("flush and commit: multiappender flush: {error}");
            RealFs
                .create_dir_durably(dir)
                .map_err(|error| fails(error.to_string()))?;
            let written = draft.write(&RealFs, dir, RealClock::default().now_millis());
            written.map_err(|error| fails(error.to_string()))?;
        }
        Ok(())
    }
}

/// The groups of the files, with what the flags say.
fn read(flags: &Flags) -> Result<Vec<GroupSpec>, String> {
    let interval = time::step_seconds(&flags.eval_interval)?;
    if interval <= 0.0 {
        return Err("the evaluation interval must be longer than nothing".to_owned());
    }
    let options = LoadOptions::default();
    let files = flags.files.iter().map(|path| {
        let name = path.display().to_string();
        let bytes = RealFs.read(path);
        let bytes = bytes.map_err(|error| format!("{name}: {error}"))?;
        let file = load_text(&String::from_utf8_lossy(&bytes), &name, &options);
        let file = file.map_err(|problems| problems.to_string())?;
        Ok(LoadedFile { path: name, file })
    });
    let files = files.collect::<Result<Vec<_>, String>>()?;
    let defaults = GroupDefaults {
        interval: Duration::from_secs_f64(interval),
        query_offset: Duration::ZERO,
        parse: options.parse,
    };
    Ok(groups(&files, &defaults))
}

/// The result of a range query as the rule would have recorded it. Native histograms are not in it:
/// answers to queries do not have all of them.
fn draft(result: &Json, rule: &RuleSpec) -> Result<BlockDraft, String> {
    let kind = result.get("resultType").and_then(Json::as_str);
    if kind != Some("matrix") {
        let kind = kind.unwrap_or_default();
        return Err(format!("rule result is wrong type {kind}"));
    }
    let mut draft = BlockDraft::default();
    let list = result.get("result").and_then(Json::as_array);
    for series in list.into_iter().flatten() {
        let metric = series.get("metric").and_then(Json::as_object);
        let metric = metric.into_iter().flatten();
        let metric = metric.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let stated = rule.labels.iter();
        let stated = stated.map(|(name, value)| (name.as_str(), value.as_str()));
        let mut labels = LabelsBuilder::default();
        for (name, value) in metric
            .chain(stated)
            .chain([(METRIC_NAME, rule.name.as_str())])
        {
            labels.set(name, value);
        }
        let labels = labels.build();
        let values = series.get("values").and_then(Json::as_array);
        for (time, value) in values.into_iter().flatten().filter_map(sample) {
            let appended = draft.append(&labels, time, value);
            appended.map_err(|error| format!("add: multiappender append: {error}"))?;
        }
    }
    Ok(draft)
}

/// Time in milliseconds and value.
fn sample(pair: &Json) -> Option<(i64, f64)> {
    let time = (pair.get(0)?.as_f64()? * 1e3).round() as i64;
    let value: f64 = pair.get(1)?.as_str()?.parse().ok()?;
    match value.is_nan() {
        true => Some((time, f64::from_bits(NORMAL_NAN_BITS))),
        false => Some((time, value)),
    }
}

/// A server writes what is younger into blocks itself.
const DEFAULT_AGE_SECONDS: f64 = 3.0 * 3_600.0;
const NANOS: i64 = 1_000_000_000;
