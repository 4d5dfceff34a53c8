//! Numbers for people to read.

use super::Context;
use super::text::text;
use crate::format;
use crate::parse::parse_float;
use crate::time::{self, Time};
use crate::value::{IntegerKind, Value};

/// A number, a text that is one, or a duration as a float.
pub(super) fn to_float(values: &[Value]) -> Result<f64, String> {
    let value = values.first().unwrap_or(&Value::Invalid).out_of_interface();
    match value {
        Value::Float(number) => Ok(*number),
        Value::Text(text) => float_of_text(&text.to_str()),
        Value::Signed(IntegerKind::Int | IntegerKind::Int64, number) => Ok(*number as f64),
        Value::Unsigned(IntegerKind::Uint | IntegerKind::Uint64, number) => Ok(*number as f64),
        value => match time::as_duration(value) {
            Some(nanos) => Ok(time::seconds(nanos)),
            None => Err(format!("can't convert {} to float", value.type_name())),
        },
    }
}

/// Reads a float as Go does, with its words for what is none.
fn float_of_text(text: &str) -> Result<f64, String> {
    let fault = |what: &str| {
        let shown = format::quoted(text.as_bytes());
        format!("strconv.ParseFloat: parsing {shown}: {what}")
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let special = match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Some(f64::INFINITY),
        "nan" if unsigned == text => Some(f64::NAN),
        _ => None,
    };
    if let Some(special) = special {
        return Ok(if text.starts_with('-') {
            -special
        } else {
            special
        });
    }
    if let Some(number) = parse_float(text) {
        return Ok(number);
    }
    let is_decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    match unsigned.parse::<f64>() {
        Ok(number) if is_decimal && number.is_infinite() => Err(fault("value out of range")),
        _ => Err(fault("invalid syntax")),
    }
}

/// With a metric prefix.
pub(super) fn humanize(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let mut number = to_float(values)?;
    if number == 0.0 || !number.is_finite() {
        return Ok(Value::from(format::general(number, DIGITS)));
    }
    let mut prefix = "";
    if number.abs() >= 1.0 {
        for next in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
            if number.abs() < 1000.0 {
                break;
            }
            prefix = next;
            number /= 1000.0;
        }
    } else {
        (number, prefix) = small(number);
    }
    let digits = format::general(number, DIGITS);
    Ok(Value::from(format!("{digits}{prefix}")))
}

/// A number below one as thousandths and less.
fn small(mut number: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in ["m", "u", "n", "p", "f", "a", "z", "y"] {
        if number.abs() >= 1.0 {
            break;
        }
        prefix = next;
        number *= 1000.0;
    }
    (number, prefix)
}

/// With a prefix for powers of 1024.
pub(super) fn humanize_1024(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let mut number = to_float(values)?;
    let mut prefix = "";
    if number.abs() > 1.0 && number.is_finite() {
        for next in ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] {
            if number.abs() < 1024.0 {
                break;
            }
            prefix = next;
            number /= 1024.0;
        }
    }
    let digits = format::general(number, DIGITS);
    Ok(Value::from(format!("{digits}{prefix}")))
}

/// Seconds as days, hours, minutes and seconds.
pub(super) fn humanize_duration(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let number = to_float(values)?;
    if !number.is_finite() {
        return Ok(Value::from(format::general(number, DIGITS)));
    }
    let magnitude = number.abs();
    if magnitude < 1.0 {
        let (number, prefix) = match number == 0.0 {
            true => (number, ""),
            false => small(number),
        };
        let digits = format::general(number, DIGITS);
        return Ok(Value::from(format!("{digits}{prefix}s")));
    }
    let sign = if number < 0.0 { "-" } else { "" };
    // What does not fit wraps to the least whole number, as the machine does in Go.
    let whole = match magnitude < 9_223_372_036_854_775_808.0 {
        true => magnitude as i64,
        false => i64::MIN,
    };
    let (seconds, minutes) = (whole % 60, whole / 60 % 60);
    let (hours, days) = (whole / 3600 % 24, whole / 86_400);
    Ok(Value::from(if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", format::general(magnitude, DIGITS))
    }))
}

pub(super) fn humanize_percentage(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let digits = format::general(to_float(values)? * 100.0, DIGITS);
    Ok(Value::from(format!("{digits}%")))
}

/// Seconds since the Unix epoch as a date.
pub(super) fn humanize_timestamp(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let number = to_float(values)?;
    if !number.is_finite() {
        return Ok(Value::from(format::general(number, DIGITS)));
    }
    Ok(Value::from(time_of(number)?.to_string()))
}

/// Seconds since the Unix epoch as a time, which has methods.
pub(super) fn to_time(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let number = to_float(values)?;
    if !number.is_finite() {
        return Err("value is NaN or Inf".to_owned());
    }
    Ok(Value::Time(time_of(number)?).pointer())
}

/// A time of whole milliseconds.
fn time_of(seconds: f64) -> Result<Time, String> {
    let nanos = seconds * 1e9;
    if !(-9_223_372_036_854_775_808.0..=9_223_372_036_854_775_807.0).contains(&nanos) {
        let shown = model::number::general(seconds);
        return Err(format!(
            "{shown} cannot be represented as a nanoseconds timestamp since it overflows int64"
        ));
    }
    // Divided as Go does: towards zero.
    Ok(Time::of_millis(nanos as i64 / 1_000_000))
}

/// Seconds as a duration.
pub(super) fn to_duration(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let nanos = to_float(values)? * 1e9;
    Ok(time::duration(nanos as i64).pointer())
}

/// The time of evaluation in seconds.
pub(super) fn now(context: &mut Context<'_>, _: &[Value]) -> Result<Value, String> {
    Ok(Value::Float(context.environment.timestamp as f64 / 1000.0))
}

/// A duration in Prometheus' notation in seconds.
pub(super) fn parse_duration(_: &mut Context<'_>, values: &[Value]) -> Result<Value, String> {
    let text = text(values, 0);
    let text = text.to_str();
    let (sign, magnitude) = match text.strip_prefix('-') {
        Some(magnitude) => (-1.0, magnitude),
        None => (1.0, &*text),
    };
    let duration = model::duration::parse(magnitude).map_err(|error| error.to_string())?;
    Ok(Value::Float(sign * duration.as_secs_f64()))
}

/// Significant digits.
const DIGITS: usize = 4;
