//! Writes pages: metric families in, bytes out, as Prometheus' client libraries print them.
//!
//! Families are written in the order given; a [`Registry`](crate::Registry) gives them sorted.

mod openmetrics;
pub(crate) mod protobuf;
mod text;
mod writer;

use model::MetricFamily;

use crate::negotiate::Format;

pub use openmetrics::encode_openmetrics;
pub use protobuf::encode_protobuf;
pub use text::encode_text;

/// Appends a page in the given format.
pub fn encode(format: Format, families: &[MetricFamily], out: &mut Vec<u8>) {
    match format {
        Format::Text => encode_text(families, out),
        Format::OpenMetrics => encode_openmetrics(families, out),
        Format::Protobuf => encode_protobuf(families, out),
    }
}
