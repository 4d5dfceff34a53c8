//! The engine beside a slow and obvious evaluator that shares no code with it, on random data and
//! random expressions. A disagreement is shrunk, in expression and data, before it is shown.
//!
//! `NARTHEX_REFERENCE_CASES` sets how many cases are drawn, `NARTHEX_REFERENCE_SEED` where to begin.

mod aggregate;
mod binary;
mod call;
mod classic_histogram;
mod data;
mod evaluate;
mod expression;
mod outcome;
mod random;
mod window;

use promql::ast::Expr;
use promql::parser::{ParseOptions, parse};
use promql::{Engine, EngineOptions, InstantQuery, RangeQuery, Value};

use data::Data;
use evaluate::Evaluator;
use expression::{Kind, Tree};
use outcome::Outcome;
use random::Random;

#[test]
fn engine_and_reference_agree() {
    let engines = Engines::new();
    let first = setting("NARTHEX_REFERENCE_SEED", 0);
    let count = setting("NARTHEX_REFERENCE_CASES", CASES);
    let mut faults = Vec::new();
    for seed in first..first + count {
        let case = Case::draw(seed);
        if engines.disagreement(&case).is_some() {
            let (case, how) = engines.shrunk(case);
            faults.push(format!("seed {seed}: {case}\n{how}"));
            if faults.len() == SHOWN {
                break;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A query on data.
#[derive(Clone)]
struct Case {
    tree: Tree,
    data: Data,
    start: i64,
    end: i64,
    /// 0: an instant query.
    step: i64,
    delayed: bool,
}

impl Case {
    fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let tree = expression::draw(&mut random);
        let data = Data::draw(&mut random);
        let start =
            data::START + random.pick(&[1_000, 300_000, 607_500, 900_000, 900_000, 1_234_567]);
        let is_instant = tree.kind == Kind::Range || random.chance(30);
        let step = match is_instant {
            true => 0,
            false => random.pick(&[15_000, 60_000, 61_000, 200_000]),
        };
        Self {
            tree,
            data,
            start,
            end: start + step * random.pick(&[0, 1, 5, 12]),
            step,
            delayed: random.chance(30),
        }
    }

    /// All cases that are a little less.
    fn smaller(&self) -> impl Iterator<Item = Self> + '_ {
        let trees = self.tree.smaller().into_iter().map(|tree| Self {
            tree,
            ..self.clone()
        });
        let ends = (self.step > 0 && self.start < self.end).then(|| Self {
            end: self.end - self.step,
            ..self.clone()
        });
        let starts = (self.step > 0 && self.start < self.end).then(|| Self {
            start: self.start + self.step,
            ..self.clone()
        });
        let data = self.data.smaller().into_iter().map(|data| Self {
            data,
            ..self.clone()
        });
        trees.chain(ends).chain(starts).chain(data)
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.tree)?;
        let delayed = if self.delayed {
            ", names are removed late"
        } else {
            ""
        };
        writeln!(
            f,
            "from {} to {} by {}{delayed}, of",
            self.start, self.end, self.step
        )?;
        write!(f, "{}", self.data)
    }
}

/// Engines that must all agree with the reference.
struct Engines {
    /// With metric names removed at once and late.
    one_thread: [Engine; 2],
    several_threads: [Engine; 2],
}

impl Engines {
    fn new() -> Self {
        let engine = |threads: usize, delayed_name_removal: bool| {
            let options = EngineOptions {
                delayed_name_removal,
                threads,
                parse: ParseOptions::all(),
                ..EngineOptions::default()
            };
            Engine::new(options).expect("threads can be started")
        };
        Self {
            one_thread: [engine(1, false), engine(1, true)],
            several_threads: [engine(3, false), engine(3, true)],
        }
    }

    /// What the evaluators say, if it is not the same.
    fn disagreement(&self, case: &Case) -> Option<String> {
        let text = case.tree.to_string();
        let parsed = parse(&text, &ParseOptions::all());
        let expr = parsed.unwrap_or_else(|error| unreachable!("{text}: {error}"));
        let reference = Evaluator {
            data: &case.data,
            delayed_name_removal: case.delayed,
            start: case.start,
            end: case.end,
            step: case.step,
        };
        let want = reference.outcome(&expr);
        let store = case.data.store();
        for engines in [&self.one_thread, &self.several_threads] {
            let engine = &engines[usize::from(case.delayed)];
            let result = match case.step {
                0 => engine.instant(&store, &InstantQuery::new(&text, case.start)),
                step => engine.range(&store, &RangeQuery::new(&text, case.start, case.end, step)),
            };
            let order = result
                .as_ref()
                .map(|result| is_sorted(&expr, &result.value));
            let in_order = order.unwrap_or(true);
            let got = Outcome::of_engine(result)?;
            if !in_order || !agree(&expr, &got, &want) {
                return Some(format!("engine:\n{got}reference:\n{want}"));
            }
        }
        None
    }

    fn shrunk(&self, mut case: Case) -> (Case, String) {
        loop {
            let smaller = case
                .smaller()
                .find(|case| self.disagreement(case).is_some());
            match smaller {
                Some(smaller) => case = smaller,
                None => break,
            }
        }
        let how = self.disagreement(&case).unwrap_or_default();
        (case, how)
    }
}

/// Of `topk` and `bottomk` the groups' values only: which of equal values leads is not defined.
fn agree(expr: &Expr, got: &Outcome, want: &Outcome) -> bool {
    match expr.without_parens() {
        Expr::Aggregate(node) if node.param.is_some() => {
            let group = |labels: &model::Labels| aggregate::group(node, labels);
            got.without_identity(group)
                .agrees(&want.without_identity(group))
        }
        _ => got.agrees(want),
    }
}

/// True unless the values of a sorted vector are out of order.
fn is_sorted(expr: &Expr, value: &Value) -> bool {
    let (Expr::Call(call), Value::InstantVector(samples)) = (expr.without_parens(), value) else {
        return true;
    };
    let sign = match call.function.name() {
        "sort" => 1.0,
        "sort_desc" => -1.0,
        _ => return true,
    };
    let values: Vec<f64> = samples
        .iter()
        .filter_map(|sample| sample.value.float())
        .collect();
    values.is_sorted_by(|left, right| right.is_nan() || left * sign <= right * sign)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test run by hand is told how long to search"
)]
fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).unwrap_or_default();
    text.parse().unwrap_or(default)
}

/// Cases of a usual run: some seconds.
const CASES: u64 = 4_000;

/// Disagreements that one run shows.
const SHOWN: usize = 8;
