//! Data that Prometheus wrote.
