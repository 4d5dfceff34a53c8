//! Runs scripts in the promqltest language: data, queries and the answers that they must have.
//!
//! Settings are those of upstream's own run: lookback delta 5 minutes, subqueries without a step
//! at 1 minute, names removed at the end of a query, start timestamps looked at, all of the language
//! switched on. Each instant query is also run with its times pinned by `@` at other evaluation
//! times, and as the middle step of a range query; the answers must be the same.
//!
//! ```
//! let script = "load 1m\n  up 1+1x5\n\neval instant at 2m sum(up)\n  {} 3\n";
//! let report = promql::script::run("sum.test", script);
//! assert_eq!(report.to_string(), "1 passed, 0 failed");
//! ```

mod classic;
mod command;
mod compare;
mod evaluate;
mod expectation;
mod histogram;
pub mod input;
mod line;
mod load;
mod pin;
mod report;
mod series;
mod start;
#[cfg(test)]
mod tests;

pub use report::{Failure, Report};

use storage::memory::MemoryStore;

use command::Command;
use evaluate::{Outcome, evaluate};

use crate::engine::{Engine, EngineOptions};
use crate::parser::ParseOptions;

/// Runs the script `text`; `file_name` is only for the report.
pub fn run(file_name: &str, text: &str) -> Report {
    let options = EngineOptions {
        max_samples: MAX_SAMPLES,
        delayed_name_removal: true,
        use_start_timestamps: true,
        parse: ParseOptions::all(),
        ..EngineOptions::default()
    };
    let engine = Engine::new(options).expect("an engine without threads of its own starts");
    let bench = Bench {
        engine,
        store: MemoryStore::default(),
    };
    let mut report = Report::default();
    for command in command::parse(text) {
        bench.execute(file_name, command, &mut report);
    }
    report
}

/// Reads a series as the body of a command has it.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_series(line: &str) -> Result<(), String> {
    series::parse_series(line).map(|_| ())
}

/// Samples that a query may hold, as in upstream's run.
const MAX_SAMPLES: usize = 10_000;

/// What commands work on.
struct Bench {
    engine: Engine,
    store: MemoryStore,
}

impl Bench {
    fn execute(&self, file: &str, command: Command, report: &mut Report) {
        match command {
            Command::Clear => self.store.clear(),
            Command::Load(load) => {
                if let Err(error) = load.apply(&self.store) {
                    report.fail(file, load.line, "load", "loaded", &error.to_string());
                }
            }
            Command::Eval(eval) => match evaluate(self, &eval) {
                Outcome::Passed => report.passed += 1,
                Outcome::Failed {
                    query,
                    expected,
                    got,
                } => {
                    report.fail(file, eval.line, &query, &expected, &got);
                }
            },
            Command::Broken(fault) => {
                report.fail(
                    file,
                    fault.line,
                    &fault.text,
                    "a valid command",
                    &fault.message,
                );
            }
        }
    }
}
