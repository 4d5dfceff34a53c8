//! What the memory management did: chosen lines of `/proc/vmstat`.

use model::MetricType;
use regex::Regex;

use super::flags::VMSTAT_FIELDS;
use super::options::{OptionsError, compile};
use super::sources::Sources;
use crate::families::Families;
use crate::gather::CollectorError;

#[derive(Debug)]
pub(crate) struct Vmstat {
    fields: Regex,
}

impl Vmstat {
    pub(crate) fn new(fields: &str) -> Result<Self, OptionsError> {
        let fields = compile(VMSTAT_FIELDS, fields)?;
        Ok(Self { fields })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        for line in sources.proc("vmstat")?.lines() {
            let Some((field, value)) = parse_line(line) else {
                return Err(CollectorError::malformed(
                    "vmstat",
                    format!("line {line:?}"),
                ));
            };
            if self.fields.is_match(field) {
                let name = format!("node_vmstat_{field}");
                let help = || format!("/proc/vmstat information field {field}.");
                families.push_named((&name, MetricType::Unknown), help, &[], value);
            }
        }
        Ok(())
    }
}

fn parse_line(line: &str) -> Option<(&str, f64)> {
    let (field, value) = line.split_once(' ')?;
    Some((field, value.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_a_name_and_a_number() {
        for (line, expected) in [
            ("pgpgin 7", Some(("pgpgin", 7.0))),
            (
                "oom_kill 18446744073709551615",
                Some(("oom_kill", 1.8446744073709552e19)),
            ),
            ("pgpgin", None),
            ("pgpgin x", None),
            ("", None),
        ] {
            assert_eq!(parse_line(line), expected, "{line:?}");
        }
    }
}
