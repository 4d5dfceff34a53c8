//! `narthex tool query analyze`: how the buckets of histograms are used.

use clap::Args;
use serde_json::Value as Json;

use super::super::api::{Api, ApiError};
use super::super::time;
use super::statistics::{ChangeCounts, Statistics, Summary};
use super::{histogram, show};

/// Flags of `narthex tool query analyze`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Prometheus server to query
    #[arg(long)]
    pub(super) server: String,
    /// Type of metric: classichistograms or nativehistograms
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// Time frame to analyze
    #[arg(long, default_value = "1h")]
    duration: String,
    /// Query time (RFC3339 or Unix timestamp), defaults to now
    #[arg(long, allow_hyphen_values = true)]
    time: Option<String>,
    /// Series selector. Can be specified multiple times
    #[arg(long = "match", required = true, value_name = "MATCH")]
    matches: Vec<String>,
}

/// Why nothing was analyzed.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnalyzeError {
    /// Nothing that there is to analyze.
    #[error("analyze type is {0}, must be 'classichistograms' or 'nativehistograms'")]
    Kind(String),
    /// Of classic histograms the sums are named.
    #[error(
        "every classic histogram matcher must have a '_sum' suffix in the metric name, but the matcher '{0}' does not"
    )]
    Matcher(String),
    /// A flag that cannot be read.
    #[error("{0}")]
    Flag(String),
    /// The server gave no result.
    #[error("{0}")]
    Api(ApiError),
    /// The server gave another kind of result.
    #[error("{0}")]
    Shape(&'static str),
}

/// What is printed.
pub(super) async fn run(flags: &Flags, api: &Api) -> Result<String, AnalyzeError> {
    let is_native = match flags.kind.as_str() {
        "nativehistograms" => true,
        "classichistograms" => false,
        other => return Err(AnalyzeError::Kind(other.to_owned())),
    };
    let at = match &flags.time {
        Some(text) => time::parse(text)
            .map_err(|error| AnalyzeError::Flag(format!("error parsing time '{text}': {error}")))?,
        None => time::or_now(None, "time").map_err(AnalyzeError::Flag)?,
    };
    let seconds = time::step_seconds(&flags.duration).map_err(AnalyzeError::Flag)?;
    let window = go_duration(seconds);
    let mut report = Report {
        out: String::new(),
        summary: Summary::default(),
        changes: ChangeCounts::default(),
    };
    if let Some(matcher) = flags
        .matches
        .iter()
        .find(|matcher| !is_native && !has_sum(matcher))
    {
        return Err(AnalyzeError::Matcher(matcher.clone()));
    }
    for matcher in &flags.matches {
        match is_native {
            true => {
                report
                    .native(api, &format!("{matcher}[{window}]"), at)
                    .await?
            }
            false => report.classic(api, matcher, &window, at).await?,
        }
    }
    Ok(format!(
        "{}{}\n{}\n",
        report.out, report.summary, report.changes
    ))
}

/// What was found so far.
struct Report {
    out: String,
    summary: Summary,
    changes: ChangeCounts,
}

impl Report {
    async fn native(&mut self, api: &Api, selector: &str, at: f64) -> Result<(), AnalyzeError> {
        for series in matrix(api, selector, at).await? {
            let samples = series.get("histograms").and_then(Json::as_array);
            let samples: Vec<_> = samples
                .into_iter()
                .flatten()
                .map(|sample| histogram::buckets(sample.get(1).unwrap_or(&Json::Null)))
                .collect();
            if let Some(statistics) = Statistics::of_native(&samples, &mut self.changes) {
                self.add(&show::metric(&series), &statistics);
            }
        }
        Ok(())
    }

    async fn classic(
        &mut self,
        api: &Api,
        matcher: &str,
        window: &str,
        at: f64,
    ) -> Result<(), AnalyzeError> {
        let query = format!("last_over_time({matcher}[{window}])");
        let data = api.query(&query, at).await.map_err(AnalyzeError::Api)?;
        let sums = result(data, "vector", "query for metrics resulted in non-Vector")?;
        for sum in sums {
            let selector = format!("{}[{window}]", bucket_selector(&sum));
            let mut buckets = matrix(api, &selector, at).await?;
            buckets.sort_by(|a, b| upper_bound(a).total_cmp(&upper_bound(b)));
            let values: Vec<Vec<(f64, f64)>> = buckets.iter().map(samples).collect();
            let found =
                Statistics::of_classic(&values, &mut self.changes).map_err(AnalyzeError::Shape)?;
            if let Some(statistics) = found {
                self.add(&selector, &statistics);
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, statistics: &Statistics) {
        self.out.push_str(&format!("{name}={statistics}\n"));
        self.summary.add(statistics);
    }
}

async fn matrix(api: &Api, query: &str, at: f64) -> Result<Vec<Json>, AnalyzeError> {
    let data = api.query(query, at).await.map_err(AnalyzeError::Api)?;
    result(data, "matrix", "query of buckets resulted in non-Matrix")
}

fn result(mut data: Json, kind: &str, fault: &'static str) -> Result<Vec<Json>, AnalyzeError> {
    let found = data.get("resultType").and_then(Json::as_str);
    if found != Some(kind) {
        return Err(AnalyzeError::Shape(fault));
    }
    match data.get_mut("result").map(Json::take) {
        Some(Json::Array(list)) => Ok(list),
        _ => Ok(Vec::new()),
    }
}

/// Times and values of a series.
fn samples(series: &Json) -> Vec<(f64, f64)> {
    let samples = series.get("values").and_then(Json::as_array);
    let pair = |sample: &Json| {
        let time = sample.get(0).and_then(Json::as_f64).unwrap_or_default();
        let value = sample.get(1).and_then(Json::as_str).unwrap_or_default();
        (time, value.parse().unwrap_or_default())
    };
    samples.into_iter().flatten().map(pair).collect()
}

fn upper_bound(series: &Json) -> f64 {
    let bound = series.get("metric").and_then(|metric| metric.get("le"));
    let bound = bound.and_then(Json::as_str).unwrap_or_default();
    bound.parse().unwrap_or_default()
}

/// The selector of the buckets that belong to a sum.
fn bucket_selector(sum: &Json) -> String {
    let labels = sum.get("metric").and_then(Json::as_object);
    let name = labels
        .and_then(|labels| labels.get("__name__"))
        .and_then(Json::as_str);
    let name = name.unwrap_or_default();
    let name = match name.strip_suffix("_sum") {
        Some(base) => format!("{base}_bucket"),
        None => name.to_owned(),
    };
    let labels: Vec<String> = labels
        .into_iter()
        .flatten()
        .filter(|(label, _)| label.as_str() != "__name__")
        .map(|(label, value)| {
            let value = model::quote::quoted(value.as_str().unwrap_or_default());
            format!("{label}={value}")
        })
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// True if the name of a sum stands in a selector.
fn has_sum(matcher: &str) -> bool {
    matcher.match_indices("_sum").any(|(at, word)| {
        let after = matcher.get(at + word.len()..).unwrap_or_default();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !after.starts_with(is_name)
    })
}

/// Seconds as Go prints a duration: `1h0m0s`.
fn go_duration(seconds: f64) -> String {
    let whole = seconds.trunc() as u64;
    let rest = model::number::plain(seconds - (whole / 60 * 60) as f64);
    match (whole / 3600, whole / 60 % 60) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}
