//! One Rust source file, as text.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A source file and where it lies.
pub(crate) struct Source {
    /// Relative to the workspace root.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// Reads the file at `path`, which lies below `root`.
    pub(crate) fn read(root: &Path, path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self {
            path: path.strip_prefix(root)?.to_path_buf(),
            text,
        })
    }

    /// Name without extension.
    pub(crate) fn stem(&self) -> &str {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        stem.unwrap_or_default()
    }

    /// Folders between the package's `src`, `tests` or `benches` and the file.
    pub(crate) fn folders(&self) -> Vec<&str> {
        let names: Vec<&str> = self.path.iter().filter_map(|name| name.to_str()).collect();
        let is_root = |name: &&str| ["src", "tests", "benches", "examples"].contains(name);
        match names.iter().position(is_root) {
            Some(start) => names[start + 1..names.len() - 1].to_vec(),
            None => Vec::new(),
        }
    }

    /// Lines with their numbers, counted from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Number of the line that the byte at `offset` is on, counted from 1.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        let before = self.text.bytes().take(offset);
        before.filter(|&byte| byte == b'\n').count() + 1
    }

    /// The paragraph of the file header, lines joined, that starts with `prefix` (any: the first).
    pub(crate) fn header_paragraph(&self, prefix: &str) -> Option<String> {
        let header: Vec<&str> = self
            .text
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect();
        header
            .split(|line| line.is_empty())
            .map(|lines| lines.join(" "))
            .find(|paragraph| !paragraph.is_empty() && paragraph.starts_with(prefix))
    }

    /// A source that a test made up.
    #[cfg(test)]
    pub(crate) fn made(path: &str, text: &str) -> Self {
        Self {
            path: PathBuf::from(path),
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn a_header_paragraph_is_found_and_joined() {
        let text = "//! One\n//! line.\n//!\n//! **Must not know:** a,\n//! b.\n\nuse x;\n";
        let source = Source::made("crates/a/src/lib.rs", text);
        assert_eq!(source.header_paragraph("").as_deref(), Some("One line."));
        let must_not = source.header_paragraph("**Must not know:**");
        assert_eq!(must_not.as_deref(), Some("**Must not know:** a, b."));
        assert_eq!(source.header_paragraph("nothing"), None);
    }

    #[test]
    fn folders_are_counted_below_the_source_root() {
        let cases: [(&str, &[&str]); 3] = [
            ("crates/a/src/lib.rs", &[]),
            ("crates/a/src/b/c/d.rs", &["b", "c"]),
            ("crates/a/tests/it/main.rs", &["it"]),
        ];
        for (path, folders) in cases {
            assert_eq!(Source::made(path, "").folders(), folders, "{path}");
        }
    }
}
