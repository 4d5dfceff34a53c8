//! Pages: each value is escaped for the place where it stands, as Go's `html/template` does it.

mod attribute;
mod content;
mod context;
mod entities;
mod escape;
mod escapers;
mod json;
mod transition;
mod url;

pub(crate) use content::{mark_safe_html, safe_html, safe_html_type};
pub(crate) use escape::{Escaped, escape};
pub(crate) use escapers::ESCAPERS;
