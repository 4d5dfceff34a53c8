//! Files that a pattern means: `*`, `?` and `[…]` in any part of a path, as Go's `filepath.Glob`.

use std::io;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

use super::{Fs, or_here};

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
    let mut found = match pattern.starts_with('/') {
        true => vec![PathBuf::from("/")],
        false => vec![PathBuf::new()],
    };
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let names = Pattern::parse(part)?;
        let next = found.iter().flat_map(|folder| match has_wildcards(part) {
            true => matching(fs, folder, &names),
            false => existing(fs, folder.join(part)),
        });
        found = next.collect();
    }
    found.retain(|path| !path.as_os_str().is_empty());
    found.sort();
    Ok(found)
}

/// True unless a part of a path means just itself.
pub fn has_wildcards(part: &str) -> bool {
    part.contains(['*', '?', '[', '\\'])
}

fn existing(fs: &dyn Fs, path: PathBuf) -> Vec<PathBuf> {
    match fs.metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        _ => vec![path],
    }
}

fn matching(fs: &dyn Fs, folder: &Path, names: &Pattern) -> Vec<PathBuf> {
    let listed = fs.read_dir(or_here(folder)).unwrap_or_default();
    let matching = listed.into_iter().filter(|entry| names.fits(&entry.name));
    matching.map(|entry| folder.join(entry.name)).collect()
}

/// A part of a path with wildcards.
#[derive(Debug)]
pub struct Pattern {
    items: Vec<Item>,
}

/// One item of a pattern.
#[derive(Debug)]
enum Item {
    Any,
    One,
    Exactly(char),
    Class {
        ranges: Vec<(char, char)>,
        is_negated: bool,
    },
}

impl Pattern {
    /// Reads a pattern, which has no `/`.
    ///
    /// # Errors
    /// It has a bracket that is not closed or nothing in it, or ends in a backslash.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut items = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            items.push(match c {
                '*' => Item::Any,
                '?' => Item::One,
                '\\' => Item::Exactly(rest.next().ok_or(PatternError)?),
                '[' => class(&mut rest)?,
                c => Item::Exactly(c),
            });
        }
        Ok(Self { items })
    }

    /// True if the whole name fits.
    pub fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        fits(&self.items, &name)
    }
}

/// What follows an opening bracket, up to the closing one.
fn class(rest: &mut Peekable<Chars<'_>>) -> Result<Item, PatternError> {
    let is_negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while rest.peek() != Some(&']') || ranges.is_empty() {
        let low = class_char(rest)?;
        let high = match rest.next_if_eq(&'-') {
            Some(_) => class_char(rest)?,
            None => low,
        };
        ranges.push((low, high));
    }
    rest.next();
    Ok(Item::Class { ranges, is_negated })
}

fn class_char(rest: &mut Peekable<Chars<'_>>) -> Result<char, PatternError> {
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
            ("t?.yml", "t1.yml", true),
            ("t?.yml", "t.yml", false),
            ("*", "", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("**a", "ba", true),
        ];
        for (pattern, name, want) in cases {
            let fits = Pattern::parse(pattern).unwrap().fits(name);
            assert_eq!(fits, want, "{pattern} {name}");
        }
        for pattern in ["[", "[]a", "[a-]", "\\"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
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
