//! Room for new series: how many the head may hold, and who may still begin some.
//!
//! Below three quarters of the limit everyone may. Above, only jobs (by the label `job`) that hold
//! less than their share may, which is the limit divided by the number of jobs: a job that exploded
//! leaves the others a quarter of the head. At the limit nobody may, but for a sixteenth more that is
//! kept for series such as `up`. Series that are there take samples in any case.

mod refusals;

use model::Labels;
use storage::{NewSeries, RoomError};

use super::catalog::Catalog;
pub(crate) use refusals::{Refusals, RoomMetrics};

/// How many series there may be, and who was refused some.
pub(crate) struct Room {
    /// 0: as many as come.
    limit: usize,
    pub(crate) refusals: Refusals,
}

impl Room {
    /// Room for `limit` series; 0: for as many as come.
    pub(crate) fn new(limit: usize, metrics: RoomMetrics) -> Self {
        metrics.limit.set(limit as f64);
        Self {
            limit,
            refusals: Refusals::new(metrics),
        }
    }

    /// Series that there may be; 0: as many as come.
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether a series with these labels, which the catalog does not have, may be begun. If not,
    /// that is noted.
    ///
    /// # Errors
    /// It may not.
    pub(crate) fn ask(
        &self,
        catalog: &Catalog,
        labels: &Labels,
        new_series: NewSeries,
    ) -> Result<(), RoomError> {
        self.look(catalog, labels, new_series)
            .inspect_err(|error| self.refusals.note(job_of(labels), *error))
    }

    fn look(
        &self,
        catalog: &Catalog,
        labels: &Labels,
        new_series: NewSeries,
    ) -> Result<(), RoomError> {
        let (held, limit) = (catalog.rows().len(), self.limit);
        let room = match new_series {
            NewSeries::Refused => return Err(RoomError::AtOnce),
            NewSeries::Reserved => limit + limit / RESERVED,
            NewSeries::Allowed => limit,
        };
        if limit == 0 || held < limit / 4 * 3 {
            return Ok(());
        }
        if held >= room {
            return Err(RoomError::Limit { limit });
        }
        let share = share(catalog, limit);
        if new_series == NewSeries::Allowed && held_by(catalog, job_of(labels)) >= share {
            return Err(RoomError::Share { share });
        }
        Ok(())
    }

    /// Series that each job may hold once the head is nearly full; 0: as many as come.
    pub(crate) fn share(&self, catalog: &Catalog) -> usize {
        match self.limit {
            0 => 0,
            limit => share(catalog, limit),
        }
    }
}

/// The label by which the room is shared: remote writers set it, too.
fn job_of(labels: &Labels) -> &str {
    labels.get(JOB).unwrap_or_default()
}

fn share(catalog: &Catalog, limit: usize) -> usize {
    let jobs = catalog.value_count(JOB).clamp(1, MOST_SHARES);
    (limit / jobs).max(1)
}

/// Series of a job, or, if it is empty, of none.
pub(crate) fn held_by(catalog: &Catalog, job: &str) -> usize {
    match job {
        "" => {
            let named: usize = catalog.label_values(JOB).map(|(_, series)| series).sum();
            catalog.rows().len().saturating_sub(named)
        }
        job => catalog.series_with(JOB, job),
    }
}

const JOB: &str = "job";
/// The part of the limit that is kept beyond it for what tells how things stand.
const RESERVED: usize = 16;
/// A page may bring any number of values of the label `job`: the shares do not shrink for ever.
const MOST_SHARES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(job: &str, number: usize) -> Labels {
        let number = number.to_string();
        let pairs = [("__name__", "m"), ("job", job), ("n", &number)];
        Labels::from_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()))
    }

    /// Begins series of a job until it is refused one; returns how many it has begun, and why no more.
    fn fill(
        room: &Room,
        catalog: &mut Catalog,
        job: &str,
        new_series: NewSeries,
    ) -> (usize, RoomError) {
        for begun in 0.. {
            let row = catalog.rows().len();
            let series = labels(job, row);
            if let Err(error) = room.ask(catalog, &series, new_series) {
                return (begun, error);
            }
            let row = u32::try_from(row).unwrap();
            catalog.insert(row, &series, series.fingerprint()).unwrap();
        }
        unreachable!("there is an end to numbers")
    }

    #[test]
    fn one_job_leaves_room_for_the_others() {
        let room = Room::new(1_600, RoomMetrics::new(&exposition::Registry::new()));
        let mut catalog = Catalog::default();
        for job in ["good", "bomb", ""] {
            let series = labels(job, 1_000_000);
            let row = u32::try_from(catalog.rows().len()).unwrap();
            catalog.insert(row, &series, series.fingerprint()).unwrap();
        }
        let (limit, share) = (RoomError::Limit { limit: 1_600 }, 800);
        let over_share = RoomError::Share { share };
        use NewSeries::{Allowed, Refused, Reserved};
        let steps = [
            ("bomb", Refused, 0, RoomError::AtOnce),
            ("bomb", Allowed, 1_197, over_share),
            ("bomb", Allowed, 0, over_share),
            ("good", Allowed, 400, limit),
            ("", Allowed, 0, limit),
            ("bomb", Reserved, 100, limit),
        ];
        for (job, new_series, begun, error) in steps {
            let filled = fill(&room, &mut catalog, job, new_series);
            assert_eq!(filled, (begun, error), "{job} {new_series:?}");
        }
        assert_eq!(held_by(&catalog, "bomb"), 1_298);
        assert_eq!(held_by(&catalog, ""), 1);
    }

    #[test]
    fn a_job_alone_may_take_all() {
        let room = Room::new(100, RoomMetrics::new(&exposition::Registry::new()));
        let limit = RoomError::Limit { limit: 100 };
        for job in ["alone", ""] {
            let mut catalog = Catalog::default();
            let filled = fill(&room, &mut catalog, job, NewSeries::Allowed);
            assert_eq!(filled, (100, limit), "{job:?}");
        }
    }
}
