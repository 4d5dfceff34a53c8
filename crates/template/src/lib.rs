//! Go's template language, for alerts and notifications.
//!
//! A [`Template`] is parsed once and expanded with data any number of times. Data are [`Value`]s,
//! which carry Go's types, because output and messages depend on them; both are Go's, byte by
//! byte. [`AlertTemplate`] is what labels and annotations of alerting rules are made of.
//!
//! ```
//! use template::{AlertData, AlertTemplate, Environment};
//! use model::Labels;
//!
//! let text = "{{ $labels.instance }} is at {{ $value | humanizePercentage }}";
//! let template = AlertTemplate::parse("DiskFull", text).unwrap();
//! let labels = Labels::from_pairs([("instance", "web-1")]);
//! let data = AlertData::new(&labels, &Labels::empty(), "http://localhost:9090", 0.953);
//! let shown = template.expand(&data, &Environment::default()).unwrap();
//! assert_eq!(shown, "web-1 is at 95.3%");
//! ```
//!
//! **Must not know:** who calls it: queries are answered by a trait object; clocks, files, the
//! network.

mod alert;
mod ast;
mod environment;
mod eval;
mod format;
mod functions;
pub mod fuzzing;
mod html;
mod lexer;
mod limits;
mod parse;
mod template;
mod time;
mod unicode;
pub mod value;

pub use alert::{AlertData, AlertTemplate, AlertTemplateError};
pub use environment::{Environment, MissingKey, QuerySample, QueryTemplateData, WithoutQueries};
pub use eval::ExpandError;
pub use functions::{Context, Function, FunctionSet};
pub use limits::Limits;
pub use parse::ParseError;
pub use template::Template;
pub use time::Time;
pub use value::Value;
