//! What is found out about a tree before it is evaluated: how long computed durations are, when
//! selectors look, which parts are the same at every step, and which labels will be read.

mod at_modifier;
mod durations;
mod projection;
mod reference_time;
mod repeated_parts;
mod statistics_only;
mod step_invariant;
mod time_range;

pub(crate) use at_modifier::resolve_at_modifiers;
pub(crate) use durations::resolve_durations;
pub(crate) use projection::projection_of;
pub(crate) use reference_time::reference_time;
pub(crate) use repeated_parts::RepeatedParts;
pub(crate) use statistics_only::StatisticsOnly;
pub(crate) use step_invariant::is_step_invariant;
pub(crate) use time_range::{
    extended_range, instant_range, range_of, range_range, subquery_steps, time_range,
};
