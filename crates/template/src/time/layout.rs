//! Go's layouts, which show how the moment `Mon Jan 2 15:04:05 MST 2006` is to be written.

use super::{MONTHS, Time, WEEKDAYS};

/// A moment as a layout shows it.
pub(super) fn format(time: &Time, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some((at, element, len)) = next_element(rest) {
        out.push_str(rest.get(..at).unwrap_or_default());
        push(&mut out, time, element);
        rest = rest.get(at + len..).unwrap_or_default();
    }
    out + rest
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    MonthName,
    MonthShort,
    Month {
        wide: bool,
    },
    WeekdayName,
    WeekdayShort,
    Day {
        pad: Option<char>,
    },
    YearDay {
        pad: char,
    },
    Hour,
    Hour12 {
        wide: bool,
    },
    Minute {
        wide: bool,
    },
    Second {
        wide: bool,
    },
    Year,
    YearShort,
    HalfDay {
        upper: bool,
    },
    ZoneName,
    Offset(Offset),
    /// Digits behind the second: the sign before them, how many, and whether zeros at the end stay.
    Fraction {
        sign: char,
        digits: usize,
        keeps_zeros: bool,
    },
}

/// How the distance from Greenwich is written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Offset {
    /// `Z` for none.
    iso: bool,
    colons: bool,
    parts: u8,
}

/// The next element of a layout: where, which, how long.
fn next_element(layout: &str) -> Option<(usize, Element, usize)> {
    let bytes = layout.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let rest = layout.get(at..)?;
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let (element, len) = element_at(rest, before.copied())?;
        Some((at, element, len))
    })
}

fn element_at(rest: &str, before: Option<u8>) -> Option<(Element, usize)> {
    let follows = |len: usize| rest.as_bytes().get(len).copied();
    let begins_lower = |len: usize| follows(len).is_some_and(|byte| byte.is_ascii_lowercase());
    for (text, element) in FIXED {
        if rest.starts_with(text) {
            let is_word = matches!(element, Element::MonthShort | Element::WeekdayShort);
            if !(is_word && begins_lower(text.len())) {
                return Some((*element, text.len()));
            }
        }
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digit = fraction
            .bytes()
            .next()
            .filter(|byte| matches!(byte, b'0' | b'9'))?;
        let digits = fraction.bytes().take_while(|&byte| byte == digit).count();
        let ends = !follows(1 + digits).is_some_and(|byte| byte.is_ascii_digit());
        let sign = rest.chars().next()?;
        let keeps_zeros = digit == b'0';
        let element = Element::Fraction {
            sign,
            digits,
            keeps_zeros,
        };
        return ends.then_some((element, 1 + digits));
    }
    // A year of four digits behind an underscore is no padded day.
    if rest.starts_with("_2") && !rest.starts_with("_2006") && before != Some(b'_') {
        return Some((Element::Day { pad: Some(' ') }, 2));
    }
    None
}

/// Longer ones first, where one begins with another.
const FIXED: &[(&str, Element)] = &[
    ("January", Element::MonthName),
    ("Jan", Element::MonthShort),
    ("Monday", Element::WeekdayName),
    ("Mon", Element::WeekdayShort),
    ("MST", Element::ZoneName),
    ("2006", Element::Year),
    ("002", Element::YearDay { pad: '0' }),
    ("__2", Element::YearDay { pad: ' ' }),
    ("01", Element::Month { wide: true }),
    ("02", Element::Day { pad: Some('0') }),
    ("03", Element::Hour12 { wide: true }),
    ("04", Element::Minute { wide: true }),
    ("05", Element::Second { wide: true }),
    ("06", Element::YearShort),
    ("15", Element::Hour),
    ("1", Element::Month { wide: false }),
    ("2", Element::Day { pad: None }),
    ("3", Element::Hour12 { wide: false }),
    ("4", Element::Minute { wide: false }),
    ("5", Element::Second { wide: false }),
    ("PM", Element::HalfDay { upper: true }),
    ("pm", Element::HalfDay { upper: false }),
    ("-07:00:00", offset(false, true, 3)),
    ("-070000", offset(false, false, 3)),
    ("-07:00", offset(false, true, 2)),
    ("-0700", offset(false, false, 2)),
    ("-07", offset(false, false, 1)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00", offset(true, true, 2)),
    ("Z0700", offset(true, false, 2)),
    ("Z07", offset(true, false, 1)),
];

const fn offset(iso: bool, colons: bool, parts: u8) -> Element {
    Element::Offset(Offset { iso, colons, parts })
}

fn push(out: &mut String, time: &Time, element: Element) {
    let date = time.date();
    let (hour, minute, second) = time.clock();
    let number = |value: i64, wide: bool| match wide {
        true => format!("{value:02}"),
        false => value.to_string(),
    };
    let named = |names: &[&str], index: i64| {
        let index = usize::try_from(index).unwrap_or(0);
        names.get(index).copied().unwrap_or_default().to_owned()
    };
    let short = |name: String| name.chars().take(3).collect::<String>();
    let text = match element {
        Element::MonthName => named(&MONTHS, date.month - 1),
        Element::MonthShort => short(named(&MONTHS, date.month - 1)),
        Element::Month { wide } => number(date.month, wide),
        Element::WeekdayName => named(&WEEKDAYS, date.day_of_week()),
        Element::WeekdayShort => short(named(&WEEKDAYS, date.day_of_week())),
        Element::Day { pad: None } => date.day.to_string(),
        Element::Day { pad: Some('0') } => number(date.day, true),
        Element::Day { pad: Some(_) } => format!("{:2}", date.day),
        Element::YearDay { pad: '0' } => format!("{:03}", date.day_of_year()),
        Element::YearDay { .. } => format!("{:3}", date.day_of_year()),
        Element::Hour => number(hour, true),
        Element::Hour12 { wide } => number((hour + 11) % 12 + 1, wide),
        Element::Minute { wide } => number(minute, wide),
        Element::Second { wide } => number(second, wide),
        Element::Year if date.year < 0 => format!("-{:04}", -date.year),
        Element::Year => format!("{:04}", date.year),
        Element::YearShort => number(date.year.rem_euclid(100), true),
        Element::HalfDay { upper } => {
            let text = if hour >= 12 { "PM" } else { "AM" };
            if upper {
                text.to_owned()
            } else {
                text.to_ascii_lowercase()
            }
        }
        Element::ZoneName if time.zone.is_empty() => unnamed_zone(time.offset),
        Element::ZoneName => time.zone.to_string(),
        Element::Offset(offset) => offset_text(time.offset, offset),
        Element::Fraction {
            sign,
            digits,
            keeps_zeros,
        } => {
            let all = format!("{:09}", time.nanos);
            let kept = all
                .get(..digits)
                .map_or_else(|| format!("{all:0<digits$}"), str::to_owned);
            let kept = match keeps_zeros {
                true => kept.as_str(),
                false => kept.trim_end_matches('0'),
            };
            if kept.is_empty() {
                String::new()
            } else {
                format!("{sign}{kept}")
            }
        }
    };
    out.push_str(&text);
}

/// A zone without a name is called by its distance.
fn unnamed_zone(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}{rest:02}", minutes / 60),
    }
}

fn offset_text(offset: i32, how: Offset) -> String {
    if how.iso && offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.unsigned_abs();
    let separator = if how.colons { ":" } else { "" };
    let mut out = format!("{sign}{:02}", seconds / 3600);
    for part in [seconds / 60 % 60, seconds % 60]
        .iter()
        .take(usize::from(how.parts.saturating_sub(1)))
    {
        out.push_str(&format!("{separator}{part:02}"));
    }
    out
}
