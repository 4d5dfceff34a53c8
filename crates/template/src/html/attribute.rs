//! What the values of attributes mean.

use super::content::Content;

/// The kind of an attribute's value, by its name in small letters. What is not known and looks like
/// a script or an address is taken for one.
pub(super) fn kind(name: &[u8]) -> Content {
    let name = String::from_utf8_lossy(name);
    let mut name = &*name;
    if let Some(rest) = name.strip_prefix("data-") {
        name = rest;
    } else if let Some((prefix, rest)) = name.split_once(':') {
        if prefix == "xmlns" {
            return Content::Url;
        }
        name = rest;
    }
    match name {
        "accept-charset" | "async" | "challenge" | "charset" | "content" | "crossorigin"
        | "defer" | "enctype" | "form" | "formenctype" | "formmethod" | "formnovalidate"
        | "http-equiv" | "keytype" | "language" | "method" | "novalidate" | "pattern" | "rel"
        | "sandbox" | "type" | "value" => Content::Unsafe,
        "action" | "archive" | "background" | "cite" | "classid" | "codebase" | "data"
        | "formaction" | "href" | "icon" | "longdesc" | "manifest" | "poster" | "profile"
        | "src" | "usemap" | "xmlns" => Content::Url,
        "srcdoc" => Content::Html,
        "srcset" => Content::SourceSet,
        "style" => Content::Style,
        "srclang" => Content::Plain,
        name if name.starts_with("on") => Content::Script,
        name if ["src", "uri", "url"].iter().any(|part| name.contains(part)) => Content::Url,
        _ => Content::Plain,
    }
}
