//! What the entries of all mechanisms have in common: a table of keys with types and defaults, of
//! which reading, writing and joining of paths follow.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use model::duration;

use crate::document::{Node, Reader, Section, YamlWriter};
use crate::http::{self, HttpClientConfig, TlsConfig};
use crate::secret::Secret;

/// One entry of a mechanism's list.
pub(super) trait Entry: Sized {
    /// Reads an entry; what is wrong with it is noted.
    fn read(reader: &Reader, item: &Node) -> Option<Self>;

    /// Writes all keys in upstream's order.
    fn write(&self, yaml: &mut YamlWriter);

    /// Makes relative paths start at `folder`.
    fn set_directory(&mut self, folder: &Path);
}

/// What upstream checks beyond the types.
pub(super) trait Check {
    /// The first fault of an entry that was read.
    fn check(&self, _section: &Section<'_>) -> Checked {
        Ok(())
    }
}

/// Good, or the first fault.
pub(super) type Checked = Result<(), Fault>;

/// What is wrong with an entry, and with which key.
#[derive(Debug)]
pub(super) struct Fault {
    key: &'static str,
    message: String,
}

impl Fault {
    /// A fault of this key; of the entry, when the entry does not have it.
    pub(super) fn new(key: &'static str, message: impl Display) -> Self {
        Self {
            key,
            message: message.to_string(),
        }
    }

    /// Notes the fault at its place.
    pub(super) fn note(self, section: &Section<'_>) {
        let place = section.blame(self.key).place;
        section.reader.invalid(place, self.message);
    }
}

/// A fault unless the condition holds.
pub(super) fn ensure(condition: bool, key: &'static str, message: impl Display) -> Checked {
    if condition {
        Ok(())
    } else {
        Err(Fault::new(key, message))
    }
}

/// When a key is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// In any case.
    Always,
    /// Unless it holds its type's zero.
    IfSet,
}

impl Shown {
    pub(super) fn write<T: Setting>(self, yaml: &mut YamlWriter, key: &str, value: &T) {
        if matches!(self, Self::Always) || !value.is_unset() {
            value.write(yaml, key);
        }
    }
}

/// The type of a key.
pub(super) trait Setting: Sized {
    /// The keys of a part that stands in the entry itself; empty for what has one key.
    const KEYS: &'static [&'static str] = &[];

    /// The value of the key, else the default.
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self;

    fn write(&self, yaml: &mut YamlWriter, key: &str);

    /// True for the type's zero.
    fn is_unset(&self) -> bool;

    fn set_directory(&mut self, _folder: &Path) {}
}

impl Setting for String {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.text(key).unwrap_or(default)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.entry(key, self);
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl Setting for Secret {
    fn read(section: &Section<'_>, key: &str, _default: Self) -> Self {
        section.secret(key)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        if self.is_empty() {
            yaml.bare(key, "null");
        } else {
            yaml.secret(key, self);
        }
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl Setting for bool {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.boolean(key).unwrap_or(default)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.bare(key, self);
    }

    fn is_unset(&self) -> bool {
        !self
    }
}

impl Setting for i64 {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.integer(key).unwrap_or(default)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.bare(key, self);
    }

    fn is_unset(&self) -> bool {
        *self == 0
    }
}

/// Zero means that it was not stated: nothing can be done that often.
impl Setting for Duration {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.duration_above_zero(key).unwrap_or(default)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.bare(key, duration::format(*self));
    }

    fn is_unset(&self) -> bool {
        self.is_zero()
    }
}

impl Setting for Vec<String> {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        match section.get(key) {
            Some(node) => section.reader.texts(node),
            None => default,
        }
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        if self.is_empty() {
            yaml.bare(key, "[]");
        } else {
            yaml.list(key, self.iter().map(String::as_str));
        }
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

impl Setting for BTreeMap<String, String> {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let Some(node) = section.get(key) else {
            return default;
        };
        let entries = section.reader.mapping(node).into_iter();
        entries
            .filter_map(|(_, name, value)| Some((name, section.reader.text(value)?)))
            .collect()
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.mapping(key, |yaml| {
            for (name, value) in self {
                yaml.entry(name, value);
            }
        });
    }

    fn is_unset(&self) -> bool {
        self.is_empty()
    }
}

/// Path of a file; a relative one starts at the configuration's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// The path; empty for none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if no file is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Setting for FileName {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        section.text(key).map_or(default, Self)
    }

    fn write(&self, yaml: &mut YamlWriter, key: &str) {
        yaml.entry(key, &self.0);
    }

    fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    fn set_directory(&mut self, folder: &Path) {
        if !self.0.is_empty() {
            self.0 = folder.join(&self.0).to_string_lossy().into_owned();
        }
    }
}

/// The client section stands in the entry itself.
impl Setting for HttpClientConfig {
    const KEYS: &'static [&'static str] = &http::KEYS;

    fn read(section: &Section<'_>, _key: &str, _default: Self) -> Self {
        http::read(section)
    }

    fn write(&self, yaml: &mut YamlWriter, _key: &str) {
        http::write(yaml, self);
    }

    fn is_unset(&self) -> bool {
        false
    }

    fn set_directory(&mut self, folder: &Path) {
        Self::set_directory(self, folder);
    }
}

impl Setting for TlsConfig {
    fn read(section: &Section<'_>, key: &str, default: Self) -> Self {
        let node = section.get(key);
        node.and_then(|node| http::tls::read(section.reader, node))
            .unwrap_or(default)
    }

    /// The key is always `tls_config`.
    fn write(&self, yaml: &mut YamlWriter, _key: &str) {
        http::tls::write(yaml, self);
    }

    fn is_unset(&self) -> bool {
        *self == Self::default()
    }

    fn set_directory(&mut self, folder: &Path) {
        Self::set_directory(self, folder);
    }
}

/// Makes the type of an entry from the table of its keys, in the order in which upstream writes
/// them: `"key" => field: Type = default, Shown;`. The type's [`Check`] is its own.
macro_rules! entry {
    (
        $(#[$meta:meta])*
        $name:ident is $go_type:literal {
            $(
                $(#[$field_meta:meta])*
                $key:literal => $field:ident: $type:ty = $default:expr, $shown:ident;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl $crate::discovery::entry::Entry for $name {
            fn read(
                reader: &$crate::document::Reader,
                item: &$crate::document::Node,
            ) -> Option<Self> {
                use $crate::discovery::entry::{Check as _, Setting};
                const SCHEMA: $crate::document::Schema = $crate::document::Schema {
                    type_name: $go_type,
                    keys: $crate::document::keys!(
                        $( match <$type as Setting>::KEYS { [] => &[$key], part => part }, )*
                    ),
                };
                let section = $crate::document::Section::open(reader, item, &SCHEMA)?;
                let entry = Self {
                    $( $field: Setting::read(&section, $key, $default), )*
                };
                if let Err(fault) = entry.check(&section) {
                    fault.note(&section);
                }
                Some(entry)
            }

            fn write(&self, yaml: &mut $crate::document::YamlWriter) {
                use $crate::discovery::entry::Shown;
                $( Shown::$shown.write(yaml, $key, &self.$field); )*
            }

            fn set_directory(&mut self, folder: &std::path::Path) {
                use $crate::discovery::entry::Setting;
                $( Setting::set_directory(&mut self.$field, folder); )*
            }
        }
    };
}

pub(super) use entry;

/// The usual refresh interval.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
