//! The Gregorian calendar in UTC, and RFC 3339 text of moments in it.

const DAY_MILLIS: i64 = 86_400_000;

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Astronomical year: 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Date {
    /// The day that is `days` after 1970-01-01. Counts 400-year eras that begin in March, so that
    /// the leap day is the last of its year.
    pub fn from_days(days: i64) -> Self {
        let shifted = days + ERA_SHIFT;
        let era = shifted.div_euclid(ERA_DAYS);
        let day_of_era = shifted.rem_euclid(ERA_DAYS);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 {
            from_march + 3
        } else {
            from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day,
        }
    }

    /// The day that holds this moment, in milliseconds since the Unix epoch.
    pub fn of_millis(millis: i64) -> Self {
        Self::from_days(millis.div_euclid(DAY_MILLIS))
    }

    /// Days after 1970-01-01.
    pub fn days(self) -> i64 {
        let shifted = if self.month > 2 {
            self.year
        } else {
            self.year - 1
        };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let from_march = (self.month + 9) % 12;
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let leaps = year_of_era / 4 - year_of_era / 100;
        era * ERA_DAYS + year_of_era * 365 + leaps + day_of_year - ERA_SHIFT
    }

    /// Days in the month of this day.
    pub fn days_in_month(self) -> i64 {
        match self.month {
            2 if self.is_in_leap_year() => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Day of the year, from 1.
    pub fn day_of_year(self) -> i64 {
        self.days()
            - Self {
                month: 1,
                day: 1,
                ..self
            }
            .days()
            + 1
    }

    /// Day of the week: 0 is Sunday.
    pub fn day_of_week(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.days() + 4).rem_euclid(7)
    }

    fn is_in_leap_year(self) -> bool {
        (self.year % 4 == 0 && self.year % 100 != 0) || self.year % 400 == 0
    }
}

/// Days in 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01, where an era begins, to 1970-01-01.
const ERA_SHIFT: i64 = 719_468;

/// Prints milliseconds since the Unix epoch as `2026-11-21T12:34:56.789Z`.
pub fn format_rfc3339(millis: i64) -> String {
    let Date { year, month, day } = Date::of_millis(millis);
    let in_day = millis.rem_euclid(DAY_MILLIS);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads `2026-11-21T12:34:56.789Z` and `…+01:00` as milliseconds since the Unix epoch.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    for (at, wanted) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")] {
        text.get(at..=at)
            .filter(|found| found.eq_ignore_ascii_case(wanted))?;
    }
    let date = Date {
        year: number(0..4)?,
        month: number(5..7)?,
        day: number(8..10)?,
    };
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let month_exists = (1..=12).contains(&date.month);
    if !month_exists || !(1..=date.days_in_month()).contains(&date.day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (millis, zone) = match text.get(19..)?.strip_prefix('.') {
        Some(fraction) => fraction_millis(fraction)?,
        None => (0, text.get(19..)?),
    };
    let seconds = ((date.days() * 24 + hour) * 60 + minute) * 60 + second;
    Some((seconds - zone_seconds(zone)?) * 1000 + millis)
}

/// Reads the digits after the point as milliseconds, cut, and returns what follows them.
fn fraction_millis(fraction: &str) -> Option<(i64, &str)> {
    let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = fraction
        .split_at_checked(len)
        .filter(|(digits, _)| !digits.is_empty())?;
    let millis = digits.bytes().chain(*b"000").take(3);
    Some((
        millis.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
        rest,
    ))
}

fn zone_seconds(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_one_to_one() {
        for days in (-800_000..800_000).step_by(13) {
            assert_eq!(Date::from_days(days).days(), days);
        }
        let leap_day = Date::of_millis(951_826_496_789);
        assert_eq!(
            leap_day,
            Date {
                year: 2000,
                month: 2,
                day: 29
            }
        );
        assert_eq!((leap_day.day_of_year(), leap_day.day_of_week()), (60, 2));
        assert_eq!(leap_day.days_in_month(), 29);
    }

    #[test]
    fn rfc3339_is_read_and_printed() {
        let cases = [
            ("1970-01-01T00:00:01Z", Some(1_000)),
            ("2015-07-01T20:10:51.781Z", Some(1_435_781_451_781)),
            ("2015-06-03T15:21:58.555+02:00", Some(1_433_337_718_555)),
            ("2015-06-03t15:21:58.5-02:00", Some(1_433_352_118_500)),
            ("2026-02-30T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-02-01T00:00:00.Z", None),
            ("2026-02-01 00:00:00Z", None),
            ("2026-02-01", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_rfc3339(text), want, "{text}");
        }
        assert_eq!(
            format_rfc3339(1_435_781_451_781),
            "2015-07-01T20:10:51.781Z"
        );
    }
}
