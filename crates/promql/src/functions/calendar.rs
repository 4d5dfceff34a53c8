//! Functions that read a value as seconds since the Unix epoch and say what the calendar shows, in
//! UTC.

use model::date::Date;

use crate::functions::Function;

/// What the function says of the moment `seconds` after the Unix epoch, for calendar functions.
pub(crate) fn of_seconds(function: Function) -> Option<fn(f64) -> f64> {
    Some(match function {
        Function::Minute => |at| whole(at).rem_euclid(HOUR).div_euclid(MINUTE) as f64,
        Function::Hour => |at| whole(at).rem_euclid(DAY).div_euclid(HOUR) as f64,
        Function::DayOfWeek => |at| date(at).day_of_week() as f64,
        Function::DayOfMonth => |at| date(at).day as f64,
        Function::DayOfYear => |at| date(at).day_of_year() as f64,
        Function::DaysInMonth => |at| date(at).days_in_month() as f64,
        Function::Month => |at| date(at).month as f64,
        Function::Year => |at| date(at).year as f64,
        _ => return None,
    })
}

/// Whole seconds; what is no number or out of range stands for the earliest moment.
fn whole(seconds: f64) -> i64 {
    let limit = i64::MAX as f64;
    if seconds.abs() < limit {
        seconds as i64
    } else {
        i64::MIN
    }
}

fn date(seconds: f64) -> Date {
    Date::from_days(whole(seconds).div_euclid(DAY))
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_from_the_calendar() {
        // 2006-01-02T22:04:05Z, a Monday.
        let cases = [
            (Function::Minute, 4.0),
            (Function::Hour, 22.0),
            (Function::DayOfWeek, 1.0),
            (Function::DayOfMonth, 2.0),
            (Function::DayOfYear, 2.0),
            (Function::DaysInMonth, 31.0),
            (Function::Month, 1.0),
            (Function::Year, 2006.0),
        ];
        for (function, want) in cases {
            let read = of_seconds(function).unwrap();
            assert_eq!(read(1_136_239_445.0), want, "{function}");
            assert!(read(f64::NAN).is_finite() && read(1e300).is_finite());
        }
        assert!(of_seconds(Function::Abs).is_none());
    }
}
