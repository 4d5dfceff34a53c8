//! Sine, cosine, tangent.

use std::f64::consts::FRAC_PI_4;

/// `math.Sin`.
pub fn sin(value: f64) -> f64 {
    if value == 0.0 || value.is_nan() {
        return value;
    }
    if value.is_infinite() {
        return f64::NAN;
    }
    let (octant, rest) = reduced(value.abs());
    let octant = octant & 7;
    let is_negative = (value < 0.0) != (octant > 3);
    let result = match octant & 3 {
        1 | 2 => cosine_series(rest),
        _ => sine_series(rest),
    };
    if is_negative { -result } else { result }
}

/// `math.Cos`.
pub fn cos(value: f64) -> f64 {
    if !value.is_finite() {
        return f64::NAN;
    }
    let (octant, rest) = reduced(value.abs());
    let octant = octant & 7;
    let is_negative = (octant > 3) != (octant & 3 > 1);
    let result = match octant & 3 {
        1 | 2 => sine_series(rest),
        _ => cosine_series(rest),
    };
    if is_negative { -result } else { result }
}

/// `math.Tan`.
pub fn tan(value: f64) -> f64 {
    if value == 0.0 || value.is_nan() {
        return value;
    }
    if value.is_infinite() {
        return f64::NAN;
    }
    let (octant, rest) = reduced(value.abs());
    let square = rest * rest;
    let mut result = rest;
    if square > 1e-14 {
        let above = square * (((TAN_P[0] * square) + TAN_P[1]) * square + TAN_P[2]);
        let below =
            (((square + TAN_Q[0]) * square + TAN_Q[1]) * square + TAN_Q[2]) * square + TAN_Q[3];
        result = rest + rest * (above / below);
    }
    if octant & 2 == 2 {
        result = -1.0 / result;
    }
    if value < 0.0 { -result } else { result }
}

fn sine_series(rest: f64) -> f64 {
    let square = rest * rest;
    rest + rest * square * polynomial(&SIN, square)
}

fn cosine_series(rest: f64) -> f64 {
    let square = rest * rest;
    1.0 - 0.5 * square + square * square * polynomial(&COS, square)
}

fn polynomial(coefficients: &[f64; 6], x: f64) -> f64 {
    coefficients[1..]
        .iter()
        .fold(coefficients[0], |sum, next| sum * x + next)
}

/// The octant, even, and the rest between minus and plus an eighth of the circle.
fn reduced(value: f64) -> (u64, f64) {
    if value >= LARGE {
        return reduced_by_many_digits(value);
    }
    let mut octant = (value * FOUR_BY_PI) as u64;
    octant += octant & 1;
    let count = octant as f64;
    (
        octant,
        ((value - count * PI_4_A) - count * PI_4_B) - count * PI_4_C,
    )
}

/// The method of Payne and Hanek: only those digits of 4/π are multiplied that matter.
fn reduced_by_many_digits(value: f64) -> (u64, f64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i64 - 1023 - 52;
    let mantissa = bits & 0x000f_ffff_ffff_ffff | 1 << 52;
    let (digit, shift) = ((exponent + 61) as usize / 64, (exponent + 61) as u32 % 64);
    let digit_at = |place: usize| FOUR_BY_PI_DIGITS.get(place).copied().unwrap_or(0);
    let shifted = |place: usize| {
        let low = digit_at(place + 1).checked_shr(64 - shift).unwrap_or(0);
        digit_at(place) << shift | low
    };
    let product = |place: usize| u128::from(shifted(place)) * u128::from(mantissa);
    let high = shifted(digit).wrapping_mul(mantissa);
    let product = (u128::from(high) << 64)
        .wrapping_add(product(digit + 1))
        .wrapping_add(product(digit + 2) >> 64);
    let octant = (product >> 125) as u64;
    let part = product << 3;
    let zeros = part.leading_zeros();
    let normal = part.checked_shl(zeros + 1).unwrap_or(0);
    let exponent = 1023_u64.wrapping_sub(u64::from(zeros) + 1);
    let mut fraction = f64::from_bits((normal >> 76) as u64 | exponent << 52);
    let mut octant = octant;
    if octant & 1 == 1 {
        octant = (octant + 1) & 7;
        fraction -= 1.0;
    }
    (octant, fraction * FRAC_PI_4)
}

/// From here on, three parts of π/4 are not enough.
const LARGE: f64 = 536_870_912.0;

const FOUR_BY_PI: f64 = 1.273_239_544_735_162_8;

/// π/4 in three parts.
const PI_4_A: f64 = 7.853_981_256_484_985e-1;
const PI_4_B: f64 = 3.774_894_707_930_798e-8;
const PI_4_C: f64 = 2.695_151_429_079_059_5e-15;

const SIN: [f64; 6] = [
    1.589_623_015_765_465_6e-10,
    -2.505_074_776_285_780_7e-8,
    2.755_731_362_138_572_2e-6,
    -1.984_126_982_958_954e-4,
    8.333_333_333_322_118e-3,
    -1.666_666_666_666_663e-1,
];
const COS: [f64; 6] = [
    -1.135_853_652_138_768_2e-11,
    2.087_570_084_197_473e-9,
    -2.755_731_417_929_674e-7,
    2.480_158_728_885_170_4e-5,
    -1.388_888_888_887_305_6e-3,
    4.166_666_666_666_659_5e-2,
];
const TAN_P: [f64; 3] = [
    -1.309_369_391_813_837_9e4,
    1.153_516_648_385_874_2e6,
    -1.795_652_519_764_848_8e7,
];
const TAN_Q: [f64; 4] = [
    1.368_129_634_706_929_6e4,
    -1.320_892_344_402_109_7e6,
    2.500_838_018_233_579e7,
    -5.386_957_559_294_546_4e7,
];

/// Binary digits of 4/π, 64 at a time.
const FOUR_BY_PI_DIGITS: [u64; 20] = [
    0x0000_0000_0000_0001,
    0x45f3_06dc_9c88_2a53,
    0xf84e_afa3_ea69_bb81,
    0xb6c5_2b32_7887_2083,
    0xfca2_c757_bd77_8ac3,
    0x6e48_dc74_849b_a5c0,
    0x0c92_5dd4_13a3_2439,
    0xfc3b_d639_6253_4e7d,
    0xd104_6bea_5d76_8909,
    0xd338_e04d_68be_fc82,
    0x7323_ac73_06a6_73e9,
    0x3908_bf17_7bf2_5076,
    0x3ff1_2fff_bc0b_301f,
    0xde5e_2316_b414_da3e,
    0xda6c_fd9e_4f96_136e,
    0x9e8c_7ecd_3cbf_d45a,
    0xea4f_758f_d7cb_e2f6,
    0x7a0e_73ef_14a5_25d4,
    0xd7f6_bf62_3f1a_ba10,
    0xac06_608d_f8f6_d757,
];
