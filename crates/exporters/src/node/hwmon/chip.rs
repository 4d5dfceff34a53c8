//! What a chip is called. Numbers of folders change with the order in which drivers load, so the
//! place of the device comes first.

use std::path::Path;

use crate::node::sources::Sources;

/// A name that stays the same when the machine starts again.
pub(super) fn stable_name(sources: &mut Sources<'_>, folder: &Path) -> String {
    device_name(sources, folder)
        .or_else(|| readable_name(sources, folder))
        .unwrap_or_else(|| folder_name(sources, folder))
}

/// Kind and name of the device that the chip belongs to, as `platform_coretemp_0`.
fn device_name(sources: &Sources<'_>, folder: &Path) -> Option<String> {
    let device = sources.fs().canonicalize(&folder.join("device")).ok()?;
    let name = last_part(&device);
    let kind = device.parent().map(last_part).unwrap_or_default();
    match (kind.as_str(), name.as_str()) {
        (_, "") => None,
        ("", name) => Some(name.to_owned()),
        (kind, name) => Some(format!("{kind}_{name}")),
    }
}

/// What the driver calls the chip; several chips may have one name.
pub(super) fn readable_name(sources: &mut Sources<'_>, folder: &Path) -> Option<String> {
    let text = sources.text(&folder.join("name")).ok()?;
    let name = clean(&text);
    (!name.is_empty()).then_some(name)
}

/// The name of the folder that a link leads to.
pub(super) fn folder_name(sources: &Sources<'_>, folder: &Path) -> String {
    let folder = sources.fs().canonicalize(folder);
    folder.map_or_else(|_| String::new(), |folder| last_part(&folder))
}

fn last_part(path: &Path) -> String {
    clean(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// Lower case, and underscores for all that is neither a letter, a digit nor a colon.
pub(super) fn clean(name: &str) -> String {
    let lower = name.to_lowercase();
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || character == ':'
    };
    let cleaned: String = lower
        .chars()
        .map(|character| if allowed(character) { character } else { '_' })
        .collect();
    cleaned.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (name, cleaned) in [
            ("coretemp.0", "coretemp_0"),
            ("Core Temp\n", "core_temp"),
            ("0000:00:18.3", "0000:00:18_3"),
            ("°C", "c"),
            ("--", ""),
        ] {
            assert_eq!(clean(name), cleaned);
        }
    }
}
