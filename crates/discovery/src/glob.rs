//! Paths with wildcards in their last part.

use std::io;
use std::path::{Path, PathBuf};

use host::Fs;
use host::fs::glob::{Pattern, has_wildcards};
use host::fs::{folder_of, or_here};

/// The files that a pattern means, sorted. A pattern without wildcards means its own path, whether
/// or not something is there. A folder that is not there has no files.
///
/// # Errors
/// The pattern cannot be read, or its folder cannot be listed; which files are meant is then unknown.
pub(crate) fn list(fs: &dyn Fs, pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let name = pattern
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if !has_wildcards(name) {
        return Ok(vec![pattern.to_owned()]);
    }
    let names = Pattern::parse(name);
    let names = names.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let folder = folder(pattern);
    let entries = match fs.read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let matching = entries.into_iter().filter(|entry| names.fits(&entry.name));
    let mut paths: Vec<PathBuf> = matching.map(|entry| folder.join(entry.name)).collect();
    paths.sort();
    Ok(paths)
}

/// The folder whose changes concern a pattern.
pub(crate) fn folder(pattern: &Path) -> &Path {
    or_here(folder_of(pattern))
}

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

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
        assert_eq!(listed("/t/[b-z].yml"), [Path::new("/t/b.yml")]);
        assert_eq!(listed("/t/missing.yml"), [Path::new("/t/missing.yml")]);
        assert_eq!(listed("/nowhere/*.yml"), Vec::<PathBuf>::new());
        assert!(list(&fs, Path::new("/t/[.yml")).is_err());
    }
}
