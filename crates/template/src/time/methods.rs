//! The methods of times, durations, months and days of the week that a template can call.

use std::sync::LazyLock;

use model::date::Date;

use super::{NANOS, Time, as_duration, duration, duration_text, duration_type, month, weekday};
use crate::value::{IntegerKind, Method, Signature, Type, Value};

/// Those of a time.
pub(crate) fn methods() -> &'static [Method] {
    static METHODS: LazyLock<Vec<Method>> = LazyLock::new(of_time);
    &METHODS
}

type Body = fn(&Value, &[Value]) -> Result<Value, String>;

fn method(name: &'static str, parameters: &[Type], result: Type, body: Body) -> Method {
    Method {
        name,
        signature: Signature::new(parameters, result),
        body,
    }
}

fn int() -> Type {
    Type::Integer(IntegerKind::Int)
}

fn long() -> Type {
    Type::Integer(IntegerKind::Int64)
}

fn int64(number: i64) -> Result<Value, String> {
    Ok(Value::Signed(IntegerKind::Int64, number))
}

fn of_time() -> Vec<Method> {
    let time = Type::Time;
    let length = duration_type;
    vec![
        method("Format", &[Type::Text], Type::Text, |value, values| {
            let layout = values.first().and_then(Value::as_text).cloned();
            let layout = layout.unwrap_or_default();
            Ok(Value::from(time_of(value).format(&layout.to_str())))
        }),
        method("String", &[], Type::Text, |value, _| {
            Ok(Value::from(time_of(value).to_string()))
        }),
        method("Unix", &[], long(), |value, _| {
            int64(time_of(value).seconds)
        }),
        method("UnixMilli", &[], long(), |value, _| {
            int64(scaled(&time_of(value), 1_000))
        }),
        method("UnixMicro", &[], long(), |value, _| {
            int64(scaled(&time_of(value), 1_000_000))
        }),
        method("UnixNano", &[], long(), |value, _| {
            int64(scaled(&time_of(value), NANOS))
        }),
        method("Year", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).date().year))
        }),
        method("Month", &[], int(), |value, _| {
            Ok(month(time_of(value).date().month))
        }),
        method("Day", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).date().day))
        }),
        method("YearDay", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).date().day_of_year()))
        }),
        method("Weekday", &[], int(), |value, _| {
            Ok(weekday(time_of(value).date().day_of_week()))
        }),
        method("Hour", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).clock().0))
        }),
        method("Minute", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).clock().1))
        }),
        method("Second", &[], int(), |value, _| {
            Ok(Value::int(time_of(value).clock().2))
        }),
        method("Nanosecond", &[], int(), |value, _| {
            Ok(Value::int(i64::from(time_of(value).nanos)))
        }),
        method("IsZero", &[], Type::Bool, |value, _| {
            let time = time_of(value);
            Ok(Value::Bool(time.since(&Time::zero()) == 0))
        }),
        method("UTC", &[], Type::Time, |value, _| {
            Ok(Value::Time(time_of(value).in_zone(0, "UTC")))
        }),
        method("Add", &[length()], Type::Time, |value, values| {
            Ok(Value::Time(time_of(value).plus(nanos_at(values, 0))))
        }),
        method(
            "Sub",
            std::slice::from_ref(&time),
            length(),
            |value, values| Ok(duration(time_of(value).since(&time_at(values)))),
        ),
        method(
            "After",
            std::slice::from_ref(&time),
            Type::Bool,
            |value, values| {
                Ok(Value::Bool(
                    moment(&time_of(value)) > moment(&time_at(values)),
                ))
            },
        ),
        method(
            "Before",
            std::slice::from_ref(&time),
            Type::Bool,
            |value, values| {
                Ok(Value::Bool(
                    moment(&time_of(value)) < moment(&time_at(values)),
                ))
            },
        ),
        method(
            "Equal",
            std::slice::from_ref(&time),
            Type::Bool,
            |value, values| {
                Ok(Value::Bool(
                    moment(&time_of(value)) == moment(&time_at(values)),
                ))
            },
        ),
        method(
            "Compare",
            std::slice::from_ref(&time),
            int(),
            |value, values| {
                let order = moment(&time_of(value)).cmp(&moment(&time_at(values)));
                Ok(Value::int(order as i64))
            },
        ),
        method(
            "AddDate",
            &[int(), int(), int()],
            Type::Time,
            |value, values| Ok(Value::Time(later(&time_of(value), values))),
        ),
        method("Truncate", &[length()], Type::Time, |value, values| {
            let time = time_of(value);
            Ok(Value::Time(time.plus(-past(&time, nanos_at(values, 0)))))
        }),
        method("Round", &[length()], Type::Time, |value, values| {
            let (time, unit) = (time_of(value), nanos_at(values, 0));
            let past = past(&time, unit);
            let forward = past > 0 && past >= unit - past;
            Ok(Value::Time(time.plus(if forward {
                unit - past
            } else {
                -past
            })))
        }),
    ]
}

