//! Which distribution runs: `os-release`(5).

use std::collections::HashMap;

use model::date;

use super::sources::{Sources, if_there};
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
const INFO: Description = gauge(
    "node_os_info",
    "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, \
     name, pretty_name, variant, variant_id, version, version_codename, version_id.",
);
const VERSION: Description = gauge(
    "node_os_version",
    "Metric containing the major.minor part of the OS version.",
);
const SUPPORT_END: Description = gauge(
    "node_os_support_end_timestamp_seconds",
    "Metric containing the end-of-life date timestamp of the OS.",
);

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    for file in FILES {
        let path = sources.roots.in_rootfs(file);
        if let Some(text) = if_there(sources.text(&path))? {
            return tell(&Release::parse(&text), families)
                .map_err(|problem| CollectorError::malformed(file, problem));
        }
    }
    Err(CollectorError::NoData)
}

/// Assignments of the file; those that are not there are empty.
#[derive(Debug)]
struct Release(HashMap<String, String>);

impl Release {
    fn parse(text: &str) -> Self {
        let assignment = |line: &str| {
            let (name, value) = line.trim().split_once('=')?;
            let is_name = !name.is_empty() && !name.starts_with('#');
            is_name.then(|| (name.to_owned(), unquote(value)))
        };
        Self(text.lines().filter_map(assignment).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Takes quotes off as a shell does: in double ones, and outside, a backslash protects the next
/// character.
fn unquote(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut quote = None;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => plain.extend(characters.next()),
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(open)) if character == open => quote = None,
            (character, _) => plain.push(character),
        }
    }
    plain
}

fn tell(release: &Release, families: &mut Families) -> Result<(), String> {
    let labels = [
        ("build_id", release.get("BUILD_ID")),
        ("id", release.get("ID")),
        ("id_like", release.get("ID_LIKE")),
        ("image_id", release.get("IMAGE_ID")),
        ("image_version", release.get("IMAGE_VERSION")),
        ("name", release.get("NAME")),
        ("pretty_name", release.get("PRETTY_NAME")),
        ("variant", release.get("VARIANT")),
        ("variant_id", release.get("VARIANT_ID")),
        ("version", release.get("VERSION")),
        ("version_codename", release.get("VERSION_CODENAME")),
        ("version_id", release.get("VERSION_ID")),
    ];
    families.push(&INFO, &labels, 1.0);
    let version = major_minor(release.get("VERSION_ID"));
    if version > 0.0 {
        let labels = [
            ("id", release.get("ID")),
            ("id_like", release.get("ID_LIKE")),
            ("name", release.get("NAME")),
        ];
        families.push(&VERSION, &labels, version);
    }
    let end = release.get("SUPPORT_END");
    if !end.is_empty() {
        let seconds = unix_seconds(end).ok_or_else(|| format!("SUPPORT_END {end:?}"))?;
        families.push(&SUPPORT_END, &[], seconds);
    }
    Ok(())
}

/// The first two numbers of a version as one; 0 if it does not start with a number.
fn major_minor(version: &str) -> f64 {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let major = digits(version);
    let after = version.get(major..).and_then(|rest| rest.strip_prefix('.'));
    let end = major + after.map_or(0, |minor| 1 + digits(minor));
    let is_number = major > 0;
    let text = version.get(..end).filter(|_| is_number);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The start of a day that is written as `2026-11-21`.
#[allow(
    clippy::cast_precision_loss,
    reason = "seconds of calendar years are exact"
)]
fn unix_seconds(day: &str) -> Option<f64> {
    let millis = date::parse_rfc3339(&format!("{day}T00:00:00Z"))?;
    Some((millis / 1000) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn values_lose_their_quotes() {
        for (value, plain) in [
            ("debian", "debian"),
            ("\"Debian GNU/Linux\"", "Debian GNU/Linux"),
            ("'a \\ \"b\"'", "a \\ \"b\""),
            ("\"a \\\" b\"", "a \" b"),
            ("\"open", "open"),
            ("\\", ""),
            ("", ""),
        ] {
            assert_eq!(unquote(value), plain);
        }
    }

    #[test]
    fn versions_are_cut_after_the_second_number() {
        for (version, number) in [
            ("12", 12.0),
            ("20.04.2", 20.04),
            ("8.", 8.0),
            ("3.20_alpha", 3.2),
            ("rolling", 0.0),
            (".5", 0.0),
            ("", 0.0),
        ] {
            assert_eq!(major_minor(version), number, "{version}");
        }
    }

    #[test]
    fn the_first_file_that_is_there_counts() {
        let text = "# comment\nID=x\nNAME=\"X Y\"\n\nVERSION_ID=1.2.3\nSUPPORT_END=1970-01-02\n";
        let page = said(
            &[("/usr/lib/os-release", text), ("/etc/hostname", "h")],
            collect,
        );
        assert!(page.contains("node_os_version{id=\"x\",id_like=\"\",name=\"X Y\"} 1.2\n"));
        assert!(page.contains("node_os_support_end_timestamp_seconds 86400\n"));
        assert_eq!(said(&[], collect), "! collector returned no data\n");
        let page = said(&[("/etc/os-release", "SUPPORT_END=soon\n")], collect);
        assert!(page.ends_with("! couldn't understand /etc/os-release: SUPPORT_END \"soon\"\n"));
    }
}
