//! Times and durations as Go has them, with the methods that templates call.

mod layout;
mod methods;

use std::fmt;
use std::sync::{Arc, LazyLock};

use model::date::Date;

use crate::value::{IntegerKind, NamedType, Type, Value};

pub(crate) use methods::methods;

/// A moment in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Time {
    /// Since the Unix epoch.
    seconds: i64,
    nanos: u32,
    /// East of Greenwich, in seconds.
    offset: i32,
    /// Short name of the zone.
    zone: Arc<str>,
}

impl Time {
    /// A moment in UTC, in milliseconds since the Unix epoch.
    pub fn of_millis(millis: i64) -> Self {
        let nanos = millis.rem_euclid(1000) * 1_000_000;
        Self::new(millis.div_euclid(1000), u32::try_from(nanos).unwrap_or(0))
    }

    /// A moment in UTC.
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self {
            seconds,
            nanos,
            offset: 0,
            zone: "UTC".into(),
        }
    }

    /// The moment that is none: the first of January of the year 1.
    pub(crate) fn zero() -> Self {
        Self::new(ZERO_SECONDS, 0)
    }

    /// The same moment in another zone.
    #[must_use]
    pub fn in_zone(&self, offset: i32, zone: &str) -> Self {
        Self {
            offset,
            zone: zone.into(),
            ..self.clone()
        }
    }

    /// Seconds since the Unix epoch.
    pub fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Seconds since the Unix epoch on the clock of the zone.
    fn local(&self) -> i64 {
        self.seconds.saturating_add(i64::from(self.offset))
    }

    fn date(&self) -> Date {
        Date::from_days(self.local().div_euclid(DAY_SECONDS))
    }

    /// Hour, minute and second of the day.
    fn clock(&self) -> (i64, i64, i64) {
        let second = self.local().rem_euclid(DAY_SECONDS);
        (second / 3600, second / 60 % 60, second % 60)
    }

    /// Later by some nanoseconds.
    fn plus(&self, nanos: i64) -> Self {
        let total = i64::from(self.nanos) + nanos.rem_euclid(NANOS);
        let carried = nanos.div_euclid(NANOS) + total.div_euclid(NANOS);
        Self {
            seconds: self.seconds.saturating_add(carried),
            nanos: u32::try_from(total.rem_euclid(NANOS)).unwrap_or(0),
            ..self.clone()
        }
    }

    /// Nanoseconds from another moment to this one, as far as they fit.
    fn since(&self, other: &Self) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let nanos = i128::from(self.nanos) - i128::from(other.nanos);
        let total = seconds * i128::from(NANOS) + nanos;
        let most = if total < 0 { i64::MIN } else { i64::MAX };
        i64::try_from(total).unwrap_or(most)
    }

    /// As a layout of Go's shows it.
    pub(crate) fn format(&self, layout: &str) -> String {
        layout::format(self, layout)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// A duration of some nanoseconds.
pub(crate) fn duration(nanos: i64) -> Value {
    named(&DURATION, Value::Signed(IntegerKind::Int64, nanos))
}

/// `time.Duration`.
pub(crate) fn duration_type() -> Type {
    Type::Named(Arc::clone(&DURATION))
}

/// The nanoseconds of a duration.
pub(crate) fn as_duration(value: &Value) -> Option<i64> {
    match value {
        Value::Named(kind, inner) if Arc::ptr_eq(kind, &DURATION) => match **inner {
            Value::Signed(_, nanos) => Some(nanos),
            _ => None,
        },
        _ => None,
    }
}

/// Nanoseconds as seconds, in two parts as Go does it.
pub(crate) fn seconds(nanos: i64) -> f64 {
    (nanos / NANOS) as f64 + (nanos % NANOS) as f64 / 1e9
}

/// A duration as Go prints it: `1h2m3.5s`.
pub(crate) fn duration_text(nanos: i64) -> String {
    let magnitude = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let (unit, name) = match magnitude {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let fraction = with_fraction(magnitude, unit);
    if name != "s" {
        return format!("{sign}{fraction}{name}");
    }
    let seconds = magnitude / 1_000_000_000;
    let fraction = with_fraction(magnitude % 60_000_000_000, unit);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{fraction}s"),
        (0, minutes) => format!("{sign}{minutes}m{fraction}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{fraction}s"),
    }
}

/// A number of units with what is left behind the point, without zeros at the end.
fn with_fraction(number: u64, unit: u64) -> String {
    let digits = usize::try_from(unit.ilog10()).unwrap_or(0);
    let text = format!("{}.{:0digits$}", number / unit, number % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn named(kind: &Arc<NamedType>, value: Value) -> Value {
    Value::Named(Arc::clone(kind), Arc::new(value))
}

/// A month by its number.
fn month(number: i64) -> Value {
    named(&MONTH, Value::int(number))
}

/// A day of the week by its number; 0 is Sunday.
fn weekday(number: i64) -> Value {
    named(&WEEKDAY, Value::int(number))
}

fn name_of(value: &Value, names: &[&str], first: i64, kind: &str) -> String {
    let number = match value.underlying() {
        Value::Signed(_, number) => *number,
        _ => 0,
    };
    let index = usize::try_from(number - first).ok();
    match index.and_then(|index| names.get(index)) {
        Some(name) => (*name).to_owned(),
        None => format!("%!{kind}({number})"),
    }
}

static DURATION: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "time.Duration",
        underlying: Type::Integer(IntegerKind::Int64),
        methods: methods::of_duration(),
        text: Some(|value| duration_text(as_duration(value).unwrap_or(0))),
    })
});

static MONTH: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "time.Month",
        underlying: Type::Integer(IntegerKind::Int),
        methods: methods::of_month(),
        text: Some(|value| name_of(value, &MONTHS, 1, "Month")),
    })
});

static WEEKDAY: LazyLock<Arc<NamedType>> = LazyLock::new(|| {
    Arc::new(NamedType {
        name: "time.Weekday",
        underlying: Type::Integer(IntegerKind::Int),
        methods: methods::of_weekday(),
        text: Some(|value| name_of(value, &WEEKDAYS, 0, "Weekday")),
    })
});

const DAY_SECONDS: i64 = 86_400;
const NANOS: i64 = 1_000_000_000;
/// 0001-01-01 00:00:00 UTC.
const ZERO_SECONDS: i64 = -62_135_596_800;

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(crate) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
