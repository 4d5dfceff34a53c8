//! Elementary functions as Go computes them, to the last digit.
//!
//! Answers are compared with Prometheus digit by digit, and no two mathematical libraries agree on
//! the last one. The algorithms are public ones: [`logarithm`] and [`power`] go back to FreeBSD's
//! msun, [`trigonometry`], [`arc`] and [`hyperbolic`] to Moshier's Cephes and to Hart & Cheney,
//! [`exponential`] to Shibata's SLEEF. The order of operations is part of the result: nothing here
//! may be rearranged.

pub mod arc;
pub mod exponential;
pub mod hyperbolic;
pub mod logarithm;
pub mod parts;
pub mod power;
pub mod trigonometry;

#[cfg(test)]
mod tests;
