//! Text that is known to be safe in some place of a page.

use std::sync::{Arc, LazyLock};

use crate::functions::Context;
use crate::value::{NamedType, Text, Type, Value};

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
