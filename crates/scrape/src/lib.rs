//! Pools of loops that fetch, parse, relabel and append.
