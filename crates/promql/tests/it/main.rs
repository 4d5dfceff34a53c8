//! The engine as its callers see it, on scripts.

mod conformance;
mod hostile_text;
mod scripts;
