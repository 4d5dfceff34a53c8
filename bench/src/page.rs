//! `docs/operations/measurements.md`: one section a benchmark, each replaced by its own next run.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};

const HEADER: &str = "\
# Measurements

Every section is written by the command that it names; running it again replaces that section.
CPU seconds and ratios count; wall clock is only compared inside one run. The bars are what the
project aims at, not what was measured.
";

/// Replaces the section `name` of the page at `path`, or adds it at the end.
///
/// # Errors
/// The page cannot be read or written.
pub(crate) fn write(path: &Path, name: &str, section: &str) -> Result<()> {
    let page = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => HEADER.to_owned(),
        read => read.with_context(|| format!("reading {}", path.display()))?,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, replaced(&page, name, section))
        .with_context(|| format!("writing {}", path.display()))
}

fn replaced(page: &str, name: &str, section: &str) -> String {
    let begin = format!("<!-- begin {name} -->\n");
    let end = format!("<!-- end {name} -->\n");
    let written = format!("{begin}{section}{end}");
    let found = page.find(&begin).zip(page.find(&end));
    match found {
        Some((start, stop)) if start < stop => {
            format!("{}{written}{}", &page[..start], &page[stop + end.len()..])
        }
        _ => format!("{}\n\n{written}", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_is_added_once_and_then_replaced() {
        let first = replaced("# Page\n", "a", "one\n");
        assert_eq!(first, "# Page\n\n<!-- begin a -->\none\n<!-- end a -->\n");
        let both = replaced(&first, "b", "two\n");
        assert!(both.starts_with(&first));
        let again = replaced(&both, "a", "three\n");
        assert_eq!(again, both.replace("one\n", "three\n"));
    }
}
