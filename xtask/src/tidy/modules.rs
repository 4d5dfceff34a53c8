//! No file that nobody compiles: each is declared as a module by the file above it.

use std::path::{Path, PathBuf};

use crate::source::Source;
use crate::tidy::Problem;
use crate::tidy::names::declared_module;
use crate::workspace::Workspace;

/// Checks that the file above `source` declares it.
pub(crate) fn check(workspace: &Workspace, source: &Source) -> Option<Problem> {
    let candidates = parents(&source.path)?;
    let stem = source.stem();
    let declares = |path: &PathBuf| {
        let parent = workspace.source(path);
        parent.is_some_and(|parent| {
            let mut modules = parent.lines().filter_map(|(_, line)| declared_module(line));
            modules.any(|name| name == stem)
        })
    };
    let declared = candidates.iter().any(declares);
    let message = "no file declares this module: nobody compiles it";
    (!declared).then(|| Problem::new(&source.path, 1, message))
}

/// Files that may declare the module at `path`; none for the root of a target.
fn parents(path: &Path) -> Option<Vec<PathBuf>> {
    let folder = path.parent()?;
    let folder_name = folder.file_name()?.to_str()?;
    let stem = path.file_stem()?.to_str()?;
    let is_root = matches!(stem, "lib" | "main" | "build")
        || matches!(folder_name, "tests" | "benches" | "examples" | "bin");
    if is_root {
        return None;
    }
    let roots = vec![folder.join("lib.rs"), folder.join("main.rs")];
    if folder_name == "src" || folder.parent()?.ends_with("tests") {
        return Some(roots);
    }
    Some(vec![folder.with_extension("rs")])
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::parents;

    #[test]
    fn the_file_above_is_known() {
        let found = |path: &str| parents(Path::new(path));
        let paths = |names: &[&str]| Some(names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(found("crates/a/src/lib.rs"), None);
        assert_eq!(found("crates/a/build.rs"), None);
        assert_eq!(found("crates/a/tests/it/main.rs"), None);
        assert_eq!(found("crates/a/benches/append.rs"), None);
        let roots = paths(&["crates/a/src/lib.rs", "crates/a/src/main.rs"]);
        assert_eq!(found("crates/a/src/head.rs"), roots);
        assert_eq!(
            found("crates/a/src/head/append.rs"),
            paths(&["crates/a/src/head.rs"])
        );
        let roots = paths(&["crates/a/tests/it/lib.rs", "crates/a/tests/it/main.rs"]);
        assert_eq!(found("crates/a/tests/it/survives.rs"), roots);
    }
}
