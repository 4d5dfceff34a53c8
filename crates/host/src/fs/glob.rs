//! Files that a pattern means: `*`, `?` and `[…]` in any part of a path, as Go's `filepath.Glob`.

use std::io;
use std::path::{Path, PathBuf};

use super::Fs;

/// The pattern cannot be read.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("syntax error in pattern")]
pub struct PatternError;

/// The files and folders that a pattern means, sorted. Folders that are not there or cannot be
/// listed have none.
///
/// # Errors
/// The pattern has a bracket that is not closed or nothing in it.
pub fn glob(fs: &dyn Fs, pattern: &str) -> Result<Vec<PathBuf>, PatternError> {
    for part in pattern.split('/') {
        is_match(part, "")?;
    }
    let mut found = match pattern.starts_with('/') {
        true => vec![PathBuf::from("/")],
        false => vec![PathBuf::new()],
    };
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let next = found.iter().flat_map(|folder| entries(fs, folder, part));
        found = next.collect();
    }
    found.retain(|path| !path.as_os_str().is_empty());
    found.sort();
    Ok(found)
}

/// What `part` of a pattern means in a folder.
fn entries(fs: &dyn Fs, folder: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains(['*', '?', '[', '\\']) {
        let path = folder.join(part);
        let is_there = match fs.metadata(&path) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        return if is_there { vec![path] } else { Vec::new() };
    }
    let is_here = folder.as_os_str().is_empty();
    let listed = fs.read_dir(if is_here { Path::new(".") } else { folder });
    let names = listed
        .unwrap_or_default()
        .into_iter()
        .map(|entry| entry.name);
    let matching = names.filter(|name| is_match(part, name).unwrap_or(false));
    matching.map(|name| folder.join(name)).collect()
}

/// True if `name` fits the pattern, which has no `/`.
///
/// # Errors
/// The pattern cannot be read.
fn is_match(pattern: &str, name: &str) -> Result<bool, PatternError> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let items = parse(&pattern)?;
    Ok(fits(&items, &name))
}

/// One item of a pattern.
enum Item {
    Any,
    One,
    Exactly(char),
    Class {
        ranges: Vec<(char, char)>,
        is_negated: bool,
    },
}

fn parse(pattern: &[char]) -> Result<Vec<Item>, PatternError> {
    let mut items = Vec::new();
    let mut rest = pattern.iter().copied().peekable();
    while let Some(c) = rest.next() {
        items.push(match c {
            '*' => Item::Any,
            '?' => Item::One,
            '\\' => Item::Exactly(rest.next().ok_or(PatternError)?),
            '[' => {
                let is_negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while rest.peek() != Some(&']') || ranges.is_empty() {
                    let low = class_char(&mut rest)?;
                    let high = match rest.next_if_eq(&'-') {
                        Some(_) => class_char(&mut rest)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                rest.next();
                Item::Class { ranges, is_negated }
            }
            c => Item::Exactly(c),
        });
    }
    Ok(items)
}

fn class_char(
    rest: &mut std::iter::Peekable<impl Iterator<Item = char>>,
) -> Result<char, PatternError> {
    match rest.next() {
        None | Some('-' | ']') => Err(PatternError),
        Some('\\') => rest.next().ok_or(PatternError),
        Some(c) => Ok(c),
    }
}

fn fits(items: &[Item], name: &[char]) -> bool {
    let (mut item, mut at) = (0, 0);
    // Where to go on when what follows the last star does not fit: one character more under it.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let fits = match (items.get(item), name.get(at)) {
            (None, None) => return true,
            (Some(Item::Any), _) => {
                retry = Some((item + 1, at));
                item += 1;
                continue;
            }
            (Some(Item::One), Some(_)) => true,
            (Some(Item::Exactly(wanted)), Some(c)) => wanted == c,
            (Some(Item::Class { ranges, is_negated }), Some(c)) => {
                ranges.iter().any(|(low, high)| (low..=high).contains(&c)) != *is_negated
            }
            _ => false,
        };
        if fits {
            (item, at) = (item + 1, at + 1);
            continue;
        }
        match retry {
            Some((after_star, under_star)) if under_star < name.len() => {
                retry = Some((after_star, under_star + 1));
                (item, at) = (after_star, under_star + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::SimulatedFs;

    #[test]
    fn names_fit_patterns() {
        let cases = [
            ("a.yml", "a.yml", true),
            ("*.yml", "a.yml", true),
            ("*.yml", ".yml", true),
            ("*.yml", "a.yaml", false),
            ("a*b*.json", "axbybz.json", true),
            ("a*b*.json", "ax.json", false),
            ("t?.yml", "t.yml", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("**a", "ba", true),
        ];
        for (pattern, name, want) in cases {
            assert_eq!(is_match(pattern, name), Ok(want), "{pattern} {name}");
        }
        for pattern in ["[", "[]a", "[a-]", "\\"] {
            assert_eq!(is_match(pattern, "a"), Err(PatternError), "{pattern}");
        }
    }

    #[test]
    fn files_are_found_in_order() {
        let fs = SimulatedFs::default();
        for folder in ["/r/one", "/r/two"] {
            fs.create_dir_all(Path::new(folder)).unwrap();
        }
        for path in ["/r/two/b.yml", "/r/one/a.yml", "/r/one/c.json"] {
            fs.write(Path::new(path), b"").unwrap();
        }
        let listed = |pattern: &str| -> Vec<String> {
            let found = glob(&fs, pattern).unwrap();
            found
                .iter()
                .map(|path| path.display().to_string())
                .collect()
        };
        assert_eq!(listed("/r/*/*.yml"), ["/r/one/a.yml", "/r/two/b.yml"]);
        assert_eq!(listed("/r/one/c.json"), ["/r/one/c.json"]);
        assert_eq!(listed("/r/three.yml"), [""; 0]);
        assert_eq!(listed("/nowhere/*.yml"), [""; 0]);
    }
}
