//! `load_with_nhcb`: series of classic histograms as native ones with custom buckets.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::label::BUCKET;
use model::number::general;
use model::{Buckets, Histogram, Labels, LabelsBuilder};

use super::series::{SequenceValue, SeriesLine};

/// A series of native histograms: its labels, and histograms with the step that each is of.
pub(super) type Converted = (Labels, Vec<(usize, Arc<Histogram>)>);

/// Converts what the series have of classic histograms.
pub(super) fn convert(series: &[SeriesLine]) -> Result<Vec<Converted>, String> {
    let mut collected: BTreeMap<Labels, BTreeMap<usize, Classic>> = BTreeMap::new();
    for line in series {
        let Some((labels, part)) = part_of(&line.labels)? else {
            continue;
        };
        let steps = collected.entry(labels).or_default();
        for (step, value) in line.values.iter().enumerate() {
            if let SequenceValue::Float(value) = value {
                steps.entry(step).or_default().set(part, *value);
            }
        }
    }
    let convert = |(labels, steps): (Labels, BTreeMap<usize, Classic>)| {
        let histograms = steps.into_iter().map(|(step, classic)| {
            let histogram = classic.convert()?;
            histogram.validate().map_err(|error| error.to_string())?;
            Ok((step, Arc::new(histogram)))
        });
        Ok((labels, histograms.collect::<Result<_, String>>()?))
    };
    collected.into_iter().map(convert).collect()
}

/// What a series of a classic histogram tells.
#[derive(Clone, Copy)]
enum Part {
    Bucket(f64),
    Count,
    Sum,
}

/// The native histogram that a series of a classic one belongs to, and its part in it.
fn part_of(labels: &Labels) -> Result<Option<(Labels, Part)>, String> {
    let name = labels.metric_name().unwrap_or_default();
    let (base, part) = if let Some(base) = name.strip_suffix("_bucket") {
        let bound = labels
            .get(BUCKET)
            .ok_or_else(|| format!("expected bucket label in metric {labels}"))?;
        let Some(bound) = bound.parse().ok().filter(|bound: &f64| !bound.is_nan()) else {
            return Ok(None);
        };
        (base, Part::Bucket(bound))
    } else if let Some(base) = name.strip_suffix("_sum") {
        (base, Part::Sum)
    } else if let Some(base) = name.strip_suffix("_count") {
        (base, Part::Count)
    } else {
        return Ok(None);
    };
    let mut builder = LabelsBuilder::from_labels(labels);
    builder.set(model::label::METRIC_NAME, base);
    builder.delete(BUCKET);
    Ok(Some((builder.build(), part)))
}

/// A classic histogram at one step.
#[derive(Default)]
struct Classic {
    /// Upper bounds in rising order with counts of all observations up to them.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    /// The first mistake.
    error: Option<String>,
}

impl Classic {
    fn set(&mut self, part: Part, value: f64) {
        if self.error.is_some() {
            return;
        }
        let result = match part {
            Part::Bucket(bound) => self.set_bucket(bound, value),
            Part::Sum => {
                self.sum = value;
                Ok(())
            }
            Part::Count if value < 0.0 => Err(format!(
                "count must be non-negative: count={}",
                general(value)
            )),
            Part::Count => {
                self.count = Some(value);
                Ok(())
            }
        };
        self.error = result.err();
    }

    /// A bound that is there already keeps its count.
    fn set_bucket(&mut self, bound: f64, count: f64) -> Result<(), String> {
        if count < 0.0 {
            return Err(format!(
                "bucket count must be non-negative: le={}, count={}",
                general(bound),
                general(count)
            ));
        }
        let place = self.buckets.partition_point(|&(other, _)| other < bound);
        let next = self.buckets.get(place);
        if next.is_some_and(|&(other, _)| other == bound) {
            return Ok(());
        }
        let not_cumulative = |sign, other: f64| {
            let (count, other) = (general(count), general(other));
            Err(format!("count is not cumulative: {count} {sign} {other}"))
        };
        if let Some(&(_, other)) = place
            .checked_sub(1)
            .and_then(|place| self.buckets.get(place))
            && count < other
        {
            return not_cumulative("<", other);
        }
        if let Some(&(_, other)) = next
            && count > other
        {
            return not_cumulative(">", other);
        }
        self.buckets.insert(place, (bound, count));
        Ok(())
    }

