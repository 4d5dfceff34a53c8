//! The longest files, functions and structs: a list to look at, which fails nothing.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::source::Source;

/// Rows printed of each kind.
const ROWS: usize = 8;

/// Something that has a length.
struct Sized<'a> {
    size: usize,
    name: String,
    source: &'a Source,
    line: usize,
}

/// The list, as text.
pub(crate) fn report(sources: &[Source]) -> String {
    let files = sources.iter().map(whole_file).collect();
    let mut functions = Vec::new();
    let mut structs = Vec::new();
    for source in sources {
        functions.extend(items(source, "fn ", |body| body.len() + 1));
        structs.extend(items(source, "struct ", count_fields));
    }
    let mut report = String::new();
    table(&mut report, "longest files (lines)", files);
    table(&mut report, "longest functions (lines)", functions);
    table(&mut report, "widest structs (fields)", structs);
    report
}

fn table(report: &mut String, title: &str, mut rows: Vec<Sized<'_>>) {
    rows.sort_by_key(|row| Reverse(row.size));
    rows.truncate(ROWS);
    // Writing to a string cannot fail.
    let _ = writeln!(report, "{title}");
    for row in rows {
        let (path, line) = (row.source.path.display(), row.line);
        let _ = writeln!(report, "{:6}  {path}:{line} {}", row.size, row.name);
    }
}

fn whole_file(source: &Source) -> Sized<'_> {
    Sized {
        size: source.text.lines().count(),
        name: String::new(),
        source,
        line: 1,
    }
}

/// Items that `keyword` begins. Formatted code closes an item at the depth it began at.
fn items<'a>(
    source: &'a Source,
    keyword: &str,
    measure: impl Fn(&[&str]) -> usize,
) -> Vec<Sized<'a>> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = item_name(line, keyword) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let closes = |line: &&str| {
            let depth = line.len() - line.trim_start().len();
            depth == indent && line.trim_start().starts_with('}')
        };
        let body = &lines[index..];
        let one_line = line.ends_with('}') || line.ends_with(';');
        if let (false, Some(end)) = (one_line, body.iter().position(closes)) {
            found.push(Sized {
                size: measure(&body[..end]),
                name,
                source,
                line: index + 1,
            });
        }
    }
    found
}

fn item_name(line: &str, keyword: &str) -> Option<String> {
    let line = line.trim_start();
    let (before, after) = line.split_once(keyword)?;
    let qualifiers = ["pub", "const", "async", "unsafe", "extern"];
    let mut words = before.split_whitespace();
    let is_item = words.all(|word| qualifiers.iter().any(|known| word.starts_with(known)));
    let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
    (is_item && end > 0).then(|| after[..end].to_owned())
}

fn count_fields(body: &[&str]) -> usize {
    let is_field = |line: &&&str| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with('#') && line.contains(": ")
    };
    body.iter().skip(1).filter(is_field).count()
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::source::Source;

    #[test]
    fn lengths_are_counted() {
        let text = "pub(crate) async fn long() {\n    one();\n    two();\n}\n\n\
                    struct Wide {\n    /// A: b.\n    a: u8,\n    pub b: u8,\n}\n\
                    struct Unit;\n// fn no() {\n";
        let report = report(&[Source::made("src/x.rs", text)]);
        assert!(report.contains("     4  src/x.rs:1 long\n"), "{report}");
        assert!(report.contains("     2  src/x.rs:6 Wide\n"), "{report}");
        assert!(
            !report.contains("Unit") && !report.contains(" no"),
            "{report}"
        );
    }
}