pub(super) fn of_duration() -> Vec<Method> {
    let float = |name, body| method(name, &[], Type::Float, body);
    vec![
        float("Seconds", |value, _| {
            Ok(Value::Float(super::seconds(nanos(value))))
        }),
        float("Minutes", |value, _| {
            Ok(Value::Float(units(value, 60 * NANOS)))
        }),
        float("Hours", |value, _| {
            Ok(Value::Float(units(value, 3600 * NANOS)))
        }),
        method("Nanoseconds", &[], long(), |value, _| int64(nanos(value))),
        method("Microseconds", &[], long(), |value, _| {
            int64(nanos(value) / 1_000)
        }),
        method("Milliseconds", &[], long(), |value, _| {
            int64(nanos(value) / 1_000_000)
        }),
        method("String", &[], Type::Text, |value, _| {
            Ok(Value::from(duration_text(nanos(value))))
        }),
        // The type of the parameter is the one that is being made here; whole numbers of its kind
        // are what it is made of.
        method("Abs", &[], long(), |value, _| {
            Ok(duration(nanos(value).saturating_abs()))
        }),
        method("Truncate", &[Type::Reflected], long(), |value, values| {
            let (nanos, unit) = (nanos(value), nanos_at(values, 0));
            Ok(duration(if unit <= 0 {
                nanos
            } else {
                nanos - nanos % unit
            }))
        }),
        method("Round", &[Type::Reflected], long(), |value, values| {
            Ok(duration(rounded(nanos(value), nanos_at(values, 0))))
        }),
    ]
}

pub(super) fn of_month() -> Vec<Method> {
    vec![method("String", &[], Type::Text, own_text)]
}

pub(super) fn of_weekday() -> Vec<Method> {
    vec![method("String", &[], Type::Text, own_text)]
}

fn own_text(value: &Value, _: &[Value]) -> Result<Value, String> {
    Ok(Value::from(crate::format::shown(value, 'v')))
}

fn time_of(value: &Value) -> Time {
    match value {
        Value::Time(time) => time.clone(),
        _ => Time::zero(),
    }
}

fn time_at(values: &[Value]) -> Time {
    time_of(values.first().unwrap_or(&Value::Invalid))
}

fn nanos(value: &Value) -> i64 {
    match value.indirect().0.underlying() {
        Value::Signed(_, nanos) => *nanos,
        _ => 0,
    }
}

fn nanos_at(values: &[Value], index: usize) -> i64 {
    let value = values.get(index).unwrap_or(&Value::Invalid);
    as_duration(value).unwrap_or_else(|| nanos(value))
}

/// A duration in units, in two parts as Go does it.
fn units(value: &Value, unit: i64) -> f64 {
    let nanos = nanos(value);
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

fn moment(time: &Time) -> (i64, u32) {
    (time.seconds, time.nanos)
}

/// Since the Unix epoch in parts of a second.
fn scaled(time: &Time, parts: i64) -> i64 {
    let below = i64::from(time.nanos) / (NANOS / parts);
    time.seconds.wrapping_mul(parts).wrapping_add(below)
}

/// Nanoseconds past the last multiple of a unit since the zero time.
fn past(time: &Time, unit: i64) -> i64 {
    if unit <= 0 {
        return 0;
    }
    let seconds = i128::from(time.seconds) - i128::from(super::ZERO_SECONDS);
    let total = seconds * i128::from(NANOS) + i128::from(time.nanos);
    i64::try_from(total.rem_euclid(i128::from(unit))).unwrap_or(0)
}

fn rounded(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let past = nanos % unit;
    let nearer = past.abs() >= unit - past.abs();
    match (nanos < 0, nearer) {
        (false, false) | (true, false) => nanos - past,
        (false, true) => nanos.saturating_add(unit - past),
        (true, true) => nanos.saturating_sub(unit + past),
    }
}

/// Later by years, months and days; a day that the month does not have is one of the next.
fn later(time: &Time, values: &[Value]) -> Time {
    let number = |index: usize| {
        values
            .get(index)
            .map_or(0, nanos)
            .clamp(-MOST_UNITS, MOST_UNITS)
    };
    let date = time.date();
    let months = date.year * 12 + date.month - 1 + number(0) * 12 + number(1);
    let first = Date {
        year: months.div_euclid(12),
        month: months.rem_euclid(12) + 1,
        day: 1,
    };
    let days = first.days() + date.day - 1 + number(2) - date.days();
    Time {
        seconds: time.seconds.saturating_add(days * super::DAY_SECONDS),
        ..time.clone()
    }
}

/// Years, months and days are bounded, so that dates can be calculated with.
const MOST_UNITS: i64 = 1_000_000_000;
