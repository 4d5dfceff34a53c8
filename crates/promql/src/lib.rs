//! Parse, plan and evaluate PromQL.
