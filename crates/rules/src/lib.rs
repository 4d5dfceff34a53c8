//! Recording and alerting rules, and handing alerts over.
//!
//! [`load::files`] reads files of rules and checks them, [`spec::groups`] applies the server's
//! settings, and a [`Manager`] evaluates each group at its own place in the interval, one rule after
//! the other: recording rules store series, alerting rules let alerts wait, fire and end. The state
//! of alerts is kept in a journal beside the data, so that it outlives a crash. A [`ManagerHandle`]
//! tells how groups, rules and alerts stand ([`GroupStatus`]). A [`notifier::Notifier`] hands alerts
//! over to Alertmanagers.
//!
//! ```
//! use rules::load::{self, LoadOptions};
//!
//! let text = "groups: [{name: a, rules: [{record: 'job:up:sum', expr: sum by (job) (up)}]}]";
//! let file = load::load_text(text, "rules.yml", &LoadOptions::default()).unwrap();
//! assert_eq!(file.groups[0].rules[0].name(), "job:up:sum");
//!
//! let wrong = text.replace("up)}", "up}");
//! let problems = load::load_text(&wrong, "rules.yml", &LoadOptions::default()).unwrap_err();
//! assert!(problems.to_string().contains("could not parse expression"));
//! ```
//!
//! **Must not know:** what Alertmanager does with alerts, how its addresses are discovered, how
//! samples are stored.

mod alerting;
pub mod backfill;
mod context;
mod expand;
mod generator;
mod group;
mod instruments;
mod journal;
pub mod lint;
pub mod load;
mod manager;
pub mod notifier;
mod query;
mod recording;
mod rule;
pub mod spec;
mod status;
pub mod unit_test;
mod world;

pub use alerting::state::AlertState;
pub use context::Context;
pub use manager::{JournalOptions, Manager, ManagerHandle, RulesConfig, RulesOptions};
pub use query::{QuerySource, RuleQueryError};
pub use rule::Health;
pub use spec::{GroupDefaults, GroupKey, GroupSpec, RuleSpec};
pub use status::{AlertStatus, AlertingStatus, GroupStatus, RuleStatus};
pub use world::Notify;
