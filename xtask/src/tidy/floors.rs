//! The floors: every import between our crates, and the async runtime, against `xtask/floors.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::tidy::Problem;
use crate::workspace::{Package, Workspace};

/// Where the table lies, relative to the root.
const TABLE: &str = "xtask/floors.toml";

/// The table, as written.
pub(crate) struct Floors {
    crates: BTreeMap<String, Row>,
    exceptions: Vec<(String, String)>,
    runtime: Vec<String>,
    unsafe_modules: Vec<String>,
    text: String,
}

/// What one crate may do.
struct Row {
    floor: i64,
    runtime: bool,
    may_import: Vec<String>,
}

/// Which table of a manifest a dependency stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Test,
}

impl Floors {
    /// Reads the table below `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(root.join(TABLE)).with_context(|| format!("reading {TABLE}"))?;
        Self::parse(text).with_context(|| format!("parsing {TABLE}"))
    }

    /// The floor of a crate.
    pub(crate) fn floor(&self, name: &str) -> Option<i64> {
        self.crates.get(name).map(|row| row.floor)
    }

    fn parse(text: String) -> Result<Self> {
        let table: Table = text.parse()?;
        let rows = table.get("crates").and_then(Value::as_table);
        let mut crates = BTreeMap::new();
        for (name, row) in rows.context("no table `crates`")? {
            let floor = row.get("floor").and_then(Value::as_integer);
            let floor = floor.with_context(|| format!("crates.{name} has no floor"))?;
            let runtime = row.get("runtime").and_then(Value::as_bool);
            let row = Row {
                floor,
                runtime: runtime.unwrap_or(floor >= 2),
                may_import: strings(row.get("may_import")),
            };
            crates.insert(name.clone(), row);
        }
        let mut exceptions = Vec::new();
        let written = table.get("exceptions").and_then(Value::as_array);
        for exception in written.into_iter().flatten() {
            let field = |key: &str| {
                let value = exception.get(key).and_then(Value::as_str);
                value.with_context(|| format!("an exception has no `{key}`"))
            };
            field("reason")?;
            exceptions.push((field("from")?.to_owned(), field("to")?.to_owned()));
        }
        Ok(Self {
            crates,
            exceptions,
            runtime: strings(table.get("runtime")),
            unsafe_modules: strings(table.get("unsafe_modules")),
            text,
        })
    }

    fn excepted(&self, from: &str, to: &str) -> bool {
        let mut pairs = self.exceptions.iter();
        pairs.any(|(left, right)| left == from && right == to)
    }

    fn line_of(&self, name: &str) -> usize {
        let heading = format!("[crates.{name}]");
        let found = self.text.lines().position(|line| line == heading);
        found.map_or(1, |index| index + 1)
    }
}

/// Checks the table itself, every manifest, and where unsafe code is.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Problem>> {
    let floors = Floors::load(&workspace.root)?;
    let mut problems = check_table(&floors, &workspace.packages);
    for package in &workspace.packages {
        problems.extend(check_package(&floors, package));
    }
    problems.extend(check_unsafe(&floors, workspace));
    Ok(problems)
}

fn check_table(floors: &Floors, packages: &[Package]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |name: &str, message: String| {
        problems.push(Problem::new(
            Path::new(TABLE),
            floors.line_of(name),
            message,
        ));
    };
    for (name, row) in &floors.crates {
        if !packages.iter().any(|package| &package.name == name) {
            add(name, format!("there is no package `{name}`"));
        }
        for target in &row.may_import {
            match floors.floor(target) {
                None => add(name, format!("`{target}` has no row")),
                Some(floor) if floor >= row.floor && !floors.excepted(name, target) => add(
                    name,
                    format!(
                        "`{name}` may not import `{target}`: floor {floor} is not below {}",
                        row.floor
                    ),
                ),
                Some(_) => {}
            }
        }
    }
    problems
}

fn check_package(floors: &Floors, package: &Package) -> Vec<Problem> {
    let path = package.manifest_path();
    let Some(row) = floors.crates.get(&package.name) else {
        let message = format!("`{}` has no row in {TABLE}", package.name);
        return vec![Problem::new(&path, 1, message)];
    };
    let mut problems = Vec::new();
    for (kind, name, value) in dependencies(&package.manifest) {
        let complaint = if floors.crates.contains_key(name) {
            check_edge(floors, package, row, kind, name)
        } else {
            None
        };
        let complaint = complaint.or_else(|| check_runtime(floors, row, kind, name, value));
        if let Some(message) = complaint {
            problems.push(Problem::new(&path, package.line_of(name), message));
        }
    }
    problems
}

fn check_edge(
    floors: &Floors,
    package: &Package,
    row: &Row,
    kind: Kind,
    to: &str,
) -> Option<String> {
    let from = &package.name;
    let listed = row.may_import.iter().any(|name| name == to);
    let below = floors.floor(to).is_some_and(|floor| floor < row.floor);
    let allowed = listed || floors.excepted(from, to) || (kind == Kind::Test && below);
    (!allowed).then(|| format!("`{from}` may not import `{to}`: the edge is not in {TABLE}"))
}

