//! Counter resets: what a histogram says of them, and finding them.

/// What is known of a counter reset between a histogram and the one before it in its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterResetHint {
    /// Nothing: the two have to be compared.
    #[default]
    Unknown,
    /// There was a counter reset.
    Reset,
    /// There was none.
    NotReset,
    /// The histogram is a gauge: counter resets have no meaning.
    Gauge,
}
