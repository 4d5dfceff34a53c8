//! Hyperbolic functions and their inverses.

use std::f64::consts::LN_2;

use super::exponential::exp;
use super::logarithm::{ln, ln_1p};

/// `math.Sinh`.
pub fn sinh(value: f64) -> f64 {
    let size = size(value);
    let result = if size > 21.0 {
        exp(size) * 0.5
    } else if size > 0.5 {
        let power = exp(size);
        (power - 1.0 / power) * 0.5
    } else {
        let square = size * size;
        let above =
            (((SINH_P[3] * square + SINH_P[2]) * square + SINH_P[1]) * square + SINH_P[0]) * size;
        above / (((square + SINH_Q[2]) * square + SINH_Q[1]) * square + SINH_Q[0])
    };
    with_sign_of(value, result)
}

/// `math.Cosh`.
pub fn cosh(value: f64) -> f64 {
    let size = value.abs();
    let power = exp(size);
    if size > 21.0 {
        return power * 0.5;
    }
    (power + 1.0 / power) * 0.5
}

/// `math.Tanh`.
pub fn tanh(value: f64) -> f64 {
    let size = value.abs();
    if size > 0.5 * MAX_LOG {
        return 1.0_f64.copysign(value);
    }
    if size >= 0.625 {
        let power = exp(2.0 * size);
        return with_sign_of(value, 1.0 - 2.0 / (power + 1.0));
    }
    if value == 0.0 {
        return value;
    }
    let square = value * value;
    let above = (TANH_P[0] * square + TANH_P[1]) * square + TANH_P[2];
    let below = ((square + TANH_Q[0]) * square + TANH_Q[1]) * square + TANH_Q[2];
    value + value * square * above / below
}

/// `math.Asinh`.
pub fn asinh(value: f64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let size = size(value);
    let result = if size > TWO_TO_28 {
        ln(size) + LN_2
    } else if size > 2.0 {
        ln(2.0 * size + 1.0 / ((size * size + 1.0).sqrt() + size))
    } else if size < 1.0 / TWO_TO_28 {
        size
    } else {
        ln_1p(size + size * size / (1.0 + (1.0 + size * size).sqrt()))
    };
    with_sign_of(value, result)
}

/// `math.Acosh`.
pub fn acosh(value: f64) -> f64 {
    if value < 1.0 || value.is_nan() {
        return f64::NAN;
    }
    if value == 1.0 {
        return 0.0;
    }
    if value >= TWO_TO_28 {
        return ln(value) + LN_2;
    }
    if value > 2.0 {
        return ln(2.0 * value - 1.0 / (value + (value * value - 1.0).sqrt()));
    }
    let above = value - 1.0;
    ln_1p(above + (2.0 * above + above * above).sqrt())
}

/// `math.Atanh`.
pub fn atanh(value: f64) -> f64 {
    let size = size(value);
    if size > 1.0 || size.is_nan() {
        return f64::NAN;
    }
    if size == 1.0 {
        return f64::INFINITY.copysign(value);
    }
    let result = if size < 1.0 / TWO_TO_28 {
        size
    } else if size < 0.5 {
        let twice = size + size;
        0.5 * ln_1p(twice + twice * size / (1.0 - size))
    } else {
        0.5 * ln_1p((size + size) / (1.0 - size))
    };
    with_sign_of(value, result)
}

/// The value without its sign, but for that of a negative zero.
fn size(value: f64) -> f64 {
    if value < 0.0 { -value } else { value }
}

/// Negated for what is below zero, which a negative zero is not.
fn with_sign_of(value: f64, result: f64) -> f64 {
    if value < 0.0 { -result } else { result }
}

const TWO_TO_28: f64 = 268_435_456.0;

/// The logarithm of 2^127.
const MAX_LOG: f64 = 8.802_969_193_111_305e1;

const SINH_P: [f64; 4] = [
    -0.630_767_364_049_771_7e6,
    -0.899_127_202_203_950_9e5,
    -0.289_421_135_598_956_4e4,
    -0.263_056_321_339_749_7e2,
];
const SINH_Q: [f64; 3] = [
    -0.630_767_364_049_771_7e6,
    0.152_151_737_879_001_9e5,
    -0.173_678_953_558_233_7e3,
];
const TANH_P: [f64; 3] = [
    -9.643_991_794_250_523e-1,
    -9.928_772_310_019_185e1,
    -1.614_687_684_417_084_5e3,
];
const TANH_Q: [f64; 3] = [
    1.128_116_784_916_329_3e2,
    2.235_488_390_601_004_5e3,
    4.844_063_053_251_255e3,
];
