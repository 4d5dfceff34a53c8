//! The commands of a script: `clear`, `load`, `eval`.

use super::expectation::Expectation;
use super::line::{Fault, Lines, keyword_value, milliseconds, split_word};
use super::load::Load;

/// A command with its body.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Clear,
    Load(Load),
    Eval(Eval),
    /// Not a command.
    Broken(Fault),
}

/// A query and what it must yield.
#[derive(Clone, Debug)]
pub(super) struct Eval {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) time: EvalTime,
    pub(super) expectation: Expectation,
}

/// When a query is evaluated, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EvalTime {
    Instant(i64),
    Range { start: i64, end: i64, step: i64 },
}

/// Reads a script. What cannot be read becomes a command of its own, so that the rest still runs.
pub(super) fn parse(text: &str) -> Vec<Command> {
    let mut lines = Lines::new(text);
    let mut commands = Vec::new();
    while let Some((line, head)) = lines.next_command() {
        commands.push(
            parse_command(line, head, &mut lines).unwrap_or_else(|message| {
                lines.skip_body();
                Command::Broken(Fault {
                    line,
                    text: head.to_owned(),
                    message,
                })
            }),
        );
    }
    commands
}

fn parse_command(line: usize, head: &str, lines: &mut Lines<'_>) -> Result<Command, String> {
    let word = split_word(head).0.to_ascii_lowercase();
    if word == "clear" {
        return Ok(Command::Clear);
    }
    if word.starts_with("load") {
        return Load::parse(line, head, lines).map(Command::Load);
    }
    if word.starts_with("eval") {
        return parse_eval(line, head, lines).map(Command::Eval);
    }
    Err(format!("invalid command {head:?}"))
}

fn parse_eval(line: usize, head: &str, lines: &mut Lines<'_>) -> Result<Eval, String> {
    let (word, rest) = split_word(head);
    let (kind, rest) = split_word(rest);
    let (time, text) = match kind {
        "instant" => {
            let (at, rest) = keyword_value(rest, "at")?;
            let time = milliseconds(at)
                .map_err(|error| format!("invalid timestamp definition {at:?}: {error}"))?;
            (EvalTime::Instant(time), rest)
        }
        "range" => parse_range(rest)?,
        _ => return Err("invalid evaluation command: neither instant nor range".to_owned()),
    };
    if text.is_empty() {
        return Err("there is no query".to_owned());
    }
    let mut expectation = Expectation::from_command(word)?;
    while let Some((number, line)) = lines.next_of_body() {
        expectation
            .add_line(line)
            .map_err(|error| format!("line {number}: {error}"))?;
    }
    expectation.check()?;
    Ok(Eval {
        line,
        text: text.to_owned(),
        time,
        expectation,
    })
}

/// Reads `from <start> to <end> step <step> …`; yields the times and the rest.
pub(super) fn parse_range(text: &str) -> Result<(EvalTime, &str), String> {
    let (from, rest) = keyword_value(text, "from")?;
    let (to, rest) = keyword_value(rest, "to")?;
    let (every, rest) = keyword_value(rest, "step")?;
    let start = milliseconds(from)?;
    let end = milliseconds(to)?;
    let step = milliseconds(every)?;
    if end < start {
        return Err(format!("the end {to} is before the start {from}"));
    }
    if step == 0 {
        return Err("the step is 0".to_owned());
    }
    Ok((EvalTime::Range { start, end, step }, rest))
}
