//! What must hold of any text whatever: the entry points of `fuzz/`, and of the replay of its corpus.
//!
//! Each function panics where something does not hold.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use model::{Histogram, Labels, MatchOp, Matcher};
use storage::memory::MemoryStore;
use storage::{Append, Appendable};

use crate::ast::Expr;
use crate::engine::{Engine, EngineOptions};
use crate::lexer::{self, TokenKind};
use crate::parser::{self, ParseOptions};
use crate::query::{InstantQuery, RangeQuery};
use crate::script;
use crate::value::{SampleValue, Value};

/// Tokens stand one behind the other inside the text, and only the last one is its end or a fault.
pub fn lexer(text: &str) {
    let tokens = lexer::lex(text, usize::MAX);
    let mut border = 0;
    for (index, token) in tokens.iter().enumerate() {
        let span = token.span;
        assert!(border <= span.start && span.start <= span.end, "{tokens:?}");
        assert!(text.get(span.start..span.end).is_some(), "{tokens:?}");
        let ends = matches!(token.kind, TokenKind::EndOfInput | TokenKind::Error(_));
        assert_eq!(ends, index + 1 == tokens.len(), "{tokens:?}");
        border = span.end;
    }
}

/// What can be parsed prints as something that can be parsed and prints the same, also when it is
/// spread over lines; errors stand inside the text.
pub fn parser(text: &str) {
    let options = ParseOptions::all();
    let expr = match parser::parse(text, &options) {
        Ok(expr) => expr,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let printed = expr.to_string();
    if printed.contains(char::REPLACEMENT_CHARACTER) {
        // Bytes that are not UTF-8 stand for nothing that a label can hold.
        return;
    }
    let again = parser::parse(&printed, &options).map(|again| again.to_string());
    if prints_signs_in_front_of_infinities(&expr) {
        assert!(again.is_ok(), "{text:?} prints as {printed:?}: {again:?}");
    } else {
        assert_eq!(again, Ok(printed), "{text:?}");
    }
}

/// Upstream prints `Inf ^ 2` as `+Inf ^ 2`, in which the sign belongs to the power.
fn prints_signs_in_front_of_infinities(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |node| {
        found |= matches!(node, Expr::Number(number) if number.value.is_infinite());
    });
    found
}

/// A series of a script can be read or is refused.
pub fn series_notation(text: &str) {
    if let Err(error) = script::read_series(text) {
        assert!(!error.is_empty());
    }
}

/// A pattern is refused or answers for any text.
pub fn label_regex(text: &str) {
    let (pattern, value) = text.split_once('\n').unwrap_or((text, "pod-1"));
    let matcher = |op| Matcher::new("pod", op, pattern);
    if let (Ok(is), Ok(is_not)) = (matcher(MatchOp::Regex), matcher(MatchOp::NotRegex)) {
        assert_ne!(is.matches(value), is_not.matches(value), "{pattern:?}");
    }
}

/// An expression has a value or an error, and at one time the same one whether it is asked for
/// that time alone or for several.
pub fn evaluation(text: &str) {
    let engine = engine();
    let store = store();
    let instant = engine.instant(store, &InstantQuery::new(text, MIDDLE));
    let range = RangeQuery::new(text, MIDDLE - STEP, MIDDLE + STEP, STEP);
    let range = engine.range(store, &range);
    let (Ok(instant), Ok(range)) = (instant, range) else {
        return;
    };
    if depends_on_bounds(text) {
        return;
    }
    let (Some(one), Some(several)) = (at_middle(&instant.value), at_middle(&range.value)) else {
        return;
    };
    assert_eq!(one, several, "{text}");
}

/// True for expressions that look at the query's start and end.
fn depends_on_bounds(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let bounds = ["start", "end", "step", "range"];
    bounds.iter().any(|word| lower.contains(word))
}

