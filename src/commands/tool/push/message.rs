//! The two messages of remote write, as protobuf.

use std::collections::HashMap;

use model::MetricType;

use super::families::Page;

/// `prometheus.WriteRequest`.
pub(super) fn v1(page: &Page) -> Vec<u8> {
    let mut out = Vec::new();
    for series in &page.series {
        let mut message = Vec::new();
        for (name, value) in series.labels.iter() {
            let mut label = Vec::new();
            bytes(&mut label, 1, name.as_bytes());
            bytes(&mut label, 2, value.as_bytes());
            bytes(&mut message, 1, &label);
        }
        bytes(&mut message, 2, &sample(series.value, series.timestamp));
        bytes(&mut out, 1, &message);
    }
    for family in &page.families {
        let mut message = Vec::new();
        number(&mut message, 1, type_number(family.metric_type));
        bytes(&mut message, 2, family.name.as_bytes());
        bytes(&mut message, 4, family.help.as_bytes());
        bytes(&mut out, 3, &message);
    }
    out
}

/// `io.prometheus.write.v2.Request`.
pub(super) fn v2(page: &Page) -> Vec<u8> {
    let mut symbols = Symbols::default();
    // The first symbol is the empty text.
    symbols.number("");
    let mut all = Vec::new();
    for series in &page.series {
        let mut references = Vec::new();
        for (name, value) in series.labels.iter() {
            varint(&mut references, symbols.number(name));
            varint(&mut references, symbols.number(value));
        }
        let mut message = Vec::new();
        bytes(&mut message, 1, &references);
        bytes(&mut message, 2, &sample(series.value, series.timestamp));
        if let Some(family) = series.family.and_then(|family| page.families.get(family)) {
            let mut metadata = Vec::new();
            number(&mut metadata, 1, type_number(family.metric_type));
            number(&mut metadata, 3, symbols.number(&family.help));
            bytes(&mut message, 5, &metadata);
        }
        bytes(&mut all, 5, &message);
    }
    let mut out = Vec::new();
    for symbol in &symbols.list {
        bytes(&mut out, 4, symbol.as_bytes());
    }
    out.extend(all);
    out
}

/// Texts by number.
#[derive(Default)]
struct Symbols {
    list: Vec<String>,
    numbers: HashMap<String, u64>,
}

impl Symbols {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u64::try_from(self.list.len()).unwrap_or(0);
        self.list.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

fn sample(value: f64, timestamp: i64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, 1 << 3 | 1);
    out.extend(value.to_le_bytes());
    number(&mut out, 2, timestamp.cast_unsigned());
    out
}

/// The type's number, which is the same in both messages.
fn type_number(metric_type: MetricType) -> u64 {
    match metric_type {
        MetricType::Counter => 1,
        MetricType::Gauge => 2,
        MetricType::Histogram => 3,
        MetricType::GaugeHistogram => 4,
        MetricType::Summary => 5,
        MetricType::Info => 6,
        MetricType::StateSet => 7,
        MetricType::Unknown => 0,
    }
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, u64::try_from(content.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(content);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
