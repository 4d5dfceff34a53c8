//! Whole scrapes over loopback: a manager, a store, and targets that behave well or badly.

mod bad_targets_harm_nobody;
mod fleet;
mod targets_come_and_go;
