//! Paths with `*` and `?` in their last part.

use std::io;
use std::path::{Path, PathBuf};

use host::Fs;

/// The files that a pattern means, sorted. A pattern without wildcards means its own path, whether
/// or not something is there. A folder that is not there has no files.
///
/// # Errors
/// The folder cannot be listed; which files the pattern means is then unknown.
pub(crate) fn list(fs: &dyn Fs, pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let name = pattern
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if !name.contains(['*', '?']) {
        return Ok(vec![pattern.to_owned()]);
    }
    let folder = folder(pattern);
    let entries = match fs.read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let matching = entries
        .into_iter()
        .filter(|entry| matches(name, &entry.name));
    let mut paths: Vec<PathBuf> = matching.map(|entry| folder.join(entry.name)).collect();
    paths.sort();
    Ok(paths)
}

/// The folder whose changes concern a pattern.
pub(crate) fn folder(pattern: &Path) -> &Path {
    match pattern.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// True if `name` fits: `*` stands for any characters, `?` for one.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern_rest, mut name_rest) = (pattern.chars(), name.chars());
    // Where to go on when what follows the last star did not fit: with one character more under it.
    let mut retry = None;
    loop {
        let before_star = pattern_rest.clone();
        match (pattern_rest.next(), name_rest.clone().next()) {
            (None, None) => return true,
            (Some('*'), _) => retry = Some((before_star, name_rest.clone())),
            (Some(p), Some(n)) if p == '?' || p == n => drop(name_rest.next()),
            _ => {
                let Some((from_star, mut under_star)) = retry.take() else {
                    return false;
                };
                if under_star.next().is_none() {
                    return false;
                }
                (pattern_rest, name_rest) = (from_star, under_star);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

    #[test]
    fn stars_stand_for_anything() {
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
            ("**a", "ba", true),
        ];
        for (pattern, name, want) in cases {
            assert_eq!(matches(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_listed_in_order() {
        let fs = SimulatedFs::default();
        fs.create_dir_all(Path::new("/t/dir.yml")).unwrap();
        for path in ["/t/b.yml", "/t/a.yml", "/t/a.json"] {
            fs.write(Path::new(path), b"[]").unwrap();
        }
        let listed = |pattern: &str| list(&fs, Path::new(pattern)).unwrap();
        assert_eq!(
            listed("/t/?.yml"),
            [Path::new("/t/a.yml"), Path::new("/t/b.yml")]
        );
        assert_eq!(listed("/t/missing.yml"), [Path::new("/t/missing.yml")]);
        assert_eq!(listed("/nowhere/*.yml"), Vec::<PathBuf>::new());
    }
}