fn check_runtime(
    floors: &Floors,
    row: &Row,
    kind: Kind,
    name: &str,
    value: &Value,
) -> Option<String> {
    if row.runtime || kind == Kind::Test {
        return None;
    }
    if floors.runtime.iter().any(|runtime| runtime == name) {
        return Some(format!(
            "`{name}` is the async runtime: synchronous by {TABLE}"
        ));
    }
    let net = strings(value.get("features"))
        .iter()
        .any(|feature| feature == "net");
    let message =
        || format!("`host` with feature `net` is the async runtime: synchronous by {TABLE}");
    (name == "host" && net).then(message)
}

fn check_unsafe(floors: &Floors, workspace: &Workspace) -> Vec<Problem> {
    let switch = concat!("allow(", "unsafe_code");
    let mut problems = Vec::new();
    for source in &workspace.sources {
        let named = floors
            .unsafe_modules
            .iter()
            .any(|path| source.path == Path::new(path));
        if let (false, Some(offset)) = (named, source.text.find(switch)) {
            let line = source.line_at(offset);
            let message = format!("unsafe code in a module that {TABLE} does not name");
            problems.push(Problem::new(&source.path, line, message));
        }
    }
    if floors.unsafe_modules.len() > 2 {
        let message = "more than two modules with unsafe code";
        problems.push(Problem::new(Path::new(TABLE), 1, message));
    }
    problems
}

fn dependencies(manifest: &Table) -> Vec<(Kind, &str, &Value)> {
    let tables = [
        ("dependencies", Kind::Normal),
        ("build-dependencies", Kind::Normal),
        ("dev-dependencies", Kind::Test),
    ];
    let mut found = Vec::new();
    for (key, kind) in tables {
        let table = manifest.get(key).and_then(Value::as_table);
        for (name, value) in table.into_iter().flatten() {
            found.push((kind, name.as_str(), value));
        }
    }
    found
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Floors, check_package, check_table};
    use crate::workspace::Package;

    const TABLE: &str = r#"
runtime = ["tokio"]
[crates.model]
floor = 0
may_import = []
[crates.host]
floor = 2
may_import = ["model"]
[crates.tsdb]
floor = 3
runtime = false
may_import = ["model", "host"]
[crates.promql]
floor = 3
may_import = ["model"]
"#;

    fn package(name: &str, dependencies: &str) -> Package {
        let manifest_text = format!("[package]\nname = \"{name}\"\n{dependencies}");
        Package {
            name: name.to_owned(),
            folder: PathBuf::from("crates").join(name),
            manifest: manifest_text.parse().unwrap(),
            manifest_text,
        }
    }

    #[test]
    fn edges_outside_the_table_are_refused() {
        let floors = Floors::parse(TABLE.to_owned()).unwrap();
        let cases = [
            ("tsdb", "[dependencies]\nmodel.workspace = true\n", None),
            (
                "promql",
                "[dependencies]\ntsdb.workspace = true\n",
                Some("`promql` may not import `tsdb`"),
            ),
            (
                "promql",
                "[dependencies]\nhost = {}\n",
                Some("`promql` may not import `host`"),
            ),
            ("promql", "[dev-dependencies]\nhost = {}\n", None),
            (
                "promql",
                "[dev-dependencies]\ntsdb = {}\n",
                Some("may not import `tsdb`"),
            ),
            ("promql", "[dependencies]\ntokio = {}\n", None),
            (
                "tsdb",
                "[dependencies]\ntokio = {}\n",
                Some("async runtime"),
            ),
            (
                "model",
                "[dependencies]\ntokio = {}\n",
                Some("async runtime"),
            ),
            (
                "tsdb",
                "[dependencies]\nhost = { features = [\"net\"] }\n",
                Some("feature `net`"),
            ),
            ("unknown", "", Some("has no row")),
        ];
        for (name, dependencies, complaint) in cases {
            let problems = check_package(&floors, &package(name, dependencies));
            let messages: Vec<&str> = problems
                .iter()
                .map(|problem| problem.message.as_str())
                .collect();
            match complaint {
                None => assert!(messages.is_empty(), "{name} {dependencies}: {messages:?}"),
                Some(part) => assert!(
                    messages.len() == 1 && messages[0].contains(part),
                    "{name} {dependencies}: {messages:?}"
                ),
            }
        }
    }

    #[test]
    fn a_problem_names_its_line() {
        let floors = Floors::parse(TABLE.to_owned()).unwrap();
        let package = package(
            "promql",
            "[dependencies]\nmodel = {}\nhost.workspace = true\n",
        );
        assert_eq!(check_package(&floors, &package)[0].line, 5);
    }

    #[test]
    fn a_sideways_row_needs_an_exception_with_a_reason() {
        let names = ["model", "host", "tsdb", "promql", "config", "template"];
        let packages: Vec<Package> = names.iter().map(|name| package(name, "")).collect();
        let sideways = "[crates.config]\nfloor = 1\nmay_import = [\"template\"]\n\
                        [crates.template]\nfloor = 1\nmay_import = []\n";
        let exception = "[[exceptions]]\nfrom = \"config\"\nto = \"template\"\n";
        let parse = |tail: &str| Floors::parse(format!("{TABLE}{sideways}{tail}"));

        assert_eq!(check_table(&parse("").unwrap(), &packages).len(), 1);
        assert!(parse(exception).is_err(), "an exception without a reason");
        let reasoned = parse(&format!("{exception}reason = \"checks\"\n")).unwrap();
        assert_eq!(check_table(&reasoned, &packages), vec![]);
    }
}
