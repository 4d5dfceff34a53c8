//! Function calls.

use crate::differential::queries::random::Generator;

/// One vector in.
const OF_VECTOR: [&str; 44] = [
    "abs",
    "absent",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "exp",
    "floor",
    "histogram_avg",
    "histogram_count",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "hour",
    "ln",
    "log10",
    "log2",
    "minute",
    "month",
    "rad",
    "round",
    "sgn",
    "sin",
    "sinh",
    "sort",
    "sort_desc",
    "sqrt",
    "tan",
    "tanh",
    "timestamp",
    "year",
    "histogram_count",
    "histogram_sum",
    "histogram_avg",
];

/// One range vector in.
const OF_MATRIX: [&str; 24] = [
    "absent_over_time",
    "avg_over_time",
    "changes",
    "count_over_time",
    "delta",
    "deriv",
    "first_over_time",
    "idelta",
    "increase",
    "irate",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "present_over_time",
    "rate",
    "resets",
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
    "rate",
    "increase",
    "rate",
    "avg_over_time",
    "sum_over_time",
];

const EXPERIMENTAL_OF_MATRIX: [&str; 5] = [
    "mad_over_time",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

impl Generator {
    /// A call that yields an instant vector.
    pub(super) fn call_of_vector(&mut self, depth: usize) -> String {
        match self.random.below(20) {
            0..=5 => {
                let name = self.random.pick(&OF_VECTOR);
                format!("{name}({})", self.vector(depth - 1))
            }
            6..=11 => {
                let name = self.random.pick(&OF_MATRIX);
                format!("{name}({})", self.matrix(depth))
            }
            12 | 13 if self.allows_experimental() => self.experimental_call(depth),
            14 => self.label_call(depth),
            _ => self.call_with_numbers(depth),
        }
    }

    fn call_with_numbers(&mut self, depth: usize) -> String {
        let one = self.scalar(depth - 1);
        match self.random.below(11) {
            0 => format!(
                "clamp({}, {one}, {})",
                self.vector(depth - 1),
                self.scalar(depth - 1)
            ),
            1 => format!("clamp_max({}, {one})", self.vector(depth - 1)),
            2 => format!("clamp_min({}, {one})", self.vector(depth - 1)),
            3 => format!("round({}, {one})", self.vector(depth - 1)),
            4 => format!("vector({one})"),
            5 => format!("quantile_over_time({one}, {})", self.matrix(depth)),
            6 => format!("predict_linear({}, {one})", self.matrix(depth)),
            7 => format!("histogram_quantile({one}, {})", self.vector(depth - 1)),
            8 => format!(
                "histogram_fraction({one}, {}, {})",
                self.scalar(depth - 1),
                self.vector(depth - 1)
            ),
            9 => self
                .random
                .pick(&[
                    "hour()",
                    "day_of_week()",
                    "month()",
                    "year()",
                    "minute()",
                    "days_in_month()",
                ])
                .to_owned(),
            _ => format!(
                "histogram_quantile({one}, rate(t_native[{}]))",
                self.duration()
            ),
        }
    }

    fn label_call(&mut self, depth: usize) -> String {
        let vector = self.vector(depth - 1);
        let (from, to) = (
            self.label(),
            self.random
                .pick(&["new", "zone", "kind", "a.b", "__name__", ""]),
        );
        if self.random.chance(1, 3) {
            let other = self.label();
            return format!("label_join({vector}, \"{to}\", \"-\", \"{from}\", \"{other}\")");
        }
        let replacement = self
            .random
            .pick(&["$1", "x-$1-$2", "${1}y", "", "$name", "plain", "$0"]);
        let pattern = self.random.pick(&[
            "(.*)",
            "(.)(.*)",
            "a|b",
            "",
            "(?P<name>.+)",
            "one:(\\\\d)",
            "([",
            "(?i)A",
        ]);
        format!("label_replace({vector}, \"{to}\", \"{replacement}\", \"{from}\", \"{pattern}\")")
    }

    pub(super) fn experimental_call(&mut self, depth: usize) -> String {
        match self.random.below(10) {
            0..=3 => {
                let name = self.random.pick(&EXPERIMENTAL_OF_MATRIX);
                format!("{name}({})", self.matrix(depth))
            }
            4 => format!(
                "double_exponential_smoothing({}, 0.5, 0.3)",
                self.matrix(depth)
            ),
            5 => format!(
                "sort_by_label({}, \"{}\")",
                self.vector(depth - 1),
                self.label()
            ),
            6 => format!(
                "sort_by_label_desc({}, \"{}\", \"node\")",
                self.vector(depth - 1),
                self.label()
            ),
            7 => format!("info({})", self.vector(depth - 1)),
            8 => {
                let data = [
                    "{version=~\".+\"}",
                    "{__name__=\"t_build_info\"}",
                    "{os=\"linux\"}",
                    "{__name__=~\".*_info\",flavour!=\"\"}",
                ];
                format!(
                    "info({}, {})",
                    self.vector(depth - 1),
                    self.random.pick(&data)
                )
            }
            _ => format!(
                "histogram_quantiles({}, \"q\", 0.1, 0.9)",
                self.vector(depth - 1)
            ),
        }
    }

    /// A number that only experimental functions give.
    pub(super) fn experimental_scalar(&mut self) -> String {
        let calls = [
            "start()",
            "end()",
            "step()",
            "range()",
            "max_of(1, time())",
            "min_of(step(), 7)",
        ];
        self.random.pick(&calls).to_owned()
    }
}
