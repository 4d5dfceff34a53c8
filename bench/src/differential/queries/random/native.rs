//! Expressions over native histograms, which plain expressions seldom reach.

use crate::differential::queries::random::{ARITHMETIC, COMPARISONS, Generator};

/// Metrics that have native histograms.
const METRICS: [&str; 8] = [
    "t_native",
    "t_native",
    "t_native_float",
    "t_native_coarser",
    "t_native_gauge",
    "t_native_custom",
    "t_mixed",
    "t_native_stale",
];

const OF_RANGE: [&str; 18] = [
    "rate",
    "rate",
    "increase",
    "delta",
    "irate",
    "idelta",
    "sum_over_time",
    "avg_over_time",
    "last_over_time",
    "first_over_time",
    "count_over_time",
    "present_over_time",
    "max_over_time",
    "changes",
    "resets",
    "deriv",
    "stddev_over_time",
    "absent_over_time",
];

const OF_HISTOGRAM: [&str; 5] = [
    "histogram_count",
    "histogram_sum",
    "histogram_avg",
    "histogram_stddev",
    "histogram_stdvar",
];

const TRIMS: [&str; 2] = ["</", ">/"];

const NUMBERS: [&str; 12] = [
    "0", "0.5", "1", "-1", "2", "0.001", "8", "100", "Inf", "-Inf", "NaN", "0.3",
];

impl Generator {
    /// A vector of native histograms, or of what a function makes of them.
    pub(super) fn native(&mut self, depth: usize) -> String {
        match self.random.below(12) {
            0 | 1 => {
                let name = self.random.pick(&OF_HISTOGRAM);
                format!("{name}({})", self.histograms(depth))
            }
            2 => format!(
                "histogram_quantile({}, {})",
                self.number_near_bounds(),
                self.histograms(depth)
            ),
            3 => format!(
                "histogram_fraction({}, {}, {})",
                self.number_near_bounds(),
                self.number_near_bounds(),
                self.histograms(depth)
            ),
            4 if self.allows_experimental() => format!(
                "histogram_quantiles({}, \"q\", 0.2, {})",
                self.histograms(depth),
                self.number_near_bounds()
            ),
            _ => self.histograms(depth),
        }
    }

    /// Native histograms.
    fn histograms(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.selected_histograms();
        }
        match self.random.below(16) {
            0..=2 => self.selected_histograms(),
            3..=6 => {
                let name = self.random.pick(&OF_RANGE);
                format!("{name}({})", self.range_of_histograms(depth))
            }
            7 | 8 => {
                let name = self
                    .random
                    .pick(&["sum", "avg", "count", "group", "max", "stddev"]);
                let grouping = self.grouping();
                format!("{name} {grouping} ({})", self.histograms(depth - 1))
            }
            9 => format!(
                "{} {} {}",
                self.histograms(depth - 1),
                self.random.pick(&["*", "/", "+", "==", "^", ">"]),
                self.number_near_bounds()
            ),
            10 => format!(
                "{} {} {}",
                self.number_near_bounds(),
                self.random.pick(&["*", "/", "-", "!="]),
                self.histograms(depth - 1)
            ),
            11 | 12 => format!(
                "{} {} {}",
                self.histograms(depth - 1),
                self.random.pick(&TRIMS),
                self.number_near_bounds()
            ),
            13 => format!("-({})", self.histograms(depth - 1)),
            _ => {
                let operator = match self.random.below(8) {
                    0 => self.random.pick(&ARITHMETIC),
                    1 => self.random.pick(&COMPARISONS),
                    2 => self.random.pick(&TRIMS),
                    3 => self
                        .random
                        .pick(&["== bool", "!= bool", "and", "or", "unless"]),
                    _ => self.random.pick(&["+", "-"]),
                };
                let matching = self.random.pick(&["", "ignoring (kind) ", "on (zone) "]);
                format!(
                    "{} {operator} {matching}{}",
                    self.histograms(depth - 1),
                    self.histograms(depth - 1)
                )
            }
        }
    }

    fn selected_histograms(&mut self) -> String {
        let selector = self.histogram_selector();
        self.with_modifiers(selector)
    }

    fn histogram_selector(&mut self) -> String {
        let name = self.random.pick(&METRICS);
        match self.random.below(8) {
            0 => format!("{name}{{zone=\"a\"}}"),
            1 => format!("{name}{{kind=~\"x|mixed\"}}"),
            2 => "{__name__=~\"t_native.*\"}".to_owned(),
            3 => "{__name__=~\"t_mixed|t_native|t_step\"}".to_owned(),
            _ => name.to_owned(),
        }
    }

    fn range_of_histograms(&mut self, depth: usize) -> String {
        let duration = self.duration();
        if self.random.chance(1, 6) {
            let step = self.random.pick(&["", "30s", "1m"]);
            let subquery = format!("({})[{duration}:{step}]", self.histograms(depth - 1));
            return self.with_modifiers(subquery);
        }
        let kind = if self.allows_experimental() && self.random.chance(1, 4) {
            self.random.pick(&[" anchored", " smoothed"])
        } else {
            ""
        };
        let range = format!("{}[{duration}]{kind}", self.histogram_selector());
        self.with_modifiers(range)
    }

    /// A number around which the histograms' buckets lie.
    fn number_near_bounds(&mut self) -> String {
        self.random.pick(&NUMBERS).to_owned()
    }
}
