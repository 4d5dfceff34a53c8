//! Functions of one value at a time: arithmetic, logarithms, angles.

use std::f64::consts::PI;

use model::elementary::{arc, exponential, hyperbolic, logarithm, trigonometry};

use crate::functions::Function;

/// The function on one value, for those that need nothing else.
pub(crate) fn of_one_value(function: Function) -> Option<fn(f64) -> f64> {
    Some(match function {
        Function::Abs => f64::abs,
        Function::Ceil => f64::ceil,
        Function::Floor => f64::floor,
        Function::Exp => exponential::exp,
        Function::Sqrt => f64::sqrt,
        Function::Ln => logarithm::ln,
        Function::Log2 => logarithm::log2,
        Function::Log10 => logarithm::log10,
        Function::Sin => trigonometry::sin,
        Function::Cos => trigonometry::cos,
        Function::Tan => trigonometry::tan,
        Function::Asin => arc::asin,
        Function::Acos => arc::acos,
        Function::Atan => arc::atan,
        Function::Sinh => hyperbolic::sinh,
        Function::Cosh => hyperbolic::cosh,
        Function::Tanh => hyperbolic::tanh,
        Function::Asinh => hyperbolic::asinh,
        Function::Acosh => hyperbolic::acosh,
        Function::Atanh => hyperbolic::atanh,
        Function::Rad => |value| value * PI / 180.0,
        Function::Deg => |value| value * 180.0 / PI,
        Function::Sgn => sign,
        _ => return None,
    })
}

fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

/// `round`: to the nearest multiple of `to_nearest`, half of it up.
pub(crate) fn round(value: f64, to_nearest: f64) -> f64 {
    // By the inverse, which loses less than dividing by a number like 0.1.
    let inverse = 1.0 / to_nearest;
    (value * inverse + 0.5).floor() / inverse
}

/// `clamp`: none if the limits exclude each other.
pub(crate) fn clamp(value: f64, minimum: f64, maximum: f64) -> Option<f64> {
    if maximum < minimum {
        return None;
    }
    Some(larger(minimum, smaller(maximum, value)))
}

/// `min_of`: NaN unless one of the two is as small as can be. As Go's `math.Min`.
pub(crate) fn smaller(left: f64, right: f64) -> f64 {
    -larger(-left, -right)
}

/// `max_of`: NaN unless one of the two is as large as can be. As Go's `math.Max`.
pub(crate) fn larger(left: f64, right: f64) -> f64 {
    if left == f64::INFINITY || right == f64::INFINITY {
        return f64::INFINITY;
    }
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    if left == right {
        // Zeros have signs.
        return if left.is_sign_negative() { right } else { left };
    }
    left.max(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up_and_to_multiples() {
        let cases = [
            (2.5, 1.0, 3.0),
            (-2.5, 1.0, -2.0),
            (5.25, 0.1, 5.3),
            (9.0, 5.0, 10.0),
            (f64::INFINITY, 1.0, f64::INFINITY),
        ];
        for (value, to_nearest, want) in cases {
            assert_eq!(round(value, to_nearest), want, "{value} to {to_nearest}");
        }
        assert!(round(f64::NAN, 1.0).is_nan());
    }

    #[test]
    fn clamps_and_carries_nan() {
        assert_eq!(clamp(5.0, 0.0, 3.0), Some(3.0));
        assert_eq!(clamp(-5.0, 0.0, 3.0), Some(0.0));
        assert_eq!(clamp(1.0, 5.0, -5.0), None);
        for (value, minimum, maximum) in [
            (f64::NAN, 0.0, 1.0),
            (0.5, f64::NAN, 1.0),
            (0.5, 0.0, f64::NAN),
        ] {
            assert!(clamp(value, minimum, maximum).is_some_and(f64::is_nan));
        }
    }

    #[test]
    fn extremes_are_gos() {
        let (nan, infinity) = (f64::NAN, f64::INFINITY);
        let cases = [
            (1.0, 2.0, 1.0, 2.0),
            (0.0, -0.0, -0.0, 0.0),
            (nan, infinity, nan, infinity),
            (-infinity, nan, -infinity, nan),
            (nan, 1.0, nan, nan),
        ];
        for (left, right, small, large) in cases {
            let same = |got: f64, want: f64| {
                assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()));
            };
            same(smaller(left, right), small);
            same(smaller(right, left), small);
            same(larger(left, right), large);
            same(larger(right, left), large);
        }
    }

    #[test]
    fn signs_keep_zero_and_nan() {
        let sgn = of_one_value(Function::Sgn).unwrap();
        assert_eq!((sgn(-50.0), sgn(0.0), sgn(7.0)), (-1.0, 0.0, 1.0));
        assert!(sgn(f64::NAN).is_nan());
    }
}
