//! Inverse trigonometric functions.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

/// `math.Asin`.
pub fn asin(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let size = value.abs();
    if size > 1.0 || size.is_nan() {
        return f64::NAN;
    }
    let other = (1.0 - size * size).sqrt();
    let angle = if size > 0.7 {
        FRAC_PI_2 - of_positive(other / size)
    } else {
        of_positive(size / other)
    };
    if value < 0.0 { -angle } else { angle }
}

/// `math.Acos`.
pub fn acos(value: f64) -> f64 {
    FRAC_PI_2 - asin(value)
}

/// `math.Atan`.
pub fn atan(value: f64) -> f64 {
    if value == 0.0 {
        value
    } else if value > 0.0 {
        of_positive(value)
    } else {
        -of_positive(-value)
    }
}

/// `math.Atan2`.
pub fn atan2(y: f64, x: f64) -> f64 {
    if y.is_nan() || x.is_nan() {
        return f64::NAN;
    }
    let is_right = x.is_sign_positive();
    let size = match (y, x) {
        (0.0, _) => Some(if is_right { 0.0 } else { PI }),
        (_, 0.0) => Some(FRAC_PI_2),
        _ if x.is_infinite() && y.is_infinite() => {
            Some(if is_right { FRAC_PI_4 } else { THREE_PI_4 })
        }
        _ if x.is_infinite() => Some(if is_right { 0.0 } else { PI }),
        _ if y.is_infinite() => Some(FRAC_PI_2),
        _ => None,
    };
    if let Some(size) = size {
        return size.copysign(y);
    }
    let angle = atan(y / x);
    match (x < 0.0, angle <= 0.0) {
        (true, true) => angle + PI,
        (true, false) => angle - PI,
        _ => angle,
    }
}

/// The arc of a tangent that is not negative.
fn of_positive(value: f64) -> f64 {
    if value <= 0.66 {
        return series(value);
    }
    if value > TAN_3_PI_8 {
        return FRAC_PI_2 - series(1.0 / value) + MORE_BITS;
    }
    FRAC_PI_4 + series((value - 1.0) / (value + 1.0)) + 0.5 * MORE_BITS
}

fn series(x: f64) -> f64 {
    let z = x * x;
    let above = z * ((((P[0] * z + P[1]) * z + P[2]) * z + P[3]) * z + P[4]);
    let below = ((((z + Q[0]) * z + Q[1]) * z + Q[2]) * z + Q[3]) * z + Q[4];
    x * (above / below) + x
}

/// What π/2 is larger than its double by.
const MORE_BITS: f64 = 6.123_233_995_736_766e-17;
const TAN_3_PI_8: f64 = 2.414_213_562_373_095;
const THREE_PI_4: f64 = 2.356_194_490_192_345;

const P: [f64; 5] = [
    -8.750_608_600_031_904e-1,
    -1.615_753_718_733_365_2e1,
    -7.500_855_792_314_705e1,
    -1.228_866_684_490_136_1e2,
    -6.485_021_904_942_025e1,
];
const Q: [f64; 5] = [
    2.485_846_490_142_306_2e1,
    1.650_270_098_316_988_5e2,
    4.328_810_604_912_902_7e2,
    4.853_903_996_359_137e2,
    1.945_506_571_482_614e2,
];
