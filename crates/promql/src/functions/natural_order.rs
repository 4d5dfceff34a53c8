//! The order of `sort_by_label`: runs of digits compare as numbers.

use std::cmp::Ordering;

/// Compares two texts run by run: digits with digits by number, anything else by its bytes.
pub(crate) fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left_rest, mut right_rest) = (left, right);
    while !left_rest.is_empty() && !right_rest.is_empty() {
        let (left_run, right_run) = (take_run(&mut left_rest), take_run(&mut right_rest));
        let order = if starts_with_digit(left_run) && starts_with_digit(right_run) {
            by_number(left_run, right_run)
        } else {
            left_run.cmp(right_run)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // One is the start of the other, but for zeros in front of numbers.
    let by_length = left_rest.len().cmp(&right_rest.len());
    by_length.then_with(|| left.cmp(right))
}

fn take_run<'a>(rest: &mut &'a str) -> &'a str {
    let is_number = starts_with_digit(rest);
    let end = rest.find(|c: char| c.is_ascii_digit() != is_number);
    let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    run
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Of any length: a longer number is greater.
fn by_number(left: &str, right: &str) -> Ordering {
    let [left, right] = [left, right].map(|digits| digits.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_inside_texts_are_compared_as_numbers() {
        let sorted = [
            "",
            "1",
            "2",
            "10",
            "a",
            "a1",
            "a2",
            "a2b",
            "a010",
            "a10",
            "a10b2",
            "a10b10",
            "b",
            "b99999999999999999999",
            "b100000000000000000000",
        ];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                let want = index.cmp(&other);
                assert_eq!(natural_order(left, right), want, "{left:?} {right:?}");
            }
        }
    }
}
