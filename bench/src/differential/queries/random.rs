//! Random expressions from a seed: mostly well typed, over the series of the data set.
//!
//! [`Generator`] writes an expression of a wanted type; [`calls`] has the functions and what they
//! take, [`native`] native histograms, [`leaves`] selectors, literals and ranges.

mod calls;
mod leaves;
mod native;

use crate::differential::queries::{Origin, Query};
use crate::random::Random;

/// `count` expressions; experimental syntax is rare where it is not switched on.
pub(crate) fn expressions(seed: u64, count: usize, experimental: bool) -> Vec<Query> {
    let expression = |number: usize| {
        let mut generator = Generator {
            random: Random::new(seed.wrapping_mul(1_000_003) + number as u64),
            experimental,
        };
        let depth = 1 + generator.random.below(4);
        let text = match generator.random.below(20) {
            0 => generator.scalar(depth),
            1 => generator.matrix(depth),
            2 => generator.text(),
            _ => generator.vector(depth),
        };
        Query::new(Origin::Random, text)
    };
    (0..count).map(expression).collect()
}

/// Writes expressions.
struct Generator {
    random: Random,
    experimental: bool,
}

const ARITHMETIC: [&str; 7] = ["+", "-", "*", "/", "%", "^", "atan2"];
const COMPARISONS: [&str; 6] = ["==", "!=", "<", ">", "<=", ">="];
const SETS: [&str; 3] = ["and", "or", "unless"];
const SIMPLE_AGGREGATIONS: [&str; 8] = [
    "sum", "avg", "max", "min", "count", "group", "stddev", "stdvar",
];

