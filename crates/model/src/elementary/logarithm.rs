//! Logarithms.

use super::parts::split;

/// `math.Log` on amd64. There, subnormal numbers are not brought into range before: their
/// logarithms are wrong, and stay so here.
pub fn ln(value: f64) -> f64 {
    if value == 0.0 {
        return f64::NEG_INFINITY;
    }
    if value < 0.0 {
        return f64::NAN;
    }
    if !value.is_finite() {
        return value;
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52) as i64 - 1022;
    let fraction = f64::from_bits(bits & MANTISSA | 0.5_f64.to_bits());
    of_parts(fraction, exponent as f64)
}

/// `math.Log2`: exact for powers of two.
pub fn log2(value: f64) -> f64 {
    let (fraction, exponent) = split(value);
    if fraction == 0.5 {
        return (exponent - 1) as f64;
    }
    ln(fraction) * std::f64::consts::LOG2_E + exponent as f64
}

/// `math.Log10`.
pub fn log10(value: f64) -> f64 {
    ln(value) * std::f64::consts::LOG10_E
}

/// The logarithm of `fraction * 2^exponent`.
fn of_parts(fraction: f64, exponent: f64) -> f64 {
    let (f1, k) = if fraction <= std::f64::consts::FRAC_1_SQRT_2 {
        (fraction * 2.0, exponent - 1.0)
    } else {
        (fraction, exponent)
    };
    let f = f1 - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let even = s4 * (L2 + s4 * (L4 + s4 * L6));
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN2_LOW)) - f)
}

/// `math.Log1p`: the logarithm of `1 + value`.
pub fn ln_1p(value: f64) -> f64 {
    if value < -1.0 || value.is_nan() {
        return f64::NAN;
    }
    if value == -1.0 {
        return f64::NEG_INFINITY;
    }
    if value == f64::INFINITY {
        return value;
    }
    let size = value.abs();
    if size < SQRT2_LESS_1 {
        if size < TWO_TO_MINUS_54 {
            return value;
        }
        if size < TWO_TO_MINUS_29 {
            return value - value * value * 0.5;
        }
        if value > HALF_SQRT2_LESS_1 {
            return of_near_one(value, 0.0, 0.0, false);
        }
    }
    let (sum, mut correction) = if size < TWO_TO_53 {
        (1.0 + value, 0.0)
    } else {
        (value, 0.0)
    };
    let bits = sum.to_bits();
    let mut k = (bits >> 52) as i64 - 1023;
    if size < TWO_TO_53 {
        correction = if k > 0 {
            1.0 - (sum - value)
        } else {
            value - (sum - 1.0)
        };
        correction /= sum;
    }
    let mantissa = bits & MANTISSA;
    let (f1, is_tiny) = if mantissa < MANTISSA_OF_SQRT2 {
        (f64::from_bits(mantissa | 1.0_f64.to_bits()), mantissa == 0)
    } else {
        k += 1;
        let is_tiny = (IMPLICIT_BIT - mantissa) >> 2 == 0;
        (f64::from_bits(mantissa | 0.5_f64.to_bits()), is_tiny)
    };
    of_near_one(f1 - 1.0, k as f64, correction, is_tiny)
}

/// The logarithm of `(1 + f) * 2^k`, with what was lost before.
fn of_near_one(f: f64, k: f64, correction: f64, is_tiny: bool) -> f64 {
    let half_square = 0.5 * f * f;
    if is_tiny {
        if f == 0.0 {
            return if k == 0.0 {
                0.0
            } else {
                k * LN2_HIGH + (correction + k * LN2_LOW)
            };
        }
        let rest = half_square * (1.0 - 0.666_666_666_666_666_6 * f);
        if k == 0.0 {
            return f - rest;
        }
        return k * LN2_HIGH - ((rest - (k * LN2_LOW + correction)) - f);
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let rest = z * (L1 + z * (L2 + z * (L3 + z * (L4 + z * (L5 + z * (L6 + z * L7))))));
    if k == 0.0 {
        return f - (half_square - s * (half_square + rest));
    }
    k * LN2_HIGH - ((half_square - (s * (half_square + rest) + (k * LN2_LOW + correction))) - f)
}

const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;
const IMPLICIT_BIT: u64 = 0x0010_0000_0000_0000;
const MANTISSA_OF_SQRT2: u64 = 0x0006_a09e_667f_3bcd;
const SQRT2_LESS_1: f64 = 4.142_135_623_730_950_3e-1;
const HALF_SQRT2_LESS_1: f64 = -2.928_932_188_134_525e-1;
const TWO_TO_MINUS_29: f64 = 1.0 / 536_870_912.0;
const TWO_TO_MINUS_54: f64 = 1.0 / 1.801_439_850_948_198_4e+16;
const TWO_TO_53: f64 = 9007199254740992.0;

/// The logarithm of two in two parts, and the coefficients of the series.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const L1: f64 = 6.666_666_666_666_735e-1;
const L2: f64 = 3.999_999_999_940_942e-1;
const L3: f64 = 2.857_142_874_366_239e-1;
const L4: f64 = 2.222_219_843_214_978_4e-1;
const L5: f64 = 1.818_357_216_161_805e-1;
const L6: f64 = 1.531_383_769_920_937_3e-1;
const L7: f64 = 1.479_819_860_511_658_6e-1;
