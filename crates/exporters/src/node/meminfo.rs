//! Where the memory went: `/proc/meminfo`, every line of it.

use model::MetricType;

use super::sources::Sources;
use crate::families::Families;
use crate::gather::CollectorError;

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    let text = sources.proc("meminfo")?;
    for field in text.lines().filter_map(parse_line) {
        let name = format!("node_memory_{}", field.name);
        let help = || format!("Memory information field {}.", field.name);
        families.push_named((&name, MetricType::Gauge), help, &[], field.value);
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Field {
    name: String,
    value: f64,
}

/// Reads `Name(part):  12 kB`: parentheses become an underscore, and what is in kB becomes bytes
/// and says so.
fn parse_line(line: &str) -> Option<Field> {
    let (key, rest) = line.split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    let mut value: f64 = words.next()?.parse().ok()?;
    let mut name = key.trim_end_matches(')').replace('(', "_");
    if words.next() == Some("kB") {
        value *= 1024.0;
        name.push_str("_bytes");
    }
    Some(Field { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_fields() {
        for (line, expected) in [
            ("MemTotal:     2 kB", Some(("MemTotal_bytes", 2048.0))),
            ("Active(anon): 1 kB", Some(("Active_anon_bytes", 1024.0))),
            ("HugePages_Total:   5", Some(("HugePages_Total", 5.0))),
            ("Committed_AS: 0 kB", Some(("Committed_AS_bytes", 0.0))),
            ("MemTotal:", None),
            ("MemTotal: many kB", None),
            ("no colon 5", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, value)| Field {
                name: name.to_owned(),
                value,
            });
            assert_eq!(parse_line(line), expected, "{line:?}");
        }
    }
}
