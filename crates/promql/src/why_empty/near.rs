//! Words like a word.

use model::spelling::distance;

/// The words most like one of those wanted, the nearest first: a few letters differ, or one is a
/// part of the other.
pub(super) fn nearest(wanted: &[&str], words: Vec<String>) -> Vec<String> {
    let wanted: Vec<String> = wanted.iter().map(|word| word.to_lowercase()).collect();
    let mut ranked: Vec<(usize, String)> = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .filter_map(|word| {
            let lower = word.to_lowercase();
            let ranks = wanted.iter().filter_map(|wanted| rank(wanted, &lower));
            ranks.min().map(|rank| (rank, word))
        })
        .collect();
    ranked.sort();
    ranked.truncate(MOST_TOLD);
    ranked.into_iter().map(|(_, word)| word).collect()
}

/// How unlike two words are; none if they have nothing to do with each other.
fn rank(wanted: &str, word: &str) -> Option<usize> {
    let (long, short) = (wanted.chars().count(), word.chars().count());
    let difference = long.abs_diff(short);
    let most_edits = (long / 3).max(1);
    if difference <= most_edits && long.max(short) <= LONGEST {
        let edits = distance(wanted, word);
        if edits <= most_edits {
            return Some(edits);
        }
    }
    let is_part =
        |part: &str, whole: &str, len: usize| len >= SHORTEST_PART && whole.contains(part);
    let is_one_a_part = is_part(wanted, word, long) || is_part(word, wanted, short);
    is_one_a_part.then_some(most_edits + difference)
}

/// The parts of a pattern that stand for themselves.
pub(super) fn literals(pattern: &str) -> Vec<&str> {
    let is_special = |c: char| ".*+?()[]{}|^$\\".contains(c);
    let parts = pattern.split(is_special);
    parts
        .filter(|part| !part.is_empty())
        .take(MOST_LITERALS)
        .collect()
}

/// Words that are told.
const MOST_TOLD: usize = 5;
/// Characters that a part has at least: single letters are in everything.
const SHORTEST_PART: usize = 3;
/// Characters of words whose letters are compared; longer ones take too long.
const LONGEST: usize = 128;
/// Parts of a pattern that are compared.
const MOST_LITERALS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_alike_are_found() {
        let words = [
            "node",
            "nodes",
            "Node",
            "node-exporter",
            "kubelet",
            "api",
            "",
        ];
        let cases: [(&[&str], &[&str]); 6] = [
            (&["nod"], &["Node", "node", "nodes", "node-exporter"]),
            (&["NODE"], &["Node", "node", "nodes", "node-exporter"]),
            (&["kublet", "pai"], &["api", "kubelet"]),
            (&["my-kubelet-1"], &["kubelet"]),
            (&["zzz"], &[]),
            (&[], &[]),
        ];
        for (wanted, want) in cases {
            let words = words.map(str::to_owned).to_vec();
            assert_eq!(nearest(wanted, words), want, "{wanted:?}");
        }
    }

    #[test]
    fn patterns_have_literal_parts() {
        let cases: [(&str, &[&str]); 3] = [
            ("web-.*|api", &["web-", "api"]),
            (".+", &[]),
            ("plain", &["plain"]),
        ];
        for (pattern, want) in cases {
            assert_eq!(literals(pattern), want, "{pattern}");
        }
    }
}
