//! Hours of samples that have already been: as a page of text and as remote-write requests.

use anyhow::Result;

use crate::fleet::{Series, Target, mix};
use crate::remote_write::{self, Labels};

/// Seconds between samples.
pub(super) const STEP: u64 = 15;

/// Steps of two hours.
pub(super) const BLOCK_STEPS: u64 = 2 * 3_600 / STEP;

/// Series of one target.
const SERIES_OF_A_TARGET: usize = 1_000;

/// Samples of a request: what Prometheus sends.
const SAMPLES_OF_A_REQUEST: usize = 2_000;

/// Steps after which all connections wait for each other, so that none gets far behind.
const STEPS_OF_A_ROUND: u64 = 20;

/// Of 100 series, this many stand still in the quiet pattern.
const STILL: u64 = 60;

/// What the values do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// All series change.
    Busy,
    /// Three of five stand still.
    Quiet,
}

/// Series and the time of their first sample.
pub(super) struct Past {
    series: Vec<(String, Series)>,
    /// Seconds since the Unix epoch, at the beginning of a block.
    start: u64,
}

/// A request and which connection sends it.
pub(super) struct Request {
    pub(super) connection: usize,
    pub(super) body: Vec<u8>,
}

impl Past {
    /// Thousands of series with samples from `start` on.
    pub(super) fn new(thousands: usize, pattern: Pattern, start: u64) -> Self {
        let mut all = Vec::with_capacity(thousands * SERIES_OF_A_TARGET);
        for number in 0..thousands {
            let target = Target::new(number, SERIES_OF_A_TARGET);
            for (place, (line, series)) in target.series().enumerate() {
                let line = line.trim_end_matches('}');
                let line = format!("{line},instance=\"target-{number}\",job=\"fleet\"}}");
                let draw = mix((number * SERIES_OF_A_TARGET + place) as u64) % 100;
                let is_still = pattern == Pattern::Quiet && draw < STILL;
                let series = if is_still {
                    series.still()
                } else {
                    series.busy()
                };
                all.push((line, series));
            }
        }
        Self { series: all, start }
    }

    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.series.len()
    }

    /// Writes `steps` samples of each series after the other, as text with timestamps that end in
    /// `zeros` (none for seconds), and passes it on in parts of whole lines.
    pub(super) fn write_text(
        &self,
        steps: u64,
        zeros: &str,
        mut pass: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let (mut digits, mut times) = (itoa::Buffer::new(), itoa::Buffer::new());
        let mut text = Vec::new();
        for (line, series) in &self.series {
            for step in 0..steps {
                text.extend_from_slice(line.as_bytes());
                text.push(b' ');
                series.write(step * STEP, &mut digits, &mut text);
                text.push(b' ');
                let time = self.start + step * STEP;
                text.extend_from_slice(times.format(time).as_bytes());
                text.extend_from_slice(zeros.as_bytes());
                text.push(b'\n');
            }
            if text.len() >= PART_BYTES {
                pass(&text)?;
                text.clear();
            }
        }
        pass(&text)
    }

    /// The samples of `steps` as requests for `connections`, in rounds that are sent one after the
    /// other.
    pub(super) fn requests(
        &self,
        steps: std::ops::Range<u64>,
        connections: usize,
    ) -> Result<Vec<Vec<Request>>> {
        let labels: Vec<Vec<u8>> = self
            .series
            .iter()
            .map(|(line, _)| remote_write::encode_labels(&labels_of(line)))
            .collect();
        let share = self.series.len().div_ceil(connections.max(1)).max(1);
        let mut rounds = Vec::new();
        for begin in steps.clone().step_by(STEPS_OF_A_ROUND as usize) {
            let mut round = Vec::new();
            for step in begin..steps.end.min(begin + STEPS_OF_A_ROUND) {
                let time = ((self.start + step * STEP) * 1_000).cast_signed();
                for (connection, (series, labels)) in self
                    .series
                    .chunks(share)
                    .zip(labels.chunks(share))
                    .enumerate()
                {
                    for (series, labels) in series
                        .chunks(SAMPLES_OF_A_REQUEST)
                        .zip(labels.chunks(SAMPLES_OF_A_REQUEST))
                    {
                        let mut message = Vec::new();
                        for ((_, series), labels) in series.iter().zip(labels) {
                            let value = series.value(step * STEP);
                            remote_write::put_float_series(&mut message, labels, time, value);
                        }
                        let body = remote_write::compress(&message)?;
                        round.push(Request { connection, body });
                    }
                }
            }
            rounds.push(round);
        }
        Ok(rounds)
    }
}

/// The labels of a line of the generator, which escapes nothing, sorted by name.
fn labels_of(line: &str) -> Labels {
    let (name, rest) = line.split_once('{').unwrap_or((line, ""));
    let pairs = rest.trim_end_matches('}').split(',');
    let mut labels: Labels = pairs
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('"').to_owned()))
        })
        .collect();
    labels.push(("__name__".to_owned(), name.to_owned()));
    labels.sort();
    labels
}

/// Text is passed on from this size.
const PART_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::{Past, Pattern, labels_of};

    #[test]
    fn lines_become_labels() {
        let labels = labels_of("b_total{z=\"/api/1\",a=\"x\"}");
        let names: Vec<&str> = labels.iter().map(|label| label.0.as_str()).collect();
        assert_eq!(names, ["__name__", "a", "z"]);
        assert_eq!(labels[0].1, "b_total");
        assert_eq!(labels[2].1, "/api/1");
    }

    #[test]
    fn patterns_say_how_many_series_change() {
        for (pattern, expected) in [(Pattern::Busy, 99..101), (Pattern::Quiet, 35..45)] {
            let past = Past::new(1, pattern, 7_200);
            let changed = past
                .series
                .iter()
                .filter(|(_, series)| series.value(600) != series.value(7_200));
            assert!(expected.contains(&(changed.count() / 10)), "{pattern:?}");
        }
    }

    #[test]
    fn text_and_requests_hold_every_sample() {
        let past = Past::new(1, Pattern::Busy, 7_200);
        let mut lines = 0;
        past.write_text(3, "000", |text| {
            assert!(text.ends_with(b" 7230000\n"));
            lines += text.iter().filter(|&&byte| byte == b'\n').count();
            Ok(())
        })
        .unwrap();
        assert_eq!(lines, 3_000);
        let rounds = past.requests(0..25, 4).unwrap();
        let requests: Vec<usize> = rounds.iter().map(Vec::len).collect();
        assert_eq!(requests, [80, 20]);
    }
}
