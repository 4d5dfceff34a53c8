//! What the network protocols count: chosen fields of `/proc/net/netstat`, `snmp` and `snmp6`.

use model::MetricType;
use regex::Regex;

use super::flags::NETSTAT_FIELDS;
use super::options::{OptionsError, compile};
use super::sources::Sources;
use crate::families::Families;
use crate::gather::CollectorError;

#[derive(Debug)]
pub(crate) struct Netstat {
    fields: Regex,
}

impl Netstat {
    pub(crate) fn new(fields: &str) -> Result<Self, OptionsError> {
        let fields = compile(NETSTAT_FIELDS, fields)?;
        Ok(Self { fields })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let mut name = String::new();
        for path in ["net/netstat", "net/snmp"] {
            let text = sources.proc(path)?;
            let fields = parse_tables(&text, |field| self.tell(families, &mut name, field));
            fields.map_err(|problem| CollectorError::malformed(path, problem))?;
        }
        // Not there: the kernel has no IPv6.
        if let Some(text) = sources.proc_if_there("net/snmp6")? {
            for field in text.lines().filter_map(parse_line) {
                let told = self.tell(families, &mut name, field);
                told.map_err(|problem| CollectorError::malformed("net/snmp6", problem))?;
            }
        }
        Ok(())
    }

    /// Tells a field if it is asked for. `name` keeps its memory from field to field: there are
    /// hundreds, of which few are told.
    fn tell(
        &self,
        families: &mut Families,
        name: &mut String,
        (protocol, field, value): Field<'_>,
    ) -> Result<(), String> {
        name.clear();
        for part in [PREFIX, protocol, "_", field] {
            name.push_str(part);
        }
        if self
            .fields
            .is_match(name.get(PREFIX.len()..).unwrap_or_default())
        {
            let number = value.parse().map_err(|_| format!("value {value:?}"))?;
            let help = || format!("Statistic {protocol}{field}.");
            families.push_named((name, MetricType::Unknown), help, &[], number);
        }
        Ok(())
    }
}

const PREFIX: &str = "node_netstat_";

/// Protocol, name and value.
type Field<'a> = (&'a str, &'a str, &'a str);

/// Reads pairs of lines, names and then values, both starting with the protocol and a colon.
fn parse_tables(
    text: &str,
    mut tell: impl FnMut(Field<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut lines = text.lines();
    while let Some(names) = lines.next() {
        let (protocol, names) = names.split_once(':').ok_or("a line without protocol")?;
        let values = lines.next().and_then(|line| line.split_once(':'));
        let (same, values) = values.ok_or_else(|| format!("{protocol} without values"))?;
        let names: Vec<_> = names.split_ascii_whitespace().collect();
        let values: Vec<_> = values.split_ascii_whitespace().collect();
        if same != protocol || names.len() != values.len() {
            return Err(format!("names and values of {protocol} differ in number"));
        }
        for (name, value) in names.into_iter().zip(values) {
            tell((protocol, name, value))?;
        }
    }
    Ok(())
}

/// Reads `Ip6InReceives 7`: the protocol ends with the first 6.
fn parse_line(line: &str) -> Option<Field<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (field, value) = (words.next()?, words.next()?);
    let (protocol, name) = field.split_at_checked(field.find('6')? + 1)?;
    Some((protocol, name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(text: &str) -> Result<String, String> {
        let mut told = String::new();
        parse_tables(text, |(protocol, name, value)| {
            told.push_str(&format!("{protocol}.{name}={value} "));
            Ok(())
        })?;
        Ok(told)
    }

    #[test]
    fn tables_are_pairs_of_lines() {
        for (text, expected) in [
            (
                "Ip: A B\nIp: 1 2\nTcp: C\nTcp: -1\n",
                Ok("Ip.A=1 Ip.B=2 Tcp.C=-1 "),
            ),
            ("", Ok("")),
            (
                "Ip: A B\nIp: 1\n",
                Err("names and values of Ip differ in number"),
            ),
            (
                "Ip: A\nTcp: 1\n",
                Err("names and values of Ip differ in number"),
            ),
            ("Ip: A\n", Err("Ip without values")),
            ("Ip A\nIp 1\n", Err("a line without protocol")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(tables(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_split_at_the_six() {
        for (line, expected) in [
            ("Ip6InReceives   \t7", Some(("Ip6", "InReceives", "7"))),
            ("UdpLite6InErrors 0", Some(("UdpLite6", "InErrors", "0"))),
            ("Icmp6OutType136 2", Some(("Icmp6", "OutType136", "2"))),
            ("NoNumber 1", None),
            ("Ip6InReceives", None),
            ("", None),
        ] {
            assert_eq!(parse_line(line), expected, "{line:?}");
        }
    }
}
