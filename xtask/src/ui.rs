//! `cargo xtask ui`: the pages, built only when their sources are newer than what was built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::node::Node;
use crate::program;

/// What the build reads, relative to `ui/`.
const INPUTS: [&str; 7] = [
    "src",
    "build",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// Written last by the bundler.
const BUILT: &str = "dist/manifest.json";

/// Written last by `npm ci`.
const INSTALLED: &str = "node_modules/.package-lock.json";

/// Builds `ui/dist` with its size gate, unless it is up to date.
///
/// # Errors
/// A tool is missing, or the build fails.
pub(crate) fn build(root: &Path) -> Result<()> {
    let ui = root.join("ui");
    if up_to_date(&ui)? {
        return Ok(());
    }
    program::run(npm(root, &["run", "build"])?.current_dir(&ui))
}

/// Checks the UI sources with biome.
///
/// # Errors
/// A tool is missing, or there are findings.
pub(crate) fn lint(root: &Path) -> Result<()> {
    program::run(&mut npm(root, &["run", "lint"])?)
}

/// An npm command in `ui/`, with the dependencies in place.
///
/// # Errors
/// Node.js is missing, or the dependencies cannot be installed.
pub(crate) fn npm(root: &Path, arguments: &[&str]) -> Result<Command> {
    let ui = root.join("ui");
    let node = Node::ready(root)?;
    if changed(&ui.join(INSTALLED)) < changed(&ui.join("package-lock.json")) {
        let mut install = node.command("npm", &ui)?;
        // Scripts of third parties are not run.
        install.args([
            "ci",
            "--ignore-scripts",
            "--no-progress",
            "--loglevel=error",
        ]);
        program::run(&mut install)?;
    }
    let mut command = node.command("npm", &ui)?;
    command.args(arguments);
    Ok(command)
}

fn up_to_date(ui: &Path) -> Result<bool> {
    let Some(built) = changed(&ui.join(BUILT)) else {
        return Ok(false);
    };
    let mut newest = None;
    for input in INPUTS {
        newest = newest.max(newest_below(&ui.join(input))?);
    }
    Ok(newest <= Some(built))
}

/// Last change of a file, or of the newest file in a folder, the folder's own names included.
fn newest_below(path: &Path) -> Result<Option<SystemTime>> {
    let mut newest = changed(path);
    if path.is_dir() {
        for entry in entries(path)? {
            newest = newest.max(newest_below(&entry)?);
        }
    }
    Ok(newest)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let paths: Result<Vec<PathBuf>, _> = listed
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    Ok(paths?)
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}
