//! Which escapers a value needs, and how they are added to a pipeline.

use super::super::context::{Context, Delimiter, Slash, State, UrlPart};
use crate::ast::{Command, Operand, Pipe};

/// An escaper of the language that stands where it must not: before the end of a pipeline, or in
/// an attribute without quotes.
pub(super) fn misplaced_escaper(pipe: &Pipe, is_unquoted: bool) -> Option<&str> {
    let last = pipe.commands.len().saturating_sub(1);
    pipe.commands
        .iter()
        .enumerate()
        .find_map(|(index, command)| {
            let name = function(command)?;
            let is_misplaced = index < last || (is_unquoted && name == "html");
            (is_predefined(name) && is_misplaced).then_some(name)
        })
}

/// The escapers that a value needs in a context, which becomes the one behind the value. None where
/// that cannot be told.
pub(super) fn escapers(context: &mut Context) -> Option<Vec<&'static str>> {
    let mut names = Vec::new();
    match context.state {
        State::Url
        | State::StyleDouble
        | State::StyleSingle
        | State::StyleDoubleUrl
        | State::StyleSingleUrl
        | State::StyleUrl => {
            let is_style_text = matches!(context.state, State::StyleDouble | State::StyleSingle);
            match context.url_part {
                UrlPart::None | UrlPart::BeforeQuery => {
                    if context.url_part == UrlPart::None {
                        names.push("_html_template_urlfilter");
                    }
                    names.push(match is_style_text {
                        true => "_html_template_cssescaper",
                        false => "_html_template_urlnormalizer",
                    });
                }
                UrlPart::QueryOrFragment => names.push("_html_template_urlescaper"),
                UrlPart::Unknown => return None,
            }
        }
        State::MetaContentUrl => names.push("_html_template_urlfilter"),
        State::Script => {
            names.push("_html_template_jsvalescaper");
            context.slash = Slash::Division;
        }
        State::ScriptDouble | State::ScriptSingle => names.push("_html_template_jsstrescaper"),
        State::ScriptTemplate => names.push("_html_template_jstmpllitescaper"),
        State::ScriptRegex => names.push("_html_template_jsregexpescaper"),
        State::Style => names.push("_html_template_cssvaluefilter"),
        State::Text => names.push("_html_template_htmlescaper"),
        State::RawText => names.push("_html_template_rcdataescaper"),
        State::AttributeName | State::Tag => {
            context.state = State::AttributeName;
            names.push("_html_template_htmlnamefilter");
        }
        State::SourceSet => names.push("_html_template_srcsetescaper"),
        state if state.is_comment() => names.push("_html_template_commentescaper"),
        _ => {}
    }
    match context.delimiter {
        Delimiter::None => {}
        Delimiter::SpaceOrTagEnd => names.push("_html_template_nospaceescaper"),
        _ => names.push("_html_template_attrescaper"),
    }
    Some(names)
}

/// Adds escapers to a pipeline. One of the language at its end takes the place of one that does the
/// same.
pub(super) fn extend(pipe: &mut Pipe, mut escapers: Vec<&'static str>) {
    if escapers.is_empty() {
        return;
    }
    let predefined = pipe.commands.last().and_then(function);
    let predefined = PREDEFINED.iter().find(|name| Some(**name) == predefined);
    if let Some(&name) = predefined {
        let has_arguments = pipe
            .commands
            .last()
            .is_some_and(|last| last.operands.len() > 1);
        if pipe.commands.len() == 1 && has_arguments {
            // `html a b` is the same as joining `a` and `b` and then escaping.
            let last = pipe.commands.last_mut();
            if let Some(Operand::Identifier { name, .. }) =
                last.and_then(|last| last.operands.first_mut())
            {
                "_eval_args_".clone_into(name);
            }
            push(&mut pipe.commands, name, pipe.pos);
        }
        let same = escapers
            .iter_mut()
            .filter(|escaper| normal(escaper) == name);
        let replaced = same.fold(false, |_, escaper| {
            *escaper = name;
            true
        });
        if replaced {
            pipe.commands.pop();
        }
    }
    let known: Vec<String> = pipe
        .commands
        .iter()
        .filter_map(function)
        .map(|name| normal(name).to_owned())
        .collect();
    for escaper in escapers {
        if !known.iter().any(|known| known == normal(escaper)) {
            push(&mut pipe.commands, escaper, pipe.pos);
        }
    }
}

/// Adds a call, unless it would change nothing behind the last one.
fn push(commands: &mut Vec<Command>, name: &'static str, pos: usize) {
    let last = commands.last().and_then(function).unwrap_or_default();
    let is_redundant = match last {
        "_html_template_commentescaper" => {
            matches!(
                name,
                "_html_template_attrescaper" | "_html_template_htmlescaper"
            )
        }
        "_html_template_cssescaper"
        | "_html_template_jsregexpescaper"
        | "_html_template_jsstrescaper"
        | "_html_template_jstmpllitescaper" => name == "_html_template_attrescaper",
        "_html_template_urlescaper" => name == "_html_template_urlnormalizer",
        _ => false,
    };
    if !is_redundant {
        let name = name.to_owned();
        let operands = vec![Operand::Identifier { pos, name }];
        commands.push(Command { pos: 0, operands });
    }
}

/// The function that a command calls.
fn function(command: &Command) -> Option<&str> {
    match command.operands.first()? {
        Operand::Identifier { name, .. } => Some(name),
        _ => None,
    }
}

fn is_predefined(name: &str) -> bool {
    PREDEFINED.contains(&name)
}

/// The escaper of the language that does the same, if there is one.
fn normal(name: &str) -> &str {
    match name {
        "_html_template_attrescaper"
        | "_html_template_htmlescaper"
        | "_html_template_rcdataescaper" => "html",
        "_html_template_urlescaper" | "_html_template_urlnormalizer" => "urlquery",
        name => name,
    }
}

const PREDEFINED: [&str; 2] = ["html", "urlquery"];
