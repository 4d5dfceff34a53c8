//! Dependencies that are named and not used: by a package's sources, or in the workspace's table.

use std::collections::BTreeSet;
use std::path::Path;

use toml::Value;

use crate::source::Source;
use crate::tidy::Problem;
use crate::workspace::{Package, Workspace};

/// Checks every manifest.
pub(crate) fn check(workspace: &Workspace) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for package in &workspace.packages {
        for name in dependencies(package) {
            if !is_named(workspace, package, name) {
                let message = format!("no source of `{}` names `{name}`", package.name);
                let line = package.line_of(name);
                problems.push(Problem::new(&package.manifest_path(), line, message));
            }
            used.insert(name);
        }
    }
    if let Some(root) = workspace.packages.first() {
        for name in table(root).filter(|name| !used.contains(name)) {
            let message = format!("no package takes `{name}` from the table");
            let line = root.line_of(name);
            problems.push(Problem::new(Path::new("Cargo.toml"), line, message));
        }
    }
    problems
}

/// Names in the workspace's one table of dependencies.
fn table(root: &Package) -> impl Iterator<Item = &str> {
    let workspace = root.manifest.get("workspace");
    let table = workspace.and_then(|table| table.get("dependencies"));
    let table = table.and_then(Value::as_table).into_iter().flatten();
    table.map(|(name, _)| name.as_str())
}

fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    let kinds = ["dependencies", "build-dependencies", "dev-dependencies"];
    let tables = kinds
        .into_iter()
        .filter_map(|kind| package.manifest.get(kind)?.as_table());
    tables.flatten().map(|(name, _)| name.as_str())
}

fn is_named(workspace: &Workspace, package: &Package, dependency: &str) -> bool {
    let name = match dependency {
        // Packages whose library has another name.
        "md-5" => "md5".to_owned(),
        other => other.replace('-', "_"),
    };
    let mut sources = workspace.sources.iter();
    sources.any(|source| belongs(source, package) && names(&source.text, &name))
}

fn belongs(source: &Source, package: &Package) -> bool {
    match source.path.strip_prefix(&package.folder) {
        Ok(inside) => ["src", "tests", "benches", "examples", "build.rs"]
            .iter()
            .any(|start| inside.starts_with(start)),
        Err(_) => false,
    }
}

/// True if the name stands alone somewhere in front of a path separator, or is imported.
fn names(text: &str, name: &str) -> bool {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_letter) && matches!(after, Some(':' | ';' | ' ' | ','))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{check, names};
    use crate::source::Source;
    use crate::workspace::{Package, Workspace};

    #[test]
    fn a_name_in_a_path_or_an_import_counts() {
        let cases = [
            ("use bytes::Bytes;", true),
            ("let b = bytes::Bytes::new();", true),
            ("use bytes as b;", true),
            ("my_bytes::x()", false),
            ("bytes_read::x()", false),
        ];
        for (text, expected) in cases {
            assert_eq!(names(text, "bytes"), expected, "{text}");
        }
    }

    #[test]
    fn what_nobody_uses_is_found() {
        let root = "[package]\nname = \"root\"\n[workspace.dependencies]\nurl = \"2\"\nmd-5 = \"0\"\n\
                    [dependencies]\nmd-5.workspace = true\nhttp = \"1\"\n";
        let workspace = Workspace {
            root: PathBuf::new(),
            packages: vec![Package {
                name: "root".to_owned(),
                folder: PathBuf::new(),
                manifest: root.parse().unwrap(),
                manifest_text: root.to_owned(),
            }],
            sources: vec![
                Source::made("src/main.rs", "use md5::Digest as _;\n"),
                Source::made("crates/a/src/lib.rs", "use http::Uri;\n"),
            ],
        };
        let messages: Vec<String> = check(&workspace).iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "Cargo.toml:8: no source of `root` names `http`",
                "Cargo.toml:4: no package takes `url` from the table",
            ]
        );
    }
}
