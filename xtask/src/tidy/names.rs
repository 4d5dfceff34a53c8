//! Names of files, folders and modules: each a noun or verb of the field, none said twice.

use crate::source::Source;
use crate::tidy::Problem;

/// Names for things that nobody has understood yet.
const FORBIDDEN: [&str; 10] = [
    "util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "stuff", "mod",
];

/// Folders below `src/`, at most.
const MAX_DEPTH: usize = 3;

/// Checks one file's name, its folders, and the modules declared inside.
pub(crate) fn check(source: &Source) -> Vec<Problem> {
    let folders = source.folders();
    let mut messages = Vec::new();
    for name in folders.iter().copied().chain([source.stem()]) {
        if FORBIDDEN.contains(&name) {
            messages.push((1, format!("`{name}` is no name: say what it is")));
        }
    }
    if let Some(folder) = folders.last()
        && repeats(source.stem(), folder)
    {
        messages.push((1, format!("the file name repeats its folder `{folder}`")));
    }
    if folders.len() > MAX_DEPTH {
        let depth = folders.len();
        messages.push((1, format!("{depth} folders deep, at most {MAX_DEPTH}")));
    }
    for (number, line) in source.lines() {
        if let Some(name) = declared_module(line)
            && FORBIDDEN.contains(&name)
        {
            messages.push((number, format!("`{name}` is no name for a module")));
        }
    }
    let problem = |(line, message)| Problem::new(&source.path, line, message);
    messages.into_iter().map(problem).collect()
}

fn repeats(stem: &str, folder: &str) -> bool {
    let rest = stem.strip_prefix(folder);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// The name in `mod name;` or `mod name {`.
pub(crate) fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let name = line.strip_prefix("mod ")?;
    let end = name.find([';', ' '])?;
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::{check, declared_module};
    use crate::source::Source;

    #[test]
    fn names_without_a_noun_are_refused() {
        let cases = [
            ("crates/a/src/utils.rs", "", 1),
            ("crates/a/src/common/x.rs", "", 1),
            ("crates/a/src/head/mod.rs", "", 1),
            ("crates/a/src/head/head_append.rs", "", 1),
            ("crates/a/src/log/log.rs", "", 1),
            ("crates/a/src/a/b/c/d/e.rs", "", 1),
            ("crates/a/src/x.rs", "pub(crate) mod misc {\n}\n", 1),
            ("crates/a/src/head/append.rs", "mod tests {\n}\n", 0),
            ("crates/a/src/head/header.rs", "", 0),
            ("crates/base/src/lib.rs", "", 0),
        ];
        for (path, text, count) in cases {
            assert_eq!(check(&Source::made(path, text)).len(), count, "{path}");
        }
    }

    #[test]
    fn module_declarations_are_read() {
        let cases = [
            ("mod a;", Some("a")),
            ("    pub mod b {", Some("b")),
            ("pub(crate) mod c;", Some("c")),
            ("// mod d;", None),
            ("module e;", None),
        ];
        for (line, name) in cases {
            assert_eq!(declared_module(line), name, "{line}");
        }
    }
}
