//! The rules that ship inside the program, each with a page in `docs/operations/alerts.md`.

use anyhow::anyhow;
use rules::load::{LoadOptions, LoadedFile, load_text};

/// Reads them, each file under its own name.
///
/// # Errors
/// One is wrong, which a test of this program would have told.
pub(super) fn files() -> anyhow::Result<Vec<LoadedFile>> {
    let read = |(name, text): (&str, &str)| {
        let file = load_text(text, name, &LoadOptions::default());
        let file = file.map_err(|problems| anyhow!("{problems}"))?;
        Ok(LoadedFile {
            path: name.to_owned(),
            file,
        })
    };
    FILES.into_iter().map(read).collect()
}

const FILES: [(&str, &str); 2] = [
    (
        "machine.yml",
        include_str!("../../../content/rules/machine.yml"),
    ),
    (
        "narthex.yml",
        include_str!("../../../content/rules/narthex.yml"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_valid() {
        let files = files().unwrap();
        let groups = files.iter().flat_map(|file| &file.file.groups);
        let names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["machine-recording", "machine", "narthex"]);
    }
}
