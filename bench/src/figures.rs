//! Numbers as the tables show them.

/// Bytes of a mebibyte.
pub(crate) const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Bytes of a kibibyte.
pub(crate) const KIBIBYTE: f64 = 1024.0;

/// The middle value, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(&upper) if values.len() % 2 == 1 => upper,
        Some(&upper) => f64::midpoint(values[middle - 1], upper),
    }
}

/// Three digits that count; nothing if there is no number.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => String::new(),
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{figure, median};

    #[test]
    fn medians_are_in_the_middle() {
        let cases: [(&[f64], f64); 3] =
            [(&[3.0, 1.0, 2.0], 2.0), (&[4.0, 1.0], 2.5), (&[7.0], 7.0)];
        for (values, expected) in cases {
            assert_eq!(median(values.to_vec()), expected);
        }
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn figures_have_three_digits() {
        let cases = [
            (0.123, "0.12"),
            (12.34, "12.3"),
            (1234.5, "1234"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }
}
