//! What the workspace is made of: its packages with their manifests, and all Rust sources.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::Table;

use crate::source::Source;

/// Folders of a package that hold Rust sources.
const SOURCE_FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// All packages and sources, read once.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    pub(crate) sources: Vec<Source>,
}

/// One package of ours.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Folder, relative to the root; empty for the binary package.
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Table,
    pub(crate) manifest_text: String,
}

impl Package {
    /// Path of the manifest, relative to the root.
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// First line of the manifest that starts with `key`, counted from 1.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        let is_key = |line: &str| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        let found = self.manifest_text.lines().position(is_key);
        found.map_or(1, |index| index + 1)
    }
}

impl Workspace {
    /// Reads all manifests and sources below `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut packages = vec![read_package(root, PathBuf::new())?];
        for folder in member_folders(root, &packages[0].manifest)? {
            packages.push(read_package(root, folder)?);
        }
        let mut sources = Vec::new();
        for package in &packages {
            read_sources(root, &package.folder, &mut sources)?;
        }
        sources.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self {
            root: root.to_path_buf(),
            packages,
            sources,
        })
    }

    /// The source at `path`, relative to the root.
    pub(crate) fn source(&self, path: &Path) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }
}

/// The workspace root: one folder above this package.
pub(crate) fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().context("xtask lies in the workspace")?;
    Ok(root.to_path_buf())
}

fn member_folders(root: &Path, manifest: &Table) -> Result<Vec<PathBuf>> {
    let members = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("members"))
        .and_then(|members| members.as_array())
        .context("Cargo.toml has no workspace.members")?;
    let mut folders = Vec::new();
    for member in members.iter().filter_map(|member| member.as_str()) {
        match member.strip_suffix("/*") {
            None => folders.push(PathBuf::from(member)),
            Some(parent) => {
                for entry in sorted_entries(&root.join(parent))? {
                    if entry.join("Cargo.toml").is_file() {
                        folders.push(entry.strip_prefix(root)?.to_path_buf());
                    }
                }
            }
        }
    }
    Ok(folders)
}

fn read_package(root: &Path, folder: PathBuf) -> Result<Package> {
    let path = root.join(&folder).join("Cargo.toml");
    let manifest_text =
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let manifest: Table = manifest_text
        .parse()
        .with_context(|| format!("parsing {}", path.display()))?;
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(|name| name.as_str())
        .with_context(|| format!("{} has no package name", path.display()))?
        .to_owned();
    Ok(Package {
        name,
        folder,
        manifest,
        manifest_text,
    })
}

fn read_sources(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let package = root.join(folder);
    let build_script = package.join("build.rs");
    if build_script.is_file() {
        sources.push(Source::read(root, &build_script)?);
    }
    for name in SOURCE_FOLDERS {
        let below = package.join(name);
        if below.is_dir() {
            walk(root, &below, sources)?;
        }
    }
    Ok(())
}

fn walk(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in sorted_entries(folder)? {
        if entry.is_dir() {
            walk(root, &entry, sources)?;
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            sources.push(Source::read(root, &entry)?);
        }
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
