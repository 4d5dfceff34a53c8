//! The seam between those who append samples, those who keep them and those who ask for them.
//!
//! Writing goes through [`Appendable`] and [`Appender`]: one call with one [`Append`] per sample,
//! then a commit that makes all of them visible at once. Reading goes through [`Queryable`],
//! [`Querier`] and [`SeriesSet`]: one [`Select`] names the series and the time; the set that comes
//! back is an indexed list, so that readers share it over threads, and each series is decoded as
//! a whole into a [`SampleBuffer`] of columns.
//!
//! [`memory::MemoryStore`] is the small reference implementation that tests of everyone above use.
//!
//! ```
//! use model::{Labels, Matcher, TimeRange};
//! use storage::{Append, Appendable, Queryable, SampleBuffer, Select, memory::MemoryStore};
//!
//! let store = MemoryStore::default();
//! let mut appender = store.appender();
//! let up = Labels::from_pairs([("__name__", "up")]);
//! appender.append(Append::new(&up, 1_000, 1.0)).unwrap();
//! appender.commit().unwrap();
//!
//! let querier = store.querier(TimeRange::ALL).unwrap();
//! let set = querier.select(&Select::new(vec![Matcher::equal("__name__", "up")], TimeRange::ALL)).unwrap();
//! let mut samples = SampleBuffer::default();
//! set.read(0, &mut samples).unwrap();
//! assert_eq!((samples.timestamps(), samples.values()), (&[1_000][..], &[1.0][..]));
//! ```
//!
//! **Must not know:** how anything is stored.

pub mod append;
pub mod exemplar;
pub mod memory;
pub mod room;
pub mod select;
pub mod series;

pub use append::{Append, AppendError, AppendValue, Appendable, Appender, Commit};
pub use exemplar::{AppendExemplar, ExemplarError};
pub use room::{NewSeries, RoomError};
pub use select::{LabelQuery, Projection, Querier, Queryable, Select, SelectError, SelectHints};
pub use series::{HistogramSamples, NumberedLabels, SampleBuffer, SeriesSet};
