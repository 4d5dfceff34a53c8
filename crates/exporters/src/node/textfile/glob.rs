//! Which directories a pattern means: `*`, `?` and `[a-z]` within the parts of a path.

use std::path::{Path, PathBuf};

use host::Fs;

/// The paths that match, ascending. A pattern that matches nothing means itself, so that reading it
/// says what is wrong.
pub(super) fn expand(fs: &dyn Fs, pattern: &str) -> Vec<PathBuf> {
    let start = match pattern.strip_prefix('/') {
        Some(_) => PathBuf::from("/"),
        None => PathBuf::new(),
    };
    let mut paths = vec![start];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        paths = paths.iter().flat_map(|path| step(fs, path, part)).collect();
    }
    // What is spelled out was not looked for yet.
    paths.retain(|path| fs.metadata(path).is_ok());
    if paths.is_empty() {
        paths.push(pattern.into());
    }
    paths
}

/// What one part of the pattern means below a path.
fn step(fs: &dyn Fs, path: &Path, part: &str) -> Vec<PathBuf> {
    if !part.contains(['*', '?', '[', '\\']) {
        return vec![path.join(part)];
    }
    let here = Path::new(".");
    let folder = if path.as_os_str().is_empty() {
        here
    } else {
        path
    };
    let mut names: Vec<_> = fs
        .read_dir(folder)
        .unwrap_or_default()
        .into_iter()
        .map(|entry| entry.name)
        .filter(|name| matches(part, name))
        .collect();
    names.sort_unstable();
    names.into_iter().map(|name| path.join(name)).collect()
}

/// True if the whole name is as the pattern says. Remembers the last star only, which is enough: an
/// earlier one never has to take more once the part up to the next has matched.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    let mut last_star: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            last_star = Some((rest, name));
            pattern = rest;
            continue;
        }
        if pattern.is_empty() && name.is_empty() {
            return true;
        }
        if let Some(rests) = match_one(pattern, name) {
            (pattern, name) = rests;
            continue;
        }
        // The last star takes one character more.
        let Some((after_star, taken)) = last_star else {
            return false;
        };
        let mut characters = taken.chars();
        if characters.next().is_none() {
            return false;
        }
        (pattern, name) = (after_star, characters.as_str());
        last_star = Some((after_star, name));
    }
}

/// Matches one character; returns what is left of pattern and name.
fn match_one<'a>(pattern: &'a str, name: &'a str) -> Option<(&'a str, &'a str)> {
    let mut names = name.chars();
    let character = names.next()?;
    let mut patterns = pattern.chars();
    match patterns.next()? {
        '?' => Some((patterns.as_str(), names.as_str())),
        '[' => {
            let (class, rest) = patterns.as_str().split_once(']')?;
            in_class(class, character).then_some((rest, names.as_str()))
        }
        '\\' => (patterns.next()? == character).then_some((patterns.as_str(), names.as_str())),
        literal => (literal == character).then_some((patterns.as_str(), names.as_str())),
    }
}

/// True if the character is in a class such as `a-z_`, or not in one such as `^a-z`.
fn in_class(class: &str, character: char) -> bool {
    let (negated, class) = match class.strip_prefix('^') {
        Some(class) => (true, class),
        None => (false, class),
    };
    let mut characters = class.chars().peekable();
    let mut found = false;
    while let Some(first) = characters.next() {
        let last = match characters.next_if_eq(&'-') {
            Some(_) => characters.next().unwrap_or('-'),
            None => first,
        };
        found |= (first..=last).contains(&character);
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

    #[test]
    fn names_match_patterns() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*_dim*", "a_extra_dim_b", true),
            ("*ab", "aab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[a-", "a", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a\\", "a", false),
            ("é?", "éx", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_become_paths() {
        let fs = SimulatedFs::default();
        for path in ["/t/a/x", "/t/b/x", "/t/c/y"] {
            fs.create_dir_all(Path::new(path)).unwrap();
        }
        for (pattern, expected) in [
            ("/t/*/x", &["/t/a/x", "/t/b/x"][..]),
            ("/t/c", &["/t/c"]),
            ("/t/[bc]", &["/t/b", "/t/c"]),
            ("/nosuch", &["/nosuch"]),
            ("/nosuch/*", &["/nosuch/*"]),
        ] {
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(expand(&fs, pattern), expected, "{pattern}");
        }
    }
}
