//! The order of `sort_by_label`: runs of digits compare as numbers.

/// True if `left` comes before `right` in upstream's natural order: run by run, digits with digits by
/// number, anything else by its bytes.
///
/// It is no order in some corners, which users see all the same: an empty text comes behind any other
/// and any other behind it; of numbers that differ in zeros in front each comes before the other;
/// and numbers too long for 64 bits are compared as texts.
pub(crate) fn comes_first(left: &str, right: &str) -> bool {
    let (mut left_rest, mut right_rest) = (left, right);
    while !left_rest.is_empty() {
        if right_rest.is_empty() {
            return false;
        }
        let (left_run, right_run) = (take_run(&mut left_rest), take_run(&mut right_rest));
        match (left_run.parse::<i64>(), right_run.parse::<i64>()) {
            (Ok(left), Ok(right)) if left != right => return left < right,
            (Ok(_), Ok(_)) => {}
            _ if left_run != right_run => return left_run < right_run,
            _ => {}
        }
        if left_rest.is_empty() {
            return true;
        }
    }
    false
}

fn take_run<'a>(rest: &mut &'a str) -> &'a str {
    let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
    let end = rest.find(|c: char| c.is_ascii_digit() != is_number);
    let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    run
}

#[cfg(test)]
mod tests {
    use super::comes_first;

    #[test]
    fn numbers_inside_texts_are_compared_as_numbers() {
        let sorted = [
            "1", "2", "10", "a", "a1", "a2", "a2b", "a10", "a10b2", "a10b10", "b",
        ];
        for (index, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                if index != other {
                    let want = index < other;
                    assert_eq!(comes_first(left, right), want, "{left:?} {right:?}");
                }
            }
        }
    }

    #[test]
    fn corners_are_upstreams() {
        let cases = [
            ("", "a", false),
            ("a", "", false),
            ("a010", "a10", true),
            ("a10", "a010", true),
            ("99999999999999999999", "100000000000000000000", false),
        ];
        for (left, right, want) in cases {
            assert_eq!(comes_first(left, right), want, "{left:?} {right:?}");
        }
    }
}
