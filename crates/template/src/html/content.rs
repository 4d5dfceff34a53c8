//! Text whose type says where in a page it is safe.

use std::sync::{Arc, LazyLock};

use crate::format;
use crate::functions::Context;
use crate::value::{NamedType, Text, Type, Value};

/// What some text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Plain,
    Style,
    Html,
    HtmlAttribute,
    Script,
    ScriptText,
    Url,
    SourceSet,
    /// Never to be filled with what is not constant.
    Unsafe,
}

/// Text that is HTML already.
static HTML: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "template.HTML",
        underlying: Type::Text,
        methods: Vec::new(),
        text: None,
    })
});

/// The type of text that is HTML already.
pub(crate) fn safe_html_type() -> Type {
    Type::Named(Arc::clone(&HTML))
}

/// Text that is HTML already.
pub(crate) fn safe_html(text: Text) -> Value {
    Value::Named(Arc::clone(&HTML), Arc::new(Value::Text(text)))
}

/// `safeHtml`.
pub(crate) fn mark_safe_html(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let text = values.first().and_then(Value::as_text);
    Ok(safe_html(text.cloned().unwrap_or_default()))
}

/// What a value is, by its type.
pub(super) fn content_of(value: &Value) -> Content {
    let Value::Named(kind, _) = value else {
        return Content::Plain;
    };
    match kind.name {
        "template.CSS" => Content::Style,
        "template.HTML" => Content::Html,
        "template.HTMLAttr" => Content::HtmlAttribute,
        "template.JS" => Content::Script,
        "template.JSStr" => Content::ScriptText,
        "template.URL" => Content::Url,
        "template.Srcset" => Content::SourceSet,
        _ => Content::Plain,
    }
}

/// The arguments of an escaper as text, and what that is.
pub(super) fn text_of(
    context: &Context<'_>,
    values: &[Value],
) -> Result<(Vec<u8>, Content), String> {
    if let [only] = values {
        let (only, _) = only.indirect();
        let content = content_of(only);
        let is_text = matches!(only, Value::Text(_)) || content != Content::Plain;
        if let Some(text) = only.as_text().filter(|_| is_text) {
            return Ok((text.to_vec(), content));
        }
    }
    let values: Vec<Value> = values
        .iter()
        .map(|value| value.out_of_interface())
        .filter(|value| !matches!(value, Value::Invalid))
        .map(|value| value.indirect().0.clone())
        .collect();
    let most = context.room();
    let text = format::print(&values, most.saturating_add(1));
    match text.len() > most {
        true => Err(context.budget.out_of_memory()),
        false => Ok((text, Content::Plain)),
    }
}
