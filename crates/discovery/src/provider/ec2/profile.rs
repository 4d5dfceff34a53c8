//! The profile files of Amazon's tools: sections of settings.

/// The value of a setting in a section; the section that stands last wins.
pub(super) fn setting(text: &str, section: &str, name: &str) -> Option<String> {
    let mut is_inside = false;
    let mut found = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(header) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let header = header.trim();
            // The file of settings names profiles, that of credentials does not.
            let own = header.strip_prefix("profile ").map_or(header, str::trim);
            is_inside = own == section;
        } else if is_inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case(name)
        {
            found = Some(value.trim().to_owned());
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_their_section() {
        let text = "[default]\naws_access_key_id = A\n# region = x\n[profile p]\nregion=eu-west-1\n\
                    [p]\naws_access_key_id=B\n";
        let cases = [
            ("default", "aws_access_key_id", Some("A")),
            ("default", "region", None),
            ("p", "region", Some("eu-west-1")),
            ("p", "AWS_ACCESS_KEY_ID", Some("B")),
            ("q", "region", None),
        ];
        for (section, name, want) in cases {
            assert_eq!(
                setting(text, section, name).as_deref(),
                want,
                "{section} {name}"
            );
        }
    }
}
