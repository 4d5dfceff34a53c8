//! Numbers as a fraction and a power of two.

/// A fraction from a half up to one, and the power of two it is to be multiplied with. Zero, what
/// is infinite and what is no number are their own fraction.
pub fn split(value: f64) -> (f64, i64) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let (normal, shift) = normalized(value);
    let bits = normal.to_bits();
    let exponent = (bits >> MANTISSA_BITS & EXPONENT_MASK) as i64 - BIAS + 1 - shift;
    let fraction = bits & !(EXPONENT_MASK << MANTISSA_BITS) | (BIAS as u64 - 1) << MANTISSA_BITS;
    (f64::from_bits(fraction), exponent)
}

/// `value * 2^exponent`, rounded once.
pub fn scale(value: f64, exponent: i64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let (normal, shift) = normalized(value);
    let bits = normal.to_bits();
    let own = (bits >> MANTISSA_BITS & EXPONENT_MASK) as i64 - BIAS - shift;
    let exponent = exponent.saturating_add(own);
    if exponent < -1075 {
        return 0.0_f64.copysign(value);
    }
    if exponent > BIAS {
        return f64::INFINITY.copysign(value);
    }
    // What gets subnormal is rounded by a multiplication.
    let (exponent, factor) = if exponent < -1022 {
        (exponent + 53, 1.0 / TWO_TO_53)
    } else {
        (exponent, 1.0)
    };
    let scaled = bits & !(EXPONENT_MASK << MANTISSA_BITS);
    factor * f64::from_bits(scaled | ((exponent + BIAS) as u64) << MANTISSA_BITS)
}

/// A normal number and by what power of two it is too large.
fn normalized(value: f64) -> (f64, i64) {
    if value.abs() < f64::MIN_POSITIVE {
        (value * TWO_TO_52, 52)
    } else {
        (value, 0)
    }
}

const MANTISSA_BITS: u32 = 52;
const EXPONENT_MASK: u64 = 0x7ff;
const BIAS: i64 = 1023;
const TWO_TO_52: f64 = 4503599627370496.0;
const TWO_TO_53: f64 = 2.0 * TWO_TO_52;
