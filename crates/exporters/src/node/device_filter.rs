//! Which devices, mounts or chips a collector speaks of.

use regex::Regex;

use super::options::{OptionsError, compile};

/// Leaves out what matches the one pattern, or does not match the other. Patterns match anywhere in
/// a name, as Go's do, unless they are anchored.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeviceFilter {
    exclude: Option<Regex>,
    include: Option<Regex>,
}

impl DeviceFilter {
    /// A filter of the patterns that these two flags have; an empty pattern filters nothing.
    pub(crate) fn new(exclude: Pattern<'_>, include: Pattern<'_>) -> Result<Self, OptionsError> {
        let compiled = |(flag, pattern): Pattern<'_>| match pattern {
            "" => Ok(None),
            pattern => compile(flag, pattern).map(Some),
        };
        Ok(Self {
            exclude: compiled(exclude)?,
            include: compiled(include)?,
        })
    }

    /// True if nothing should be said of what has this name.
    pub(crate) fn ignores(&self, name: &str) -> bool {
        let excluded = |pattern: &Regex| pattern.is_match(name);
        let not_included = |pattern: &Regex| !pattern.is_match(name);
        self.exclude.as_ref().is_some_and(excluded)
            || self.include.as_ref().is_some_and(not_included)
    }
}

/// A flag's name and the pattern that it has.
pub(crate) type Pattern<'a> = (&'static str, &'a str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filtered_by_both_patterns() {
        for (exclude, include, name, ignored) in [
            ("", "", "sda", false),
            ("^sd", "", "sda", true),
            ("d", "", "sda", true),
            ("^d", "", "sda", false),
            ("", "^sd", "sda", false),
            ("", "^sd", "vda", true),
        ] {
            let filter = DeviceFilter::new(("exclude", exclude), ("include", include)).unwrap();
            assert_eq!(filter.ignores(name), ignored, "{exclude} {include} {name}");
        }
    }
}
