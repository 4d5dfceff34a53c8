//! What is found out about a tree before it is evaluated: when its selectors look, which parts are
//! the same at every step, and which labels will be read.

mod at_modifier;
mod projection;
mod step_invariant;
mod time_range;

pub(crate) use at_modifier::resolve_at_modifiers;
pub(crate) use projection::projection_of;
pub(crate) use step_invariant::is_step_invariant;
pub(crate) use time_range::{instant_range, range_range, subquery_steps, time_range};
