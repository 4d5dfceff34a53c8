//! The trend of a figure that goes up and down all the time: a robust line through levels, of which
//! each stands for five minutes.

use std::time::Duration;

use crate::figures::median;

/// Readings that share one level: longer than a cycle of cutting and merging blocks.
const WINDOW: Duration = Duration::from_secs(300);

/// What stands for the readings of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Their median: what is used most of the time.
    Median,
    /// The least: what is held between queries and blocks, which a leak would raise.
    Least,
}

impl Level {
    fn of(self, values: Vec<f64>) -> f64 {
        match self {
            Self::Median => median(values),
            Self::Least => values.into_iter().fold(f64::INFINITY, f64::min),
        }
    }
}

/// A figure over time.
pub(super) struct Trend {
    /// Middle of each window in hours, and what stands for its readings.
    levels: Vec<(f64, f64)>,
    /// Slope of the line of least squares through all readings, per hour.
    least_squares: f64,
}

impl Trend {
    /// The trend of readings with their times. A window that is less than half full is left out.
    pub(super) fn new(readings: &[(Duration, f64)], level: Level) -> Self {
        let begin = readings.first().map_or(Duration::ZERO, |reading| reading.0);
        let window = |at: Duration| (at - begin).as_secs() / WINDOW.as_secs();
        let windows: Vec<_> = readings
            .chunk_by(|left, right| window(left.0) == window(right.0))
            .collect();
        let most = windows.iter().map(|window| window.len()).max();
        let full = windows
            .iter()
            .filter(|window| window.len() * 2 >= most.unwrap_or_default());
        let points: Vec<(f64, f64)> = readings
            .iter()
            .map(|&(at, value)| (hours(at), value))
            .collect();
        Self {
            levels: full
                .map(|window| {
                    let middle = median(window.iter().map(|reading| hours(reading.0)).collect());
                    let values = window.iter().map(|reading| reading.1).collect();
                    (middle, level.of(values))
                })
                .collect(),
            least_squares: least_squares(&points),
        }
    }

    /// Hours and level of each window.
    pub(super) fn levels(&self) -> &[(f64, f64)] {
        &self.levels
    }

    /// The levels' middle slope, between any two (Theil and Sen), in parts of their level per hour.
    pub(super) fn slope(&self) -> f64 {
        let mut slopes = Vec::new();
        for (index, left) in self.levels.iter().enumerate() {
            for right in self.levels.iter().skip(index + 1) {
                slopes.push((right.1 - left.1) / (right.0 - left.0));
            }
        }
        median(slopes) / self.level()
    }

    /// The same of the line of least squares through all readings.
    pub(super) fn least_squares(&self) -> f64 {
        self.least_squares / self.level()
    }

    /// Median of the levels.
    pub(super) fn level(&self) -> f64 {
        median(self.levels.iter().map(|level| level.1).collect())
    }

    /// The first level.
    pub(super) fn first(&self) -> f64 {
        self.levels.first().map_or(f64::NAN, |level| level.1)
    }

    /// The last level.
    pub(super) fn last(&self) -> f64 {
        self.levels.last().map_or(f64::NAN, |level| level.1)
    }
}

fn hours(at: Duration) -> f64 {
    at.as_secs_f64() / 3600.0
}

fn least_squares(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut products, mut squares) = (0.0, 0.0);
    for point in points {
        products += (point.0 - x) * (point.1 - y);
        squares += (point.0 - x) * (point.0 - x);
    }
    products / squares
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Level, Trend};

    /// An hour of readings every ten seconds; the figure goes up and down by a tenth each minute.
    fn trend(growth: f64, strange: f64, level: Level) -> Trend {
        let reading = |number: u32| {
            let at = Duration::from_secs(720) + Duration::from_secs(10) * number;
            let saw = f64::from(number % 6) / 60.0;
            let mut value = 1_000.0 * (1.0 + growth * f64::from(number) / 360.0 + saw);
            if number > 350 {
                value += strange;
            }
            (at, value)
        };
        Trend::new(&(0..=360).map(reading).collect::<Vec<_>>(), level)
    }

    #[test]
    fn slopes_are_found_below_a_saw_tooth() {
        let levels = [Level::Median, Level::Least].into_iter();
        let growths = [-0.02, 0.0, 0.001, 0.005, 0.2];
        for (growth, level) in levels.flat_map(|level| growths.map(|growth| (growth, level))) {
            let trend = trend(growth, 0.0, level);
            assert_eq!(trend.levels().len(), 12);
            let relative = growth * 1_000.0 / trend.level();
            assert!(
                (trend.slope() - relative).abs() < 0.0005,
                "{growth}: {}",
                trend.slope()
            );
            assert!((trend.least_squares() - relative).abs() < 0.002, "{growth}");
        }
    }

    #[test]
    fn a_query_at_the_end_is_no_trend() {
        let trend = trend(0.0, 700.0, Level::Median);
        assert!(trend.slope().abs() < 0.001, "{}", trend.slope());
        assert!(trend.least_squares() > 0.05);
        assert!((trend.last() / trend.first() - 1.0).abs() < 0.03);
    }
}
