//! Character references in attributes, so that scripts and addresses in them are seen as they are.

/// Text without character references. Of those with names the ones are known that stand for
/// characters of ASCII, which are all that can change a context; the others are left alone.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'&') {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        match reference(rest) {
            Some((c, len)) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = rest.get(len..).unwrap_or_default();
            }
            None => {
                out.push(b'&');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The character of a reference in front of a text, and the reference's length.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    if text.get(1) == Some(&b'#') {
        return numeric(text);
    }
    let letters = text
        .iter()
        .skip(1)
        .take_while(|byte| byte.is_ascii_alphanumeric());
    let len = letters.count();
    let name = text.get(1..=len)?;
    let ends = text.get(len + 1) == Some(&b';');
    let found = NAMES.iter().find(|(known, _)| known.as_bytes() == name);
    match found {
        Some((_, c)) if ends => Some((*c, len + 2)),
        // The oldest names may go without a semicolon, and with letters behind them.
        _ => OLD_NAMES.iter().find_map(|(known, c)| {
            let is_old = name.starts_with(known.as_bytes());
            is_old.then_some((*c, known.len() + 1))
        }),
    }
}

fn numeric(text: &[u8]) -> Option<(char, usize)> {
    let (start, radix) = match text.get(2) {
        Some(b'x' | b'X') => (3, 16),
        _ => (2, 10),
    };
    let digits = text.get(start..)?;
    let digits = digits
        .iter()
        .take_while(|&&byte| char::from(byte).is_digit(radix));
    let len = digits.count();
    let digits = std::str::from_utf8(text.get(start..start + len)?).ok()?;
    if digits.is_empty() {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let c = match code {
        0 => char::REPLACEMENT_CHARACTER,
        code => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    let ends = text.get(start + len) == Some(&b';');
    Some((c, start + len + usize::from(ends)))
}

const OLD_NAMES: [(&str, char); 9] = [
    ("quot", '"'),
    ("QUOT", '"'),
    ("amp", '&'),
    ("AMP", '&'),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("nbsp", '\u{a0}'),
];

const NAMES: [(&str, char); 52] = [
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("amp", '&'),
    ("AMP", '&'),
    ("apos", '\''),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("lt", '<'),
    ("LT", '<'),
    ("equals", '='),
    ("gt", '>'),
    ("GT", '>'),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("nbsp", '\u{a0}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("hairsp", '\u{200a}'),
    ("MediumSpace", '\u{205f}'),
];