impl Generator {
    /// An instant vector.
    fn vector(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.selector();
        }
        match self.random.below(29) {
            0..=2 => self.selector(),
            3..=8 => self.call_of_vector(depth),
            23..=25 => self.native(depth),
            26 | 27 if self.allows_experimental() => self.experimental(depth),
            9..=14 => self.aggregation(depth),
            15..=19 => self.operation(depth),
            20 => format!("-{}", self.vector(depth - 1)),
            21 => format!("({})", self.vector(depth - 1)),
            22 => self.mistyped(depth),
            _ => {
                let classic = self.random.pick(&[
                    "t_classic_bucket",
                    "demo_api_request_duration_seconds_bucket",
                ]);
                let quantile = self
                    .random
                    .pick(&["0.5", "0.9", "0.99", "0", "1", "-1", "2", "NaN"]);
                match self.random.below(3) {
                    0 => format!("histogram_quantile({quantile}, {classic})"),
                    1 => {
                        format!("histogram_quantile({quantile}, sum by (le) (rate({classic}[5m])))")
                    }
                    _ => format!("histogram_fraction({quantile}, 0.7, rate({classic}[2m]))"),
                }
            }
        }
    }

    /// What needs a feature flag and plain expressions seldom reach.
    fn experimental(&mut self, depth: usize) -> String {
        match self.random.below(5) {
            0 => {
                let kind = self.random.pick(&["anchored", "smoothed"]);
                let function = self
                    .random
                    .pick(&["rate", "increase", "delta", "changes", "resets", "deriv"]);
                let range = format!("{}[{}] {kind}", self.plain_selector(), self.duration());
                format!("{function}({})", self.with_modifiers(range))
            }
            1 => {
                let name = self.plain_selector();
                let kind = self.random.pick(&["anchored", "smoothed"]);
                self.with_modifiers(format!("{name} {kind}"))
            }
            2 => {
                let matching = self.matching(true);
                let fill = self.fill();
                let operator = self.random.pick(&["+", "-", "*", ">", "== bool", "</"]);
                let (left, right) = (self.selector(), self.selector());
                format!("{left} {operator} {matching}{fill}{right}")
            }
            3 => {
                let (name, number) = match self.random.below(2) {
                    0 => ("limitk", self.small_number()),
                    _ => ("limit_ratio", self.scalar(depth - 1)),
                };
                let grouping = self.grouping();
                format!("{name} {grouping} ({number}, {})", self.vector(depth - 1))
            }
            _ => self.experimental_call(depth),
        }
    }

    /// A number that may change with time.
    fn scalar(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.number();
        }
        match self.random.below(12) {
            0..=4 => self.number(),
            5 => "time()".to_owned(),
            6 => "pi()".to_owned(),
            7 => format!("scalar({})", self.vector(depth - 1)),
            8 => format!("-{}", self.scalar(depth - 1)),
            9 if self.allows_experimental() => self.experimental_scalar(),
            10 => {
                let (left, right) = (self.scalar(depth - 1), self.scalar(depth - 1));
                format!("({left} {} bool {right})", self.random.pick(&COMPARISONS))
            }
            _ => {
                let (left, right) = (self.scalar(depth - 1), self.scalar(depth - 1));
                format!("({left} {} {right})", self.random.pick(&ARITHMETIC))
            }
        }
    }

    /// A range vector.
    fn matrix(&mut self, depth: usize) -> String {
        let base = if depth > 1 && self.random.chance(1, 4) {
            let (inner, range) = (self.vector(depth - 1), self.duration());
            let step = if self.random.chance(1, 3) {
                String::new()
            } else {
                self.random
                    .pick(&["7s", "15s", "30s", "1m", "2m", "1m30s"])
                    .to_owned()
            };
            format!("({inner})[{range}:{step}]")
        } else {
            let (selector, range) = (self.plain_selector(), self.duration());
            let kind = if self.allows_experimental() && self.random.chance(1, 3) {
                self.random.pick(&[" anchored", " smoothed"])
            } else {
                ""
            };
            format!("{selector}[{range}]{kind}")
        };
        self.with_modifiers(base)
    }

    fn aggregation(&mut self, depth: usize) -> String {
        let grouping = self.grouping();
        let vector = self.vector(depth - 1);
        let (name, parameter) = match self.random.below(16) {
            0 => ("quantile", self.scalar(depth - 1)),
            1 => ("topk", self.small_number()),
            2 => ("bottomk", self.small_number()),
            3 => (
                "count_values",
                format!("\"{}\"", self.random.pick(&["zone", "new", "le", "a.b"])),
            ),
            4 if self.allows_experimental() => ("limitk", self.small_number()),
            5 if self.allows_experimental() => {
                let ratio = self
                    .random
                    .pick(&["0.5", "-0.3", "0.1", "1", "-1", "0", "1.5"]);
                ("limit_ratio", ratio.to_owned())
            }
            _ => (self.random.pick(&SIMPLE_AGGREGATIONS), String::new()),
        };
        let arguments = if parameter.is_empty() {
            vector
        } else {
            format!("{parameter}, {vector}")
        };
        if self.random.chance(1, 4) && !grouping.is_empty() {
            format!("{name}({arguments}) {grouping}")
        } else {
            format!("{name} {grouping} ({arguments})")
        }
    }

    fn operation(&mut self, depth: usize) -> String {
        let is_comparison = self.random.chance(1, 3);
        let operator = if is_comparison {
            self.random.pick(&COMPARISONS)
        } else {
            self.random.pick(&ARITHMETIC)
        };
        let bool_word = if is_comparison && self.random.chance(1, 2) {
            "bool "
        } else {
            ""
        };
        match self.random.below(8) {
            0 => format!(
                "{} {operator} {bool_word}{}",
                self.vector(depth - 1),
                self.scalar(depth - 1)
            ),
            1 => format!(
                "{} {operator} {bool_word}{}",
                self.scalar(depth - 1),
                self.vector(depth - 1)
            ),
            2 | 3 => {
                let set = self.random.pick(&SETS);
                let matching = self.matching(false);
                format!(
                    "{} {set} {matching}{}",
                    self.vector(depth - 1),
                    self.vector(depth - 1)
                )
            }
            4 => {
                // The same on both sides: matches one to one.
                let side = self.selector();
                let other = self.random.pick(&["rate", "abs", ""]);
                match other {
                    "" => format!("{side} {operator} {bool_word}{side}"),
                    "rate" => format!("{side} {operator} {bool_word}avg_over_time({side}[2m])"),
                    _ => format!("{side} {operator} {bool_word}{other}({side})"),
                }
            }
            5 => {
                let label = self.label();
                let fill = self.fill();
                let (left, right) = (self.vector(depth - 1), self.vector(depth - 1));
                format!(
                    "sum by ({label}) ({left}) {operator} {bool_word}{fill}sum by ({label}) ({right})"
                )
            }
            _ => {
                let matching = self.matching(true);
                format!(
                    "{} {operator} {bool_word}{matching}{}",
                    self.vector(depth - 1),
                    self.vector(depth - 1)
                )
            }
        }
    }

    /// Matching words behind an operator, many-to-one where that is allowed.
    fn matching(&mut self, grouped: bool) -> String {
        let labels = self.labels();
        let word = match self.random.below(5) {
            0 | 1 => return String::new(),
            2 => "ignoring",
            _ => "on",
        };
        let group = match self.random.below(4) {
            0 if grouped => format!("group_left ({}) ", self.labels()),
            1 if grouped => format!("group_right ({}) ", self.labels()),
            2 if grouped => "group_left ".to_owned(),
            _ => String::new(),
        };
        let fill = if grouped { self.fill() } else { String::new() };
        format!("{word} ({labels}) {group}{fill}")
    }

    fn fill(&mut self) -> String {
        if !self.allows_experimental() || !self.random.chance(1, 3) {
            return String::new();
        }
        let (word, value) = (
            self.random.pick(&["fill", "fill_left", "fill_right"]),
            self.number(),
        );
        format!("{word} ({value}) ")
    }

    fn grouping(&mut self) -> String {
        match self.random.below(4) {
            0 => String::new(),
            1 => format!("without ({})", self.labels()),
            _ => format!("by ({})", self.labels()),
        }
    }

    /// An expression of the wrong type.
    fn mistyped(&mut self, depth: usize) -> String {
        match self.random.below(5) {
            0 => format!("rate({})", self.vector(depth - 1)),
            1 => format!("abs({})", self.matrix(depth)),
            2 => format!("{} and {}", self.vector(depth - 1), self.scalar(depth - 1)),
            3 => format!("sum({})", self.scalar(depth - 1)),
            _ => format!("clamp({}, {})", self.vector(depth - 1), self.text()),
        }
    }

    /// Experimental syntax is always on with its features, and now and then without.
    fn allows_experimental(&mut self) -> bool {
        self.experimental || self.random.chance(1, 25)
    }
}

#[cfg(test)]
mod tests {
    use super::expressions;

    #[test]
    fn a_seed_gives_the_same_expressions() {
        let texts = |seed| {
            let queries = expressions(seed, 300, true);
            queries
                .into_iter()
                .map(|query| query.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        let brackets = |text: &str, bracket| text.matches(bracket).count();
        // One of the patterns of `label_replace` has a bracket too few.
        for text in texts(3).iter().map(|text| text.replace("\"([\"", "\"\"")) {
            assert_eq!(brackets(&text, '('), brackets(&text, ')'), "{text}");
        }
    }
}
