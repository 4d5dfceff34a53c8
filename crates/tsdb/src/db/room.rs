//! Whose new series are refused, for whoever asks.

use crate::db::Db;
use crate::head::room::held_by;
use crate::status::{LimitedJob, SeriesLimits};

impl Db {
    /// Brings what is told of refused series up to date: metrics and log. The owner calls it every
    /// second.
    pub fn tell_refusals(&self) {
        self.head.room.refusals.look(self.clock.now_millis());
    }

    /// How many series the head may hold, and which jobs were refused new ones in the last minutes.
    pub fn series_limits(&self) -> SeriesLimits {
        let room = &self.head.room;
        let refused = room.refusals.jobs();
        self.head.with_catalog(|catalog| SeriesLimits {
            series_limit: room.limit() as u64,
            job_share: room.share(catalog) as u64,
            limited_jobs: refused
                .into_iter()
                .map(|refused| LimitedJob {
                    series: held_by(catalog, &refused.job) as u64,
                    job: refused.job,
                    refused_samples: refused.samples,
                    reason: refused.reason.to_string(),
                    since: refused.since,
                    last: refused.last,
                })
                .collect(),
        })
    }
}
