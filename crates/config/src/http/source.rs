//! Where a credential or certificate is found.

use std::path::Path;

use super::stated_text;
use crate::document::{Section, YamlWriter};
use crate::secret::Secret;

/// Where a credential or certificate is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// Nowhere: there is none.
    #[default]
    None,
    /// In the configuration itself.
    Inline(Secret),
    /// In a file of this path, which is read again at each use.
    File(String),
    /// In a secret manager, under this name. Neither Prometheus' server nor this one has a secret
    /// manager, so that such a client cannot be made.
    Reference(String),
}

impl Source {
    /// True if there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Makes the path of a file start at `folder`.
    pub(crate) fn set_directory(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            join(folder, path);
        }
    }

    /// Reads `key`, `key_file` and `key_ref`, of which at most one may be stated. `excess` is the
    /// message about more.
    pub(super) fn read(section: &Section<'_>, keys: [&str; 3], excess: &str) -> Self {
        let [inline, file, reference] = keys;
        let found = [
            stated_text(section, inline).map(|text| Self::Inline(Secret::new(text))),
            stated_text(section, file).map(Self::File),
            stated_text(section, reference).map(Self::Reference),
        ];
        let mut found = found.into_iter().flatten();
        let source = found.next().unwrap_or_default();
        if found.next().is_some() {
            let place = section.blame(file).place;
            section.reader.invalid(place, excess);
        }
        source
    }

    /// Writes the one of the keys that this stands for.
    pub(super) fn write(&self, yaml: &mut YamlWriter, keys: [&str; 3], is_secret: bool) {
        let [inline, file, reference] = keys;
        match self {
            Self::None => {}
            Self::Inline(secret) if is_secret => yaml.secret(inline, secret),
            Self::Inline(text) => yaml.entry(inline, text.expose()),
            Self::File(path) => yaml.entry(file, path),
            Self::Reference(name) => yaml.entry(reference, name),
        }
    }
}

/// Makes a path start at `folder`, unless it is empty or absolute.
pub(super) fn join(folder: &Path, path: &mut String) {
    if !path.is_empty() {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}
