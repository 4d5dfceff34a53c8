//! A series as the text format writes it: what stands for a series of a page that has no such text.

use model::label::{is_legacy_label_name, is_legacy_metric_name};

/// Appends name and labels. `extra` is a label that comes last: a bound or a quantile.
pub(super) fn push_series<'l>(
    out: &mut Vec<u8>,
    (base, suffix): (&str, &str),
    labels: impl Iterator<Item = (&'l str, &'l str)>,
    extra: Option<(&'l str, &'l str)>,
) {
    let mut separator = b'{';
    if is_legacy_metric_name(base) {
        out.extend_from_slice(base.as_bytes());
        out.extend_from_slice(suffix.as_bytes());
    } else {
        out.extend_from_slice(b"{\"");
        push_escaped(out, base);
        out.extend_from_slice(suffix.as_bytes());
        out.push(b'"');
        separator = b',';
    }
    for (name, value) in labels.chain(extra) {
        out.push(separator);
        separator = b',';
        if is_legacy_label_name(name) {
            out.extend_from_slice(name.as_bytes());
        } else {
            push_quoted(out, name);
        }
        out.push(b'=');
        push_quoted(out, value);
    }
    if separator == b',' {
        out.push(b'}');
    }
}

/// Appends a name as `# TYPE` and the like have it.
pub(super) fn push_name(out: &mut Vec<u8>, name: &str) {
    if is_legacy_metric_name(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        push_quoted(out, name);
    }
}

fn push_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// Appends text with `\\`, `\"` and `\n` for what may not stand as it is.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr3(b'\\', b'"', b'\n', rest) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        out.push(b'\\');
        out.push(match special.first() {
            Some(b'\n') => b'n',
            Some(&byte) => byte,
            None => return,
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
