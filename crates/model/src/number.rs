//! Floats as text, exactly as Go prints them: output is compared byte by byte with Prometheus'.

/// Appends `value` as Go's `strconv.FormatFloat(v, 'g', -1, 64)`: the form of the text exposition
/// format and of numbers in printed expressions (`1e+06`, `1.5e-05`, `+Inf`).
pub fn push_general(out: &mut String, value: f64) {
    push(out, value, |exponent| {
        !(-4..GENERAL_PRECISION).contains(&exponent)
    });
}

/// Appends `value` in the form of sample values in Prometheus' JSON: plain digits, with an exponent
/// below `1e-6` and from `1e+21` on.
pub fn push_json(out: &mut String, value: f64) {
    push(out, value, |exponent| !(-6..21).contains(&exponent));
}

/// `value` as [`push_general`] prints it.
pub fn general(value: f64) -> String {
    let mut out = String::new();
    push_general(&mut out, value);
    out
}

/// `value` as label values of quantiles and bounds have it: as [`push_general`] prints it, but whole
/// numbers with `.0` behind them.
pub fn openmetrics(value: f64) -> String {
    let mut out = general(value);
    let is_whole = out
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_whole {
        out.push_str(".0");
    }
    out
}

/// `value` as Go's `strconv.FormatFloat(v, 'f', -1, 64)` prints it: plain digits, never an exponent.
pub fn plain(value: f64) -> String {
    let mut out = String::new();
    push(&mut out, value, |_| false);
    out
}

fn push(out: &mut String, value: f64, wants_exponent: impl Fn(i32) -> bool) {
    if value.is_nan() {
        return out.push_str("NaN");
    }
    if value.is_infinite() {
        return out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    if value.abs() < SMALL_INTEGER && value.fract() == 0.0 && !wants_exponent(INTEGER_EXPONENT) {
        // A whole number of few digits prints the same in both layouts.
        return out.push_str(itoa::Buffer::new().format(value.abs() as u64));
    }
    let mut buffer = zmij::Buffer::new();
    let decimal = Decimal::read(buffer.format_finite(value.abs()));
    if value != 0.0 && wants_exponent(decimal.point - 1) {
        decimal.push_scientific(out);
    } else {
        decimal.push_plain(out);
    }
}

/// The shortest digits of a number and where its point stands: `0.d1d2d3… × 10^point`.
struct Decimal {
    digits: [u8; MAX_DIGITS],
    len: usize,
    point: i32,
}

impl Decimal {
    /// Reads what the digit generator wrote: `12.5`, `1e-7`, `1.5e300`.
    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent
            .parse()
            .expect("the generator writes a whole exponent");
        let whole = mantissa.split('.').next().unwrap_or_default().len();
        let mut decimal = Self {
            digits: [b'0'; MAX_DIGITS],
            len: 0,
            point: exponent,
        };
        decimal.point += i32::try_from(whole).expect("a mantissa has few digits");
        for digit in mantissa.bytes().filter(u8::is_ascii_digit) {
            if decimal.len == 0 && digit == b'0' {
                decimal.point -= 1;
            } else if decimal.len < MAX_DIGITS {
                decimal.digits[decimal.len] = digit;
                decimal.len += 1;
            }
        }
        while decimal.len > 0 && decimal.digits[decimal.len - 1] == b'0' {
            decimal.len -= 1;
        }
        if decimal.len == 0 {
            decimal.len = 1;
            decimal.point = 1;
        }
        decimal
    }

    fn push_scientific(&self, out: &mut String) {
        out.push(char::from(self.digits[0]));
        if self.len > 1 {
            out.push('.');
            self.push_digits(out, 1, self.len);
        }
        let exponent = self.point - 1;
        out.push_str(if exponent < 0 { "e-" } else { "e+" });
        if exponent.abs() < 10 {
            out.push('0');
        }
        out.push_str(itoa::Buffer::new().format(exponent.abs()));
    }

    fn push_plain(&self, out: &mut String) {
        let Ok(point) = usize::try_from(self.point) else {
            out.push_str("0.");
            (self.point..0).for_each(|_| out.push('0'));
            return self.push_digits(out, 0, self.len);
        };
        self.push_digits(out, 0, point.min(self.len));
        (self.len..point).for_each(|_| out.push('0'));
        if point == 0 {
            out.push('0');
        }
        if self.len > point {
            out.push('.');
            self.push_digits(out, point, self.len);
        }
    }

    fn push_digits(&self, out: &mut String, from: usize, to: usize) {
        out.extend(self.digits[from..to].iter().map(|&digit| char::from(digit)));
    }
}

/// Significant digits that the shortest form of a double may have, and a little room.
const MAX_DIGITS: usize = 24;
/// From this decimal exponent on, Go's shortest `'g'` switches to scientific notation.
const GENERAL_PRECISION: i32 = 6;
/// Below this magnitude whole numbers take the short way.
const SMALL_INTEGER: f64 = 1e6;
/// Largest decimal exponent of a whole number on the short way.
const INTEGER_EXPONENT: i32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_go_does() {
        // Expected texts: Go's strconv.FormatFloat with 'g' and -1, and Prometheus' JSON.
        let cases = [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (1.0, "1", "1"),
            (-1.5, "-1.5", "-1.5"),
            (100_000.0, "100000", "100000"),
            (1e6, "1e+06", "1000000"),
            (1_234_567.0, "1.234567e+06", "1234567"),
            (123_456_789.125, "1.23456789125e+08", "123456789.125"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_015, "1.5e-05", "0.000015"),
            (1e-7, "1e-07", "1e-07"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (
                f64::MAX,
                "1.7976931348623157e+308",
                "1.7976931348623157e+308",
            ),
            (5e-324, "5e-324", "5e-324"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
        ];
        for (value, want_general, want_json) in cases {
            assert_eq!(general(value), want_general);
            let mut json = String::new();
            push_json(&mut json, value);
            assert_eq!(json, want_json);
        }
        assert_eq!(plain(1e22), "10000000000000000000000");
        assert_eq!(plain(-1.5e-8), "-0.000000015");
    }
}