/// Samples at [`MIDDLE`] by series.
fn at_middle(value: &Value) -> Option<BTreeMap<String, String>> {
    let float = |value: f64| match value.is_nan() {
        true => "NaN".to_owned(),
        false => format!("{value:?}"),
    };
    let mut found = BTreeMap::new();
    match value {
        Value::Scalar(sample) => {
            found.insert("{}".to_owned(), float(sample.value));
        }
        Value::InstantVector(samples) => {
            for sample in samples {
                let value = match &sample.value {
                    SampleValue::Float(value) => float(*value),
                    SampleValue::Histogram(histogram) => histogram.to_string(),
                };
                found.insert(sample.labels.to_string(), value);
            }
        }
        Value::RangeVector(series) => {
            for series in series {
                let floats = series.samples().filter(|sample| sample.timestamp == MIDDLE);
                let histograms = series.histograms.iter();
                let histograms = histograms.filter(|sample| sample.timestamp == MIDDLE);
                let texts = floats
                    .map(|sample| float(sample.value))
                    .chain(histograms.map(|sample| sample.histogram.to_string()));
                for text in texts {
                    found.insert(series.labels.to_string(), text);
                }
            }
        }
        Value::Text { .. } => return None,
    }
    Some(found)
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let options = EngineOptions {
            max_samples: MOST_SAMPLES,
            parse: ParseOptions::all(),
            ..EngineOptions::default()
        };
        Engine::new(options).expect("an engine without threads of its own starts")
    })
}

/// A few series of every kind: counters, gauges with gaps and ends, classic and native histograms.
fn store() -> &'static MemoryStore {
    static STORE: OnceLock<MemoryStore> = OnceLock::new();
    STORE.get_or_init(|| {
        let store = MemoryStore::default();
        let mut appender = store.appender();
        let mut histogram = Histogram::with_custom_buckets([1.0, 2.0]);
        for index in 0..40_i64 {
            let number = index as f64;
            for (job, pod) in [("a", "1"), ("a", "2"), ("b", "1")] {
                let labels = |name: &str| {
                    Labels::from_pairs([("__name__", name), ("job", job), ("pod", pod)])
                };
                let bucket = |le: &str| {
                    let name = ("__name__", "h_bucket");
                    Labels::from_pairs([name, ("job", job), ("le", le), ("pod", pod)])
                };
                let value = match index {
                    7 => model::value::STALE,
                    9 => f64::NAN,
                    11 => f64::NEG_INFINITY,
                    _ => number * if pod == "1" { 1.5 } else { -1.0 },
                };
                let floats = [
                    (labels("c_total"), (index % 13) as f64 * 2.0),
                    (labels("g"), value),
                    (bucket("1"), number),
                    (bucket("+Inf"), number * 2.0),
                ];
                for (labels, value) in floats {
                    let append = Append::new(&labels, index * STEP / 2, value);
                    appender.append(append).expect("the store takes all");
                }
                histogram.count = number;
                histogram.sum = number * 1.5;
                let shared = Arc::new(histogram.clone());
                let labels = labels("n");
                let append = Append::new(&labels, index * STEP / 2, &shared);
                appender.append(append).expect("the store takes all");
            }
        }
        appender.commit().expect("the store takes all");
        store
    })
}

const STEP: i64 = 30_000;
const MIDDLE: i64 = 10 * STEP;
const MOST_SAMPLES: usize = 20_000;

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the corpus is read as it lies in the repository"
)]
mod tests {
    use std::path::Path;

    type Check = fn(&str);

    #[test]
    fn the_corpus_holds() {
        let targets: [(&str, Check); 5] = [
            ("lexer", super::lexer),
            ("parser", super::parser),
            ("series_notation", super::series_notation),
            ("label_regex", super::label_regex),
            ("evaluation", super::evaluation),
        ];
        for (target, check) in targets {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
            let mut inputs = 0;
            for entry in std::fs::read_dir(folder.join(target)).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    check(text);
                    inputs += 1;
                }
            }
            assert!(inputs > 10, "{target} has {inputs} inputs");
        }
    }
}
