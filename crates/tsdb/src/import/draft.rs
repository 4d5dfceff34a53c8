//! A block in the making, of samples that are at hand.

use std::path::Path;

use hashbrown::HashMap;
use host::fs::Fs;
use model::Labels;
use rapidhash::fast::RandomState;

use super::block;
use super::row::{Refusal, Row};
use crate::block::{BlockError, BlockMeta};

/// The samples of one block. They come series by series or not, but those of a series in order of
/// time.
#[derive(Debug, Default)]
pub struct BlockDraft {
    rows: Vec<Row>,
    numbers: HashMap<Labels, u32, RandomState>,
    samples: usize,
}

impl BlockDraft {
    /// Adds a sample. What is not later than the last of its series is refused or, if it came shortly
    /// before, left out: see [`Refusal`].
    ///
    /// # Errors
    /// It is refused.
    pub fn append(&mut self, labels: &Labels, time: i64, value: f64) -> Result<(), Refusal> {
        let batch = u32::try_from(self.samples / SAMPLES_PER_BATCH).unwrap_or(u32::MAX);
        self.samples += 1;
        let row = self.numbers.get(labels);
        if let Some(row) = row.and_then(|&number| self.rows.get_mut(number as usize)) {
            return row.push(batch, time, value).map(drop);
        }
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.numbers.insert(labels.clone(), number);
        self.rows.push(Row::new(number, batch, time, value));
        Ok(())
    }

    /// Writes the block below `dir`, named after the time `now`. `None` if there are no samples.
    ///
    /// # Errors
    /// The disk refused. Nothing is left behind.
    pub fn write(self, fs: &dyn Fs, dir: &Path, now: i64) -> Result<Option<BlockMeta>, BlockError> {
        let mut labels: Vec<(&Labels, u32)> = self.numbers.iter().map(|(l, &n)| (l, n)).collect();
        labels.sort_unstable_by_key(|&(_, number)| number);
        let labels = labels.into_iter().map(|(labels, _)| labels);
        block::write(fs, dir, labels.zip(self.rows).collect(), now)
    }
}

/// Samples that Prometheus commits at once when it writes blocks of rules.
const SAMPLES_PER_BATCH: usize = 5_000;

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;
    use model::{Matcher, TimeRange};
    use storage::{Queryable as _, SampleBuffer, Select};

    use super::*;
    use crate::ReadOnly;

    #[test]
    fn samples_of_a_draft_are_read_back() {
        let disk = SimulatedFs::default();
        let dir = Path::new("/data");
        disk.create_dir_durably(dir).unwrap();
        assert!(
            BlockDraft::default()
                .write(&disk, dir, 5)
                .unwrap()
                .is_none()
        );
        let mut draft = BlockDraft::default();
        let of = |name: &str| Labels::from_pairs([("__name__", name)]);
        for time in 0..300 {
            draft.append(&of("b"), time, 1.0).unwrap();
            draft.append(&of("a"), time, time as f64).unwrap();
        }
        // Shortly after it is passed over, later refused.
        draft.append(&of("a"), 7, 1.0).unwrap();
        for time in 0..SAMPLES_PER_BATCH {
            draft.append(&of("c"), time as i64, 1.0).unwrap();
        }
        assert_eq!(draft.append(&of("a"), 7, 1.0), Err(Refusal::OutOfOrder));
        assert_eq!(draft.append(&of("a"), 299, 1.0), Err(Refusal::Duplicate));
        let meta = draft.write(&disk, dir, 5).unwrap().unwrap();
        assert_eq!((meta.min_time, meta.max_time), (0, 5_000));
        assert_eq!(meta.stats.num_series, 3);

        let directory = ReadOnly::open(&disk, dir).unwrap();
        let querier = directory.querier(TimeRange::ALL).unwrap();
        let select = Select::new(vec![Matcher::equal("__name__", "a")], TimeRange::ALL);
        let set = querier.select(&select).unwrap();
        assert_eq!(set.len(), 1);
        let mut samples = SampleBuffer::default();
        set.read(0, &mut samples).unwrap();
        assert_eq!(samples.timestamps(), (0..300).collect::<Vec<i64>>());
        assert_eq!(samples.values().last(), Some(&299.0));
    }
}