    fn convert(mut self) -> Result<Histogram, String> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let last = self.buckets.last().copied();
        let count = self.count.or(last.map(|(_, count)| count)).unwrap_or(0.0);
        let last_count = match last {
            Some((f64::INFINITY, last_count)) => last_count,
            _ => {
                self.buckets.push((f64::INFINITY, count));
                count
            }
        };
        if count != last_count {
            return Err(format!(
                "count mismatch: count={} != le=+Inf count={}",
                general(count),
                general(last_count)
            ));
        }
        let mut counts = Vec::with_capacity(self.buckets.len());
        let mut before = 0.0;
        for &(_, cumulative) in &self.buckets {
            counts.push(cumulative - before);
            before = cumulative;
        }
        let bounds = self.buckets.iter().map(|&(bound, _)| bound);
        let bounds: Vec<f64> = bounds.take(self.buckets.len() - 1).collect();
        let mut histogram = Histogram {
            count,
            sum: self.sum,
            positive: Buckets::from_offset(0, counts),
            ..Histogram::with_custom_buckets(bounds)
        };
        let is_whole = |count: f64| count.fract() == 0.0;
        let all_whole = is_whole(count) && self.buckets.iter().all(|&(_, count)| is_whole(count));
        histogram.compact(if all_whole { GAP_OF_WHOLE_COUNTS } else { 0 });
        Ok(histogram)
    }
}

/// Upstream keeps this many empty buckets in a row where all counts are whole numbers.
const GAP_OF_WHOLE_COUNTS: usize = 2;

#[cfg(test)]
mod tests {
    use super::super::series::parse_series;
    use super::*;

    fn converted(lines: &[&str]) -> Result<String, String> {
        let series: Vec<SeriesLine> = lines
            .iter()
            .map(|line| parse_series(line).unwrap())
            .collect();
        let mut shown = Vec::new();
        for (labels, histograms) in convert(&series)? {
            for (step, histogram) in histograms {
                shown.push(format!("{labels} {step} {}", histogram.notation()));
            }
        }
        Ok(shown.join("\n"))
    }

    #[test]
    fn classic_histograms_become_native() {
        let cases: [(&[&str], Result<&str, &str>); 8] = [
            (
                &[
                    "a_bucket{le=\"+Inf\",x=\"y\"} 4 _ 7",
                    "a_bucket{le=\"1\",x=\"y\"} 1 _ 2",
                    "a_bucket{le=\"2.0\",x=\"y\"} 1 _ 2",
                    "a_sum{x=\"y\"} 5 _ 6",
                    "a_count{x=\"y\"} 4 _ 7",
                    "b_bucket{le=\"none\"} 1",
                    "c 1",
                ],
                Ok(
                    "a{x=\"y\"} 0 {{schema:-53 count:4 sum:5 custom_values:[1 2] buckets:[1 0 3]}}\n\
                    a{x=\"y\"} 2 {{schema:-53 count:7 sum:6 custom_values:[1 2] buckets:[2 0 5]}}",
                ),
            ),
            // Count and bucket of infinity make up for each other.
            (
                &["a_bucket{le=\"1\"} 1", "a_count 3"],
                Ok("a 0 {{schema:-53 count:3 custom_values:[1] buckets:[1 2]}}"),
            ),
            (
                &["a_bucket{le=\"1\"} 1"],
                Ok("a 0 {{schema:-53 count:1 custom_values:[1] buckets:[1]}}"),
            ),
            (
                &["a_count 2", "a_sum 3"],
                Ok("a 0 {{schema:-53 count:2 sum:3 custom_values:[] buckets:[2]}}"),
            ),
            (
                &["a_bucket{le=\"1\"} 2", "a_bucket{le=\"2\"} 1"],
                Err("count is not cumulative: 1 < 2"),
            ),
            (
                &["a_bucket{le=\"2\"} 1", "a_bucket{le=\"1\"} 2"],
                Err("count is not cumulative: 2 > 1"),
            ),
            (
                &["a_bucket{le=\"+Inf\"} 2", "a_count 3"],
                Err("count mismatch: count=3 != le=+Inf count=2"),
            ),
            (
                &["a_bucket 2"],
                Err("expected bucket label in metric a_bucket"),
            ),
        ];
        for (lines, want) in cases {
            let want = want.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(converted(lines), want, "{lines:?}");
        }
    }
}
