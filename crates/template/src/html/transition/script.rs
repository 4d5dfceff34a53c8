//! Scripts.

use super::{find_any, shown};
use crate::html::context::{Context, Slash, State};

pub(super) fn script(mut context: Context, text: &[u8]) -> (Context, usize) {
    let Some(mut at) = find_any(text, 0, b"\"`'/{}<-#") else {
        context.slash = slash_after(text, context.slash);
        return (context, text.len());
    };
    context.slash = slash_after(text.get(..at).unwrap_or_default(), context.slash);
    let rest = text.get(at..).unwrap_or_default();
    match rest.first() {
        Some(b'"') => (context.state, context.slash) = (State::ScriptDouble, Slash::Regex),
        Some(b'\'') => (context.state, context.slash) = (State::ScriptSingle, Slash::Regex),
        Some(b'`') => (context.state, context.slash) = (State::ScriptTemplate, Slash::Regex),
        Some(b'/') if rest.starts_with(b"//") => {
            context.state = State::ScriptLineComment;
            at += 1;
        }
        Some(b'/') if rest.starts_with(b"/*") => {
            context.state = State::ScriptBlockComment;
            at += 1;
        }
        Some(b'/') => match context.slash {
            Slash::Regex => context.state = State::ScriptRegex,
            Slash::Division => context.slash = Slash::Regex,
            Slash::Unknown => {
                let fault = format!("'/' could start a division or regexp: {}", shown(rest, 32));
                return (Context::fault(None, fault), text.len());
            }
        },
        Some(b'<') if rest.starts_with(b"<!--") => {
            context.state = State::ScriptHtmlOpen;
            at += 3;
        }
        Some(b'-') if rest.starts_with(b"-->") => {
            context.state = State::ScriptHtmlClose;
            at += 2;
        }
        Some(b'#') if rest.starts_with(b"#!") => {
            context.state = State::ScriptLineComment;
            at += 1;
        }
        Some(brace @ (b'{' | b'}')) => close_or_open(&mut context, *brace),
        _ => {}
    }
    (context, at + 1)
}

/// Counts the braces inside of `${…}`, whose end leads back to the text around it.
fn close_or_open(context: &mut Context, brace: u8) {
    let depth = context.braces.as_mut().and_then(|braces| braces.last_mut());
    match (depth, brace) {
        (Some(depth), b'{') => *depth += 1,
        (Some(depth), _) if *depth > 0 => *depth -= 1,
        (Some(_), _) => {
            if let Some(braces) = &mut context.braces {
                braces.pop();
            }
            context.state = State::ScriptTemplate;
            return;
        }
        (None, _) => {}
    }
    context.slash = slash_after(&[brace], context.slash);
}

/// Text in backquotes.
pub(super) fn template(mut context: Context, text: &[u8]) -> (Context, usize) {
    let mut from = 0;
    while let Some(at) = find_any(text, from, b"`\\$") {
        from = at + 1;
        match text.get(at) {
            Some(b'\\') => {
                if from == text.len() {
                    return unfinished_escape(text);
                }
                from += 1;
            }
            Some(b'$') if text.get(from) == Some(&b'{') => {
                context.braces.get_or_insert_default().push(0);
                context.state = State::Script;
                return (context, from + 1);
            }
            Some(b'`') => {
                context.state = State::Script;
                return (context, from);
            }
            _ => {}
        }
    }
    (context, text.len())
}

/// Text in quotes, and regular expressions.
pub(super) fn delimited(mut context: Context, text: &[u8]) -> (Context, usize) {
    let specials: &[u8] = match context.state {
        State::ScriptSingle => b"\\'",
        State::ScriptRegex => b"\\/[]",
        _ => b"\\\"",
    };
    let (mut from, mut in_class) = (0, false);
    while let Some(at) = find_any(text, from, specials) {
        from = at + 1;
        match text.get(at) {
            Some(b'\\') => {
                if from == text.len() {
                    return unfinished_escape(text);
                }
                from += 1;
            }
            Some(b'[') => in_class = true,
            Some(b']') => in_class = false,
            Some(b'/') if ends_script(text, at) => from += 1,
            _ if !in_class => {
                (context.state, context.slash) = (State::Script, Slash::Division);
                return (context, from);
            }
            _ => {}
        }
    }
    if in_class {
        let fault = format!("unfinished JS regexp charset: {}", shown(text, usize::MAX));
        return (Context::fault(None, fault), text.len());
    }
    (context, text.len())
}

/// True if the slash at a place belongs to `</script`, which is escaped later.
fn ends_script(text: &[u8], at: usize) -> bool {
    let start = at.checked_sub(1);
    let word = start.and_then(|start| text.get(start..start + 8));
    word.is_some_and(|word| word.eq_ignore_ascii_case(b"</script"))
}

fn unfinished_escape(text: &[u8]) -> (Context, usize) {
    let shown = shown(text, usize::MAX);
    let fault = format!("unfinished escape sequence in JS string: {shown}");
    (Context::fault(None, fault), text.len())
}

/// What a slash behind some of a script begins: a division behind a value, else a pattern.
pub(super) fn slash_after(text: &[u8], before: Slash) -> Slash {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text.trim_end_matches(is_space).as_bytes(),
        Err(_) => text.trim_ascii_end(),
    };
    let Some((&last, rest)) = text.split_last() else {
        return before;
    };
    match last {
        b'+' | b'-' => {
            let count = text.iter().rev().take_while(|&&byte| byte == last).count();
            if count % 2 == 1 {
                Slash::Regex
            } else {
                Slash::Division
            }
        }
        b'.' => match rest.last() {
            Some(byte) if byte.is_ascii_digit() => Slash::Division,
            _ => Slash::Regex,
        },
        b',' | b'<' | b'>' | b'=' | b'*' | b'%' | b'&' | b'|' | b'^' | b'?' | b'!' | b'~'
        | b'(' | b'[' | b':' | b';' | b'{' | b'}' => Slash::Regex,
        _ => {
            let letters = text.iter().rev().take_while(|byte| is_name_byte(**byte));
            let word = text.get(text.len() - letters.count()..).unwrap_or_default();
            match PRECEDE_PATTERNS.contains(&word) {
                true => Slash::Regex,
                false => Slash::Division,
            }
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(
        c,
        '\u{b}' | '\u{c}' | '\n' | '\r' | '\t' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{3000}'
                | '\u{feff}'
    )
}

/// True for what names and numbers of scripts are made of.
pub(in crate::html) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'_')
}

/// Words behind which a value follows.
const PRECEDE_PATTERNS: &[&[u8]] = &[
    b"break",
    b"case",
    b"continue",
    b"delete",
    b"do",
    b"else",
    b"finally",
    b"in",
    b"instanceof",
    b"return",
    b"throw",
    b"try",
    b"typeof",
    b"void",
];
