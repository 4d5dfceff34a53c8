//! Adding up what test runners say at their end.

use std::ops::Add;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// A check that counts as one test.
    pub(crate) fn check(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    /// The sum of a runner that ended. One that failed without naming a failed test, or that
    /// passed without running any, counts as one failure.
    pub(crate) fn closed(self, success: bool) -> Self {
        let silent = if success {
            self.passed == 0
        } else {
            self.failed == 0
        };
        Self {
            failed: self.failed + u64::from(silent),
            ..self
        }
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

/// What one line of output adds: zero unless it is a result line of `cargo test` or `vitest`.
pub(crate) fn read_line(line: &str) -> Tally {
    let plain = without_colours(line);
    let line = plain.trim();
    // cargo test: `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    // vitest:     `Tests  1 failed | 12 passed (13)`
    let counts = line
        .strip_prefix("test result: ")
        .or_else(|| line.strip_prefix("Tests  "));
    let Some(counts) = counts else {
        return Tally::default();
    };
    let words: Vec<&str> = counts
        .split([' ', ';', '|'])
        .filter(|word| !word.is_empty())
        .collect();
    let before = |name: &str| {
        let mut pairs = words.windows(2);
        let found = pairs.find_map(|pair| (pair[1] == name).then(|| pair[0].parse().ok()));
        found.flatten().unwrap_or(0)
    };
    Tally {
        passed: before("passed"),
        failed: before("failed"),
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut pieces = line.split('\u{1b}');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        // An escape sequence ends at its first letter.
        let end = piece.find(|letter: char| letter.is_ascii_alphabetic());
        plain.push_str(end.map_or("", |end| &piece[end + 1..]));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Tally, read_line};

    #[test]
    fn result_lines_are_summed_and_others_are_not() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; finished in 0.1s",
                12,
                0,
            ),
            (
                "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured",
                3,
                2,
            ),
            ("      Tests  41 passed (41)", 41, 0),
            ("      Tests  2 failed | 39 passed (41)", 39, 2),
            ("      Tests  3 failed (3)", 0, 3),
            (
                "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m7 passed\u{1b}[39m (7)",
                7,
                0,
            ),
            (" Test Files  4 passed (4)", 0, 0),
            ("test tally::tests::x ... ok", 0, 0),
            ("12 passed, 0 failed", 0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(read_line(line), Tally { passed, failed }, "{line}");
        }
    }

    #[test]
    fn a_runner_that_fails_silently_is_a_failure() {
        let some = Tally {
            passed: 3,
            failed: 0,
        };
        let bad = Tally {
            passed: 3,
            failed: 2,
        };
        assert_eq!(some.closed(true), some);
        assert_eq!(
            some.closed(false),
            Tally {
                passed: 3,
                failed: 1
            }
        );
        assert_eq!(bad.closed(false), bad);
        assert_eq!(
            Tally::default().closed(true),
            Tally {
                passed: 0,
                failed: 1
            }
        );
    }
}
