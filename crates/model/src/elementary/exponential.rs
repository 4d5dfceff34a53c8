//! Powers of e and of two.

use super::parts::scale;

/// `math.Exp` on a processor with fused multiplication and addition.
pub fn exp(value: f64) -> f64 {
    if value.is_nan() || value == f64::INFINITY || value == f64::NEG_INFINITY {
        return if value == f64::NEG_INFINITY {
            0.0
        } else {
            value
        };
    }
    if value > OVERFLOW {
        return f64::INFINITY;
    }
    let exponent = (value * std::f64::consts::LOG2_E).round_ties_even();
    if exponent < -1076.0 {
        return 0.0;
    }
    let reduced = exponent.mul_add(-LN2_UPPER, value);
    let reduced = exponent.mul_add(-LN2_LOWER, reduced) * 0.0625;
    let mut series = SERIES[0];
    for coefficient in &SERIES[1..] {
        series = series.mul_add(reduced, *coefficient);
    }
    // (1+x)^16 - 1 by squaring four times, then the one that was left out.
    let mut power = reduced * series;
    for _ in 0..3 {
        power *= power + 2.0;
    }
    let power = (power + 2.0).mul_add(power, 1.0);
    with_exponent(power, exponent as i64 + 1023)
}

/// `power * 2^(biased - 1023)`: subnormal results in two steps, the lowest as zero.
fn with_exponent(power: f64, biased: i64) -> f64 {
    let power_of_two = |biased: i64| f64::from_bits((biased as u64) << 52);
    match biased {
        0x7ff.. => f64::INFINITY,
        1.. => power * power_of_two(biased),
        -52..=0 => power * power_of_two(biased + 0x3fe) * power_of_two(1),
        _ => 0.0,
    }
}

/// `math.Exp2`.
pub fn exp2(value: f64) -> f64 {
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
    scale(power, whole as i64)
}

const OVERFLOW: f64 = 7.097_827_128_933_84e2;

/// The logarithm of two in two parts: first SLEEF's, then msun's.
const LN2_UPPER: f64 = 0.693_147_180_559_663;
const LN2_LOWER: f64 = 0.282_352_905_630_315_77e-12;
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Inverses of the factorials from 8 to 1.
const SERIES: [f64; 8] = [
    2.480_158_730_158_73e-5,
    1.984_126_984_126_984e-4,
    1.388_888_888_888_889e-3,
    8.333_333_333_333_333e-3,
    4.166_666_666_666_666_4e-2,
    1.666_666_666_666_666_6e-1,
    0.5,
    1.0,
];

/// Coefficients of msun's series.
const P1: f64 = 1.666_666_666_666_666_6e-1;
const P2: f64 = -2.777_777_777_701_559_3e-3;
const P3: f64 = 6.613_756_321_437_934e-5;
const P4: f64 = -1.653_390_220_546_525_2e-6;
const P5: f64 = 4.138_136_797_057_238_5e-8;
