//! The engine as its callers see it, on scripts.

mod conformance;
mod dashboards;
mod hostile_text;
mod outside;
mod reference;
mod scripts;
