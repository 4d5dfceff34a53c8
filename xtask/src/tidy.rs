//! `cargo xtask tidy`: what STYLE and LAYOUT promise and the compiler does not check.
//!
//! Every check is a function from the [`Workspace`] to a list of [`Problem`]s. The list of what is
//! longest is printed beside them and fails nothing: a split that names no second concept is worse
//! than a long file.

mod attributes;
mod floors;
mod headers;
mod links;
mod logs;
mod modules;
mod names;
mod sizes;
mod unused;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::codegen;
use crate::workspace::Workspace;

/// Something to put right, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) path: PathBuf,
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_path_buf(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(formatter, "{path}:{}: {}", self.line, self.message)
    }
}

/// Prints the longest things and all problems.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    print!("{}", sizes::report(&workspace.sources));
    let problems = problems(workspace)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    println!(
        "tidy: {} sources in {} packages, {} problems",
        workspace.sources.len(),
        workspace.packages.len(),
        problems.len()
    );
    Ok(ExitCode::from(u8::from(!problems.is_empty())))
}

/// Everything that is wrong, in the order of the files.
pub(crate) fn problems(workspace: &Workspace) -> Result<Vec<Problem>> {
    let mut problems = floors::check(workspace)?;
    problems.extend(codegen::stale(workspace)?);
    problems.extend(unused::check(workspace));
    problems.extend(links::check(&workspace.root)?);
    for source in &workspace.sources {
        problems.extend(names::check(source));
        problems.extend(headers::check(source));
        problems.extend(attributes::check(source));
        problems.extend(logs::check(source));
        problems.extend(modules::check(workspace, source));
    }
    problems.sort();
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use crate::workspace::{self, Workspace};

    /// The same as `cargo xtask tidy`, so that `cargo test` alone tells the truth.
    #[test]
    fn the_workspace_is_tidy() {
        let workspace = Workspace::load(&workspace::root().unwrap()).unwrap();
        let problems = super::problems(&workspace).unwrap();
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
