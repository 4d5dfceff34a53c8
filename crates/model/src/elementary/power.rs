//! Powers.

use super::exponential::exp;
use super::logarithm::ln;
use super::parts::{scale, split};

/// `math.Pow`: the whole part of the exponent by squaring, the rest by logarithm.
pub fn pow(base: f64, exponent: f64) -> f64 {
    if let Some(special) = special(base, exponent) {
        return special;
    }
    let size = exponent.abs();
    let (mut whole, mut rest) = (size.trunc(), size - size.trunc());
    if rest != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if whole >= TWO_TO_63 {
        return match (base == -1.0, (base.abs() < 1.0) == (exponent > 0.0)) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => f64::INFINITY,
        };
    }
    let mut power = 1.0;
    if rest != 0.0 {
        if rest > 0.5 {
            rest -= 1.0;
            whole += 1.0;
        }
        power = exp(rest * ln(base));
    }
    let (power, power_of_two) = by_squaring(base, whole as i64, power);
    if exponent < 0.0 {
        scale(1.0 / power, -power_of_two)
    } else {
        scale(power, power_of_two)
    }
}

/// `start` times the power of `base`, as a number and a power of two.
fn by_squaring(base: f64, mut exponent: i64, start: f64) -> (f64, i64) {
    let (mut power, mut power_of_two) = (start, 0);
    let (mut square, mut square_of_two) = split(base);
    while exponent != 0 {
        if square_of_two.abs() > 1 << 12 {
            // Out of range whatever comes.
            power_of_two += square_of_two;
            break;
        }
        if exponent & 1 == 1 {
            power *= square;
            power_of_two += square_of_two;
        }
        square *= square;
        square_of_two <<= 1;
        if square < 0.5 {
            square += square;
            square_of_two -= 1;
        }
        exponent >>= 1;
    }
    (power, power_of_two)
}

fn special(base: f64, exponent: f64) -> Option<f64> {
    if exponent == 0.0 || base == 1.0 {
        return Some(1.0);
    }
    if exponent == 1.0 {
        return Some(base);
    }
    if base.is_nan() || exponent.is_nan() {
        return Some(f64::NAN);
    }
    if base == 0.0 {
        let keeps_sign = base.is_sign_negative() && is_odd(exponent);
        let size = if exponent < 0.0 { f64::INFINITY } else { 0.0 };
        return Some(if keeps_sign { -size } else { size });
    }
    if exponent.is_infinite() {
        let shrinks = (base.abs() < 1.0) == (exponent > 0.0);
        return Some(match (base == -1.0, shrinks) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => f64::INFINITY,
        });
    }
    if base == f64::NEG_INFINITY {
        return Some(pow(-0.0, -exponent));
    }
    if base == f64::INFINITY {
        return Some(if exponent < 0.0 { 0.0 } else { f64::INFINITY });
    }
    if exponent == 0.5 {
        return Some(base.sqrt());
    }
    (exponent == -0.5).then(|| 1.0 / base.sqrt())
}

fn is_odd(value: f64) -> bool {
    value.abs() < TWO_TO_53 && value.trunc() == value && (value as i64) & 1 == 1
}

const TWO_TO_53: f64 = 9007199254740992.0;
const TWO_TO_63: f64 = 9.223_372_036_854_776e+18;
