//! How far apart two words are.

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the
/// other.
pub fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous_char = None;
    for (row, c) in from.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, &t) in to.iter().enumerate() {
            let replace = last[column] + usize::from(c != t);
            let mut best = replace.min(last[column + 1] + 1).min(current[column] + 1);
            let is_swap = column > 0 && previous_char == Some(t) && to[column - 1] == c;
            if is_swap {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
        previous_char = Some(c);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let cases = [
            ("", "", 0),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("ab", "ba", 1),
            ("a", "a", 0),
        ];
        for (from, to, want) in cases {
            assert_eq!(distance(from, to), want, "{from} {to}");
        }
    }
}
