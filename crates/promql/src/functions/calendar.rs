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

/// Whole seconds; what is no number or out of range stands for [`NO_MOMENT`].
fn whole(seconds: f64) -> i128 {
    let limit = i64::MAX as f64;
    if seconds.abs() < limit {
        i128::from(seconds as i64)
    } else {
        NO_MOMENT
    }
}

fn date(seconds: f64) -> Date {
    let days = i64::try_from(whole(seconds).div_euclid(DAY));
    Date::from_days(days.expect("days are fewer than seconds"))
}

const MINUTE: i128 = 60;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// The last second that Go's calendar knows: it takes the earliest as unsigned.
const NO_MOMENT: i128 = 1 << 63;

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
            assert!(read(1e18).is_finite() && read(-1e18).is_finite());
        }
        assert!(of_seconds(Function::Abs).is_none());
    }

    #[test]
    fn what_is_no_moment_is_gos_last_one() {
        for seconds in [f64::NAN, f64::INFINITY, -1e300] {
            let read = |function| of_seconds(function).unwrap()(seconds);
            let clock = [Function::Hour, Function::Minute].map(read);
            let calendar = [Function::Year, Function::Month, Function::DayOfMonth].map(read);
            assert_eq!(clock, [15.0, 30.0]);
            assert_eq!(calendar, [292_277_026_596.0, 12.0, 4.0]);
        }
    }
}
