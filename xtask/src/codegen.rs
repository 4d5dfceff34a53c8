//! `cargo xtask codegen`: pages that are written from the code, and the check that they still match.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::tidy::Problem;
use crate::workspace::Workspace;

/// Writes every generated page.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    for (path, text) in pages(workspace) {
        let target = workspace.root.join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&target, text).with_context(|| format!("writing {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Pages that are not what the code says.
pub(crate) fn stale(workspace: &Workspace) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for (path, text) in pages(workspace) {
        let written = fs::read_to_string(workspace.root.join(&path)).unwrap_or_default();
        if written != text {
            let differs = written
                .lines()
                .zip(text.lines())
                .position(|(left, right)| left != right);
            let line = differs.unwrap_or_else(|| written.lines().count()) + 1;
            problems.push(Problem::new(
                &path,
                line,
                "stale: run `cargo xtask codegen`",
            ));
        }
    }
    Ok(problems)
}

fn pages(workspace: &Workspace) -> Vec<(PathBuf, String)> {
    vec![(
        PathBuf::from("docs/reference/crates.md"),
        crates_page(workspace),
    )]
}

/// One row a library: what its header says first, and what it must not know.
fn crates_page(workspace: &Workspace) -> String {
    let mut page = String::from(
        "# Crates\n\n\
         Written by `cargo xtask codegen` from the crate headers; floors are in `xtask/floors.toml`.\n\n\
         | crate | what it is | must not know |\n| --- | --- | --- |\n",
    );
    for package in &workspace.packages {
        let header = package.folder.join("src/lib.rs");
        let Some(source) = workspace.source(&header) else {
            continue;
        };
        let first = source.header_paragraph("").unwrap_or_default();
        let must_not = source
            .header_paragraph("**Must not know:**")
            .unwrap_or_default();
        let must_not = must_not.trim_start_matches("**Must not know:**").trim();
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| [`{}`]({}) | {} | {} |",
            package.name,
            link(&header),
            cell(&first),
            cell(must_not)
        );
    }
    page
}

fn link(path: &Path) -> String {
    format!("../../{}", path.display())
}

/// Text for a table cell: links into the code lose their brackets, bars are escaped.
fn cell(text: &str) -> String {
    text.replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::crates_page;
    use crate::source::Source;
    use crate::workspace::{Package, Workspace};

    #[test]
    fn the_crate_page_is_written_from_headers() {
        let header = "//! Keeps [`Sample`]s.\n//!\n//! **Must not know:** time,\n//! space.\n";
        let workspace = Workspace {
            root: PathBuf::new(),
            packages: vec![Package {
                name: "store".to_owned(),
                folder: PathBuf::from("crates/store"),
                manifest: toml::Table::new(),
                manifest_text: String::new(),
            }],
            sources: vec![Source::made("crates/store/src/lib.rs", header)],
        };
        let row =
            "| [`store`](../../crates/store/src/lib.rs) | Keeps `Sample`s. | time, space. |\n";
        assert!(crates_page(&workspace).ends_with(row));
    }
}
