//! The profile files of Amazon's tools: sections of settings.

use super::chain::Credentials;
use super::surroundings::Surroundings;

/// The texts of the files that are there.
#[derive(Debug)]
pub(super) struct Profiles(Vec<String>);

impl Profiles {
    /// Reads the file of credentials and that of settings. One that is not there says nothing.
    pub(super) fn read(surroundings: &Surroundings) -> Self {
        let home = surroundings.variable("HOME");
        let files = [
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            ("AWS_CONFIG_FILE", "config"),
        ];
        let texts = files.iter().filter_map(|(variable, file)| {
            let path = surroundings.variable(variable);
            let path = path.or_else(|| Some(format!("{}/.aws/{file}", home.as_ref()?)))?;
            surroundings.read(&path).ok()
        });
        Self(texts.collect())
    }

    /// True if a file has a section for this profile.
    pub(super) fn has(&self, profile: &str) -> bool {
        let mut lines = self.0.iter().flat_map(|text| text.lines());
        lines.any(|line| section(line.trim()) == Some(profile))
    }

    /// A setting of a profile.
    pub(super) fn setting(&self, profile: &str, name: &str) -> Option<String> {
        let mut texts = self.0.iter();
        texts.find_map(|text| setting(text, profile, name))
    }

    /// The access key of a profile.
    pub(super) fn credentials(&self, profile: &str) -> Option<Credentials> {
        Some(Credentials {
            access_key: self.setting(profile, "aws_access_key_id")?,
            secret_key: self.setting(profile, "aws_secret_access_key")?,
            session_token: self.setting(profile, "aws_session_token"),
            expires_millis: None,
        })
    }
}

/// The profile that a line begins the section of.
fn section(line: &str) -> Option<&str> {
    let header = line.strip_prefix('[')?.strip_suffix(']')?.trim();
    // The file of settings names profiles, that of credentials does not.
    Some(header.strip_prefix("profile ").map_or(header, str::trim))
}

/// The value of a setting in a section; the section that stands last wins.
fn setting(text: &str, profile: &str, name: &str) -> Option<String> {
    let mut is_inside = false;
    let mut found = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(own) = section(line) {
            is_inside = own == profile;
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
