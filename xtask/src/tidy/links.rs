//! Links of the documentation into this repository: each leads to something that is there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::tidy::Problem;

/// Folders with pages, beside the pages at the root.
const FOLDERS: [&str; 2] = ["docs", "changes"];

/// Checks every page below `root`.
pub(crate) fn check(root: &Path) -> Result<Vec<Problem>> {
    let mut pages = Vec::new();
    collect(root, false, &mut pages)?;
    for folder in FOLDERS {
        collect(&root.join(folder), true, &mut pages)?;
    }
    let mut problems = Vec::new();
    for page in pages {
        let text =
            fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
        let folder = page.parent().unwrap_or(root);
        for (line, target) in links(&text) {
            if !folder.join(target).try_exists()? {
                let message = format!("`{target}` is not there");
                problems.push(Problem::new(page.strip_prefix(root)?, line, message));
            }
        }
    }
    Ok(problems)
}

fn collect(folder: &Path, deeper: bool, pages: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            if deeper {
                collect(&path, deeper, pages)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// Targets of links and images that are files, with their lines, outside blocks of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        let mut rest = line;
        while let (false, Some(start)) = (in_code, rest.find("](")) {
            rest = &rest[start + 2..];
            let end = rest.find(')').unwrap_or(rest.len());
            let target = rest[..end].split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                found.push((index + 1, target));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn links_to_files_are_found() {
        let text = "[a](a.md) and ![b](docs/b.png)\n[c](https://c.example) [d](#d)\n\
                    ```\n[e](e.md)\n```\n[f](f.md#part)\n";
        assert_eq!(links(text), [(1, "a.md"), (1, "docs/b.png"), (6, "f.md")]);
    }
}
