//! What a query cost, with upstream's names.

use std::time::Duration;

use model::quote::quoted;
use promql::{Details, PerStep, Statistics};
use serde::{Serialize, Serializer};

/// What the asker wants to know, as the parameter `stats` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// No statistics.
    Nothing,
    /// Sums.
    Sums,
    /// Sums, and the samples of each step.
    All,
    /// Sums, said by a word that upstream will not understand any more.
    SumsByOldWord,
}

impl Wanted {
    /// Any word means something.
    pub(crate) fn read(word: &str) -> Self {
        match word {
            "" => Self::Nothing,
            "true" => Self::Sums,
            "all" => Self::All,
            _ => Self::SumsByOldWord,
        }
    }

    /// What the engine has to do for it.
    pub(crate) fn details(self, explain: bool) -> Details {
        Details {
            per_step: self == Self::All,
            explain,
        }
    }
}

/// What a word other than upstream's two is answered with.
pub(crate) fn deprecation(word: &str) -> String {
    format!(
        "value {} for parameter \"stats\" is deprecated and will be rejected in the next major \
         release, use \"true\" or \"all\"",
        quoted(word)
    )
}

/// The statistics of an answer.
#[derive(Serialize)]
pub(crate) struct Shown {
    timings: Timings,
    samples: Samples,
}

/// In seconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timings {
    eval_total_time: f64,
    result_sort_time: f64,
    query_preparation_time: f64,
    inner_eval_time: f64,
    exec_queue_time: f64,
    exec_total_time: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Samples {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_queryable_samples_per_step: Option<Vec<StepCount>>,
    total_queryable_samples: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_read_per_step: Option<Vec<StepCount>>,
    samples_read: u64,
    peak_samples: u64,
    /// Ours.
    peak_bytes: u64,
}

impl Shown {
    /// `queue` before the evaluation, `total` from its start to its end.
    pub(crate) fn new(
        queue: Duration,
        total: Duration,
        statistics: &Statistics,
        steps: Option<StepLists>,
    ) -> Self {
        let timings = &statistics.timings;
        let evaluation = timings.preparation + timings.evaluation + timings.sorting;
        let (looked_at, read) = match steps {
            Some(steps) => (Some(steps.looked_at), Some(steps.newly_looked_at)),
            None => (None, None),
        };
        Self {
            timings: Timings {
                eval_total_time: evaluation.as_secs_f64(),
                result_sort_time: timings.sorting.as_secs_f64(),
                query_preparation_time: timings.preparation.as_secs_f64(),
                inner_eval_time: timings.evaluation.as_secs_f64(),
                exec_queue_time: queue.as_secs_f64(),
                exec_total_time: total.as_secs_f64(),
            },
            samples: Samples {
                total_queryable_samples_per_step: looked_at,
                total_queryable_samples: statistics.samples_looked_at,
                samples_read_per_step: read,
                samples_read: statistics.samples_newly_looked_at,
                peak_samples: statistics.peak_samples,
                peak_bytes: statistics.peak_bytes,
            },
        }
    }
}

/// When the steps of a query are, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepTimes {
    pub(crate) start: i64,
    pub(crate) step: i64,
}

impl StepTimes {
    /// One step only.
    pub(crate) fn single(time: i64) -> Self {
        Self {
            start: time,
            step: 0,
        }
    }

    /// The counts of each step beside its time.
    pub(crate) fn lists(&self, per_step: &PerStep) -> StepLists {
        let list = |counts: &[u64]| {
            let times = (0..).map(|index| self.start + index * self.step);
            let steps = times.zip(counts);
            steps
                .map(|(millis, &count)| StepCount { millis, count })
                .collect()
        };
        StepLists {
            looked_at: list(&per_step.looked_at),
            newly_looked_at: list(&per_step.newly_looked_at),
        }
    }
}

/// Counts of each step, ready to be written.
#[derive(Debug)]
pub(crate) struct StepLists {
    looked_at: Vec<StepCount>,
    newly_looked_at: Vec<StepCount>,
}

/// `[seconds,count]`
#[derive(Clone, Copy, Debug)]
struct StepCount {
    millis: i64,
    count: u64,
}

impl Serialize for StepCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.millis % 1000 == 0 {
            return (self.millis / 1000, self.count).serialize(serializer);
        }
        (self.millis as f64 / 1000.0, self.count).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_times_and_counts() {
        let per_step = PerStep {
            looked_at: vec![5, 6],
            newly_looked_at: vec![5, 1],
        };
        let steps = StepTimes {
            start: 1_500,
            step: 500,
        };
        let statistics = Statistics {
            samples_looked_at: 11,
            samples_newly_looked_at: 6,
            peak_samples: 2,
            ..Statistics::default()
        };
        let lists = steps.lists(&per_step);
        let shown = Shown::new(Duration::ZERO, Duration::ZERO, &statistics, Some(lists));
        let json = crate::response::to_json(&shown.samples);
        let want = r#"{"totalQueryableSamplesPerStep":[[1.5,5],[2,6]],"totalQueryableSamples":11,"samplesReadPerStep":[[1.5,5],[2,1]],"samplesRead":6,"peakSamples":2,"peakBytes":0}"#;
        assert_eq!(json, want);
    }
}
