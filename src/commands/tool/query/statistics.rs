//! Counting which buckets are used and change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::histogram::Bucket;

/// Least, mean and most of something over the samples of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: i64,
    mean: f64,
    most: i64,
}

/// How the buckets of one histogram are used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statistics {
    changed: Spread,
    delta: Spread,
    populated: Spread,
    total: i64,
}

/// How often how many buckets changed from one sample to the next.
#[derive(Debug, Default)]
pub(super) struct ChangeCounts(BTreeMap<i64, u64>);

/// Changes from one sample to the next.
#[derive(Default)]
struct Steps {
    changed: Vec<i64>,
    delta: Vec<i64>,
    populated: Vec<i64>,
}

impl Steps {
    fn statistics(&self, total: usize) -> Statistics {
        Statistics {
            changed: Spread::of(&self.changed),
            delta: Spread::of(&self.delta),
            populated: Spread::of(&self.populated),
            total: i64::try_from(total).unwrap_or(i64::MAX),
        }
    }
}

impl Spread {
    fn of(numbers: &[i64]) -> Self {
        let sum: i64 = numbers.iter().sum();
        Self {
            least: numbers.iter().copied().min().unwrap_or(i64::MAX),
            mean: sum as f64 / numbers.len() as f64,
            most: numbers.iter().copied().max().unwrap_or(0),
        }
    }
}

impl Statistics {
    /// Of series of cumulative buckets, by rising bound. None without two samples.
    ///
    /// # Errors
    /// The samples of the buckets are not of the same times.
    pub(super) fn of_classic(
        buckets: &[Vec<(f64, f64)>],
        changes: &mut ChangeCounts,
    ) -> Result<Option<Self>, &'static str> {
        let count = buckets.first().map_or(0, Vec::len);
        if count < 2 {
            return Ok(None);
        }
        let mut steps = Steps::default();
        let mut before = counts_at(buckets, 0)?;
        for index in 1..count {
            let now = counts_at(buckets, index)?;
            let deltas = now
                .iter()
                .zip(&before)
                .map(|(now, before)| (now - before).abs());
            let deltas: Vec<i64> = deltas.filter(|delta| *delta != 0).collect();
            let changed = i64::try_from(deltas.len()).unwrap_or(i64::MAX);
            let populated = now.iter().filter(|count| **count != 0).count();
            changes.add(changed);
            steps.changed.push(changed);
            steps.delta.push(deltas.iter().sum());
            steps
                .populated
                .push(i64::try_from(populated).unwrap_or(i64::MAX));
            before = now;
        }
        Ok(Some(steps.statistics(buckets.len())))
    }

    /// Of the samples of a native histogram. None without two.
    pub(super) fn of_native(samples: &[Vec<Bucket>], changes: &mut ChangeCounts) -> Option<Self> {
        if samples.len() < 2 {
            return None;
        }
        let mut steps = Steps::default();
        let mut all = BTreeSet::new();
        let mut before: Option<BTreeMap<BucketKey, f64>> = None;
        for sample in samples {
            let now: BTreeMap<BucketKey, f64> = sample
                .iter()
                .map(|bucket| (key(bucket), bucket.count))
                .collect();
            all.extend(now.keys().copied());
            if let Some(before) = &before {
                let keys: BTreeSet<BucketKey> = now.keys().chain(before.keys()).copied().collect();
                let delta = |key: &BucketKey| match (now.get(key), before.get(key)) {
                    (Some(now), Some(before)) if now == before => None,
                    (now, before) => {
                        let count = |count: Option<&f64>| count.copied().unwrap_or(0.0);
                        Some((count(now) - count(before)).abs() as i64)
                    }
                };
                let deltas: Vec<i64> = keys.iter().filter_map(delta).collect();
                let changed = i64::try_from(deltas.len()).unwrap_or(i64::MAX);
                changes.add(changed);
                steps.changed.push(changed);
                steps.delta.push(deltas.iter().sum());
                steps
                    .populated
                    .push(i64::try_from(sample.len()).unwrap_or(i64::MAX));
            }
            before = Some(now);
        }
        Some(steps.statistics(all.len()))
    }
}

/// A bucket by its bounds.
type BucketKey = (i64, u64, u64);

