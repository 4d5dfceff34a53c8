//! Logarithm and power of two as Go computes them, to the last digit: interpolation in exponential
//! buckets shows every one of them.

use super::bounds::scale_by_power_of_two;

/// `math.Log2`: exact for powers of two.
pub(super) fn log2(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return value.log2();
    }
    let (fraction, exponent) = split(value);
    if fraction == 0.5 {
        return f64::from(exponent - 1);
    }
    natural(fraction) * (1.0 / std::f64::consts::LN_2) + f64::from(exponent)
}

/// `math.Exp2`.
pub(super) fn exp2(value: f64) -> f64 {
    if value.is_nan() || value > 1_023.999_999_999_999_9 {
        return if value.is_nan() { value } else { f64::INFINITY };
    }
    if value < -1074.0 {
        return 0.0;
    }
    let whole = (value + 0.5_f64.copysign(value)).trunc();
    let part = value - whole;
    let (high, low) = (part * LN2_HIGH, -part * LN2_LOW);
    let reduced = high - low;
    let square = reduced * reduced;
    let series = square * (P1 + square * (P2 + square * (P3 + square * (P4 + square * P5))));
    let c = reduced - series;
    let power = 1.0 - ((low - (reduced * c) / (2.0 - c)) - high);
    scale_by_power_of_two(power, whole as i64)
}

/// The natural logarithm of a number between a half and one.
fn natural(value: f64) -> f64 {
    let (f1, k) = if value < std::f64::consts::FRAC_1_SQRT_2 {
        (value * 2.0, -1.0)
    } else {
        (value, 0.0)
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

/// Splits a positive number into a fraction from a half up to one, and a power of two.
fn split(value: f64) -> (f64, i32) {
    let (normal, shift) = if value < f64::MIN_POSITIVE {
        (value * TWO_TO_52, 52)
    } else {
        (value, 0)
    };
    let bits = normal.to_bits();
    let exponent = (bits >> 52) as i32 - 1022 - shift;
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent)
}

const TWO_TO_52: f64 = 4_503_599_627_370_496.0;

/// The logarithm of two in two parts, and coefficients of the series for exponential and logarithm
/// as FreeBSD's msun has them, which Go took over.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const P1: f64 = 1.666_666_666_666_666_6e-1;
const P2: f64 = -2.777_777_777_701_559_3e-3;
const P3: f64 = 6.613_756_321_437_934e-5;
const P4: f64 = -1.653_390_220_546_525_2e-6;
const P5: f64 = 4.138_136_797_057_238_5e-8;
const L1: f64 = 6.666_666_666_666_735e-1;
const L2: f64 = 3.999_999_999_940_942e-1;
const L3: f64 = 2.857_142_874_366_239e-1;
const L4: f64 = 2.222_219_843_214_978_4e-1;
const L5: f64 = 1.818_357_216_161_805e-1;
const L6: f64 = 1.531_383_769_920_937_3e-1;
const L7: f64 = 1.479_819_860_511_658_6e-1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_go() {
        // Expected values printed by Go's math package on amd64.
        assert_eq!(exp2(0.5), std::f64::consts::SQRT_2.next_down());
        for (value, want) in [(8.0, 3.0), (0.25, -2.0), (1.0, 0.0), (5e-324, -1074.0)] {
            assert_eq!(log2(value), want);
            assert_eq!(exp2(want), value);
        }
        assert_eq!(exp2(1024.0), f64::INFINITY);
        assert_eq!(exp2(-1075.0), 0.0);
        assert!(log2(-1.0).is_nan());
        assert_eq!(log2(0.0), f64::NEG_INFINITY);
    }
}
