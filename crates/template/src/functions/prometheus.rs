//! The functions of alert labels and annotations, and of consoles.

use super::{Body, Named, number, path, query, text};
use crate::html;
use crate::time;
use crate::value::{Signature, Type};

pub(super) fn list() -> Vec<Named> {
    let plain = Body::Plain;
    let texts = |count: usize| vec![Type::Text; count];
    let text_to_text = || Signature::new(texts(1), Type::Text);
    let humanize = || Signature::fallible([Type::Interface], Type::Text);
    let (sample, result) = (query::sample_type, query::result_type);
    vec![
        (
            "query",
            Signature::fallible(texts(1), result()),
            plain(query::query),
        ),
        (
            "first",
            Signature::fallible([result()], sample()),
            plain(query::first),
        ),
        (
            "label",
            Signature::new([Type::Text, sample()], Type::Text),
            plain(query::label),
        ),
        (
            "value",
            Signature::new([sample()], Type::Float),
            plain(query::value),
        ),
        (
            "strvalue",
            Signature::new([sample()], Type::Text),
            plain(query::string_value),
        ),
        (
            "sortByLabel",
            Signature::new([Type::Text, result()], result()),
            plain(query::sort_by_label),
        ),
        (
            "args",
            Signature::new([Type::Interface], Type::map_of(Type::Interface)).variadic(),
            plain(query::args),
        ),
        (
            "reReplaceAll",
            Signature::new(texts(3), Type::Text),
            plain(text::replace_all),
        ),
        (
            "match",
            Signature::fallible(texts(2), Type::Bool),
            plain(text::is_match),
        ),
        ("title", text_to_text(), plain(text::title)),
        ("toUpper", text_to_text(), plain(text::to_upper)),
        ("toLower", text_to_text(), plain(text::to_lower)),
        (
            "safeHtml",
            Signature::new(texts(1), html::safe_html_type()),
            plain(html::mark_safe_html),
        ),
        ("graphLink", text_to_text(), plain(path::graph_link)),
        ("tableLink", text_to_text(), plain(path::table_link)),
        ("stripPort", text_to_text(), plain(path::strip_port)),
        ("stripDomain", text_to_text(), plain(path::strip_domain)),
        (
            "urlQueryEscape",
            text_to_text(),
            plain(path::url_query_escape),
        ),
        (
            "pathPrefix",
            Signature::new([], Type::Text),
            plain(path::path_prefix),
        ),
        (
            "externalURL",
            Signature::new([], Type::Text),
            plain(path::external_url),
        ),
        ("humanize", humanize(), plain(number::humanize)),
        ("humanize1024", humanize(), plain(number::humanize_1024)),
        (
            "humanizeDuration",
            humanize(),
            plain(number::humanize_duration),
        ),
        (
            "humanizePercentage",
            humanize(),
            plain(number::humanize_percentage),
        ),
        (
            "humanizeTimestamp",
            humanize(),
            plain(number::humanize_timestamp),
        ),
        (
            "toTime",
            Signature::fallible([Type::Interface], Type::pointer_to(Type::Time)),
            plain(number::to_time),
        ),
        (
            "toDuration",
            Signature::fallible([Type::Interface], Type::pointer_to(time::duration_type())),
            plain(number::to_duration),
        ),
        ("now", Signature::new([], Type::Float), plain(number::now)),
        (
            "parseDuration",
            Signature::fallible(texts(1), Type::Float),
            plain(number::parse_duration),
        ),
    ]
}

/// What consoles have besides.
pub(super) fn console() -> Vec<Named> {
    let signature = Signature::fallible([Type::Text, Type::Interface], html::safe_html_type());
    vec![("tmpl", signature, Body::Template)]
}