fn key(bucket: &Bucket) -> BucketKey {
    (
        bucket.boundaries,
        bucket.lower.to_bits(),
        bucket.upper.to_bits(),
    )
}

/// The counts of single buckets at one of the times.
fn counts_at(buckets: &[Vec<(f64, f64)>], index: usize) -> Result<Vec<i64>, &'static str> {
    const FAULT: &str = "matrix result is not time aligned";
    let mut counts = Vec::with_capacity(buckets.len());
    let mut before: Option<(f64, f64)> = None;
    for bucket in buckets {
        let sample = *bucket.get(index).ok_or(FAULT)?;
        let below = match before {
            Some((time, _)) if time != sample.0 => return Err(FAULT),
            Some((_, count)) => count,
            None => 0.0,
        };
        counts.push((sample.1 - below) as i64);
        before = Some(sample);
    }
    Ok(counts)
}

impl ChangeCounts {
    fn add(&mut self, changed: i64) {
        *self.0.entry(changed).or_default() += 1;
    }
}

impl fmt::Display for ChangeCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self
            .0
            .iter()
            .map(|(n, count)| format!("{n}:{count}"))
            .collect();
        write!(f, "&{{map[{}]}}", counts.join(" "))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:.3}/{}", self.least, self.mean, self.most)
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            changed,
            delta,
            populated,
            total,
        } = self;
        write!(
            f,
            "Bucket stats (min/avg/max) - number of buckets changed: {changed} \
             total delta of changed buckets: {delta} \
             number of populated buckets: {populated}. total number of buckets: {total}"
        )
    }
}

/// Least, mean and most of all statistics.
#[derive(Debug, Default)]
pub(super) struct Summary {
    count: u64,
    rows: [Distribution; 10],
}

#[derive(Clone, Copy, Debug)]
struct Distribution {
    least: i64,
    mean: f64,
    most: i64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            least: i64::MAX,
            mean: 0.0,
            most: 0,
        }
    }
}

impl Summary {
    pub(super) fn add(&mut self, statistics: &Statistics) {
        self.count += 1;
        let spreads = [statistics.changed, statistics.delta, statistics.populated];
        let numbers = spreads
            .iter()
            .flat_map(|spread| [spread.least, spread.mean as i64, spread.most])
            .chain([statistics.total]);
        for (row, number) in self.rows.iter_mut().zip(numbers) {
            row.least = row.least.min(number);
            row.most = row.most.max(number);
            row.mean += number as f64 / self.count as f64 - row.mean / self.count as f64;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 10] = [
            "minChanged",
            "avgChanged",
            "maxChanged",
            "minDelta",
            "avgDelta",
            "maxDelta",
            "minPop",
            "avgPop",
            "maxPop",
            "total",
        ];
        for (name, row) in NAMES.iter().zip(&self.rows) {
            writeln!(
                f,
                "{name} - min/avg/max: {}/{:.3}/{}",
                row.least, row.mean, row.most
            )?;
        }
        write!(f, "count - {}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_counted() {
        let classic = [
            vec![(0.0, 1.0), (1.0, 2.0), (2.0, 2.0)],
            vec![(0.0, 1.0), (1.0, 5.0), (2.0, 6.0)],
        ];
        let mut changes = ChangeCounts::default();
        let found = Statistics::of_classic(&classic, &mut changes)
            .unwrap()
            .unwrap();
        assert_eq!(
            found.to_string(),
            "Bucket stats (min/avg/max) - number of buckets changed: 1/1.500/2 total delta of \
             changed buckets: 1/2.500/4 number of populated buckets: 2/2.000/2. total number of \
             buckets: 2"
        );
        assert_eq!(changes.to_string(), "&{map[1:1 2:1]}");
        let mut summary = Summary::default();
        summary.add(&found);
        assert!(
            summary
                .to_string()
                .ends_with("total - min/avg/max: 2/2.000/2\ncount - 1")
        );
        let apart = [vec![(0.0, 1.0), (1.0, 2.0)], vec![(0.0, 1.0), (1.5, 2.0)]];
        assert!(Statistics::of_classic(&apart, &mut changes).is_err());
        assert_eq!(Statistics::of_native(&[Vec::new()], &mut changes), None);
    }
}
