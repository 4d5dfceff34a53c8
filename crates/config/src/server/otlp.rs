//! `otlp`: what becomes of OpenTelemetry's names and attributes when its metrics are received.

use model::label::NameValidationScheme;

use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

/// The section `otlp`, effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpConfig {
    /// Every attribute of the resource becomes a label.
    pub promote_all_resource_attributes: bool,
    /// Attributes of the resource that become labels.
    pub promote_resource_attributes: Vec<String>,
    /// Attributes that become none though all others do.
    pub ignore_resource_attributes: Vec<String>,
    /// How names are turned into names of metrics. Without one they stay as they are.
    pub translation_strategy: Option<TranslationStrategy>,
    /// `service.name`, `service.namespace` and `service.instance.id` stay in `target_info`.
    pub keep_identifying_resource_attributes: bool,
    /// Explicit histograms become native ones with custom buckets.
    pub convert_histograms_to_nhcb: bool,
    /// Name, version, schema and attributes of the scope become labels.
    pub promote_scope_metadata: bool,
    /// Labels that begin with an underscore get `key_` in front.
    pub label_name_underscore_sanitization: bool,
    /// Several underscores in a row stay several.
    pub label_name_preserve_multiple_underscores: bool,
}

/// How OpenTelemetry's names are turned into names of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TranslationStrategy {
    /// Other characters become underscores; units and `_total` are appended.
    UnderscoreEscapingWithSuffixes,
    /// Other characters become underscores; nothing is appended.
    UnderscoreEscapingWithoutSuffixes,
    /// Names keep their characters; units and `_total` are appended.
    NoUtf8EscapingWithSuffixes,
    /// Names stay as they are.
    NoTranslation,
}

impl TranslationStrategy {
    /// All strategies.
    pub const ALL: [Self; 4] = [
        Self::UnderscoreEscapingWithSuffixes,
        Self::UnderscoreEscapingWithoutSuffixes,
        Self::NoUtf8EscapingWithSuffixes,
        Self::NoTranslation,
    ];

    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderscoreEscapingWithSuffixes => "UnderscoreEscapingWithSuffixes",
            Self::UnderscoreEscapingWithoutSuffixes => "UnderscoreEscapingWithoutSuffixes",
            Self::NoUtf8EscapingWithSuffixes => "NoUTF8EscapingWithSuffixes",
            Self::NoTranslation => "NoTranslation",
        }
    }

    /// True if names may come out that the legacy scheme refuses.
    pub const fn needs_utf8(self) -> bool {
        matches!(self, Self::NoUtf8EscapingWithSuffixes | Self::NoTranslation)
    }
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self {
            translation_strategy: Some(TranslationStrategy::UnderscoreEscapingWithSuffixes),
            label_name_underscore_sanitization: true,
            label_name_preserve_multiple_underscores: true,
            ..Self::SILENT
        }
    }
}

impl OtlpConfig {
    /// What a section without a value means: as upstream, no default holds then.
    const SILENT: Self = Self {
        promote_all_resource_attributes: false,
        promote_resource_attributes: Vec::new(),
        ignore_resource_attributes: Vec::new(),
        translation_strategy: None,
        keep_identifying_resource_attributes: false,
        convert_histograms_to_nhcb: false,
        promote_scope_metadata: false,
        label_name_underscore_sanitization: false,
        label_name_preserve_multiple_underscores: false,
    };
}

// ---- reading ----

const SCHEMA: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "promote_all_resource_attributes",
        "promote_resource_attributes",
        "ignore_resource_attributes",
        "translation_strategy",
        "keep_identifying_resource_attributes",
        "convert_histograms_to_nhcb",
        "promote_scope_metadata",
        "label_name_underscore_sanitization",
        "label_name_preserve_multiple_underscores",
    ],
};

/// Reads the section.
pub(super) fn read(
    reader: &Reader,
    node: &Node,
    names: NameValidationScheme,
) -> Option<OtlpConfig> {
    if node.value == Value::Null {
        return Some(OtlpConfig::SILENT);
    }
    let section = Section::open(reader, node, &SCHEMA)?;
    let flag = |key: &str, default: bool| section.boolean(key).unwrap_or(default);
    let promote_all = flag("promote_all_resource_attributes", false);
    check_lists(&section, promote_all);
    Some(OtlpConfig {
        promote_all_resource_attributes: promote_all,
        promote_resource_attributes: trimmed(&section, "promote_resource_attributes"),
        ignore_resource_attributes: trimmed(&section, "ignore_resource_attributes"),
        translation_strategy: read_strategy(&section, names),
        keep_identifying_resource_attributes: flag("keep_identifying_resource_attributes", false),
        convert_histograms_to_nhcb: flag("convert_histograms_to_nhcb", false),
        promote_scope_metadata: flag("promote_scope_metadata", false),
        label_name_underscore_sanitization: flag("label_name_underscore_sanitization", true),
        label_name_preserve_multiple_underscores: flag(
            "label_name_preserve_multiple_underscores",
            true,
        ),
    })
}

/// Only one of the two lists has a meaning, and each attribute stands in it once.
fn check_lists(section: &Section<'_>, promote_all: bool) {
    let is_stated = |key: &str| !section.items(key).is_empty();
    match promote_all {
        true if is_stated("promote_resource_attributes") => section.reader.invalid(
            section.blame("promote_resource_attributes").place,
            "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
        ),
        true => check_attributes(section, "ignore_resource_attributes", "ignored"),
        false if is_stated("ignore_resource_attributes") => section.reader.invalid(
            section.blame("ignore_resource_attributes").place,
            "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
        ),
        false => check_attributes(section, "promote_resource_attributes", "promoted"),
    }
}

fn check_attributes(section: &Section<'_>, key: &str, what: &str) {
    let mut seen: Vec<String> = Vec::new();
    for item in section.items(key) {
        let Some(attribute) = section.reader.text(item) else {
            continue;
        };
        let attribute = attribute.trim();
        let error = match attribute {
            "" => format!("empty {what} OTel resource attribute"),
            _ if seen.iter().any(|earlier| earlier == attribute) => {
                format!("duplicated {what} OTel resource attribute {attribute:?}")
            }
            _ => {
                seen.push(attribute.to_owned());
                continue;
            }
        };
        section
            .reader
            .invalid(item.place, format_args!("invalid '{key}': {error}"));
    }
}

fn trimmed(section: &Section<'_>, key: &str) -> Vec<String> {
    let texts = section.texts(key).into_iter();
    texts.map(|text| text.trim().to_owned()).collect()
}

fn read_strategy(
    section: &Section<'_>,
    names: NameValidationScheme,
) -> Option<TranslationStrategy> {
    let Some(node) = section.get("translation_strategy") else {
        return OtlpConfig::default().translation_strategy;
    };
    let name = section.reader.text(node).filter(|name| !name.is_empty())?;
    let strategies = TranslationStrategy::ALL.into_iter();
    let known = strategies.into_iter().find(|known| known.as_str() == name);
    let error = match known {
        None => format!("unsupported OTLP translation strategy {name:?}"),
        Some(strategy) if strategy.needs_utf8() && names == NameValidationScheme::Legacy => {
            format!("OTLP translation strategy {name:?} is not allowed when UTF8 is disabled")
        }
        Some(_) => return known,
    };
    section.reader.reject(node, error)
}

// ---- writing ----

/// Writes the section, unless it says nothing.
pub(super) fn write(yaml: &mut YamlWriter, otlp: &OtlpConfig) {
    if *otlp == OtlpConfig::SILENT {
        return;
    }
    yaml.mapping("otlp", |yaml| {
        let flag = |yaml: &mut YamlWriter, key: &str, value: bool| {
            if value {
                yaml.bare(key, true);
            }
        };
        let list = |yaml: &mut YamlWriter, key: &str, values: &[String]| {
            if !values.is_empty() {
                yaml.list(key, values.iter().map(String::as_str));
            }
        };
        flag(
            yaml,
            "promote_all_resource_attributes",
            otlp.promote_all_resource_attributes,
        );
        list(
            yaml,
            "promote_resource_attributes",
            &otlp.promote_resource_attributes,
        );
        list(
            yaml,
            "ignore_resource_attributes",
            &otlp.ignore_resource_attributes,
        );
        if let Some(strategy) = otlp.translation_strategy {
            yaml.entry("translation_strategy", strategy.as_str());
        }
        for (key, value) in [
            (
                "keep_identifying_resource_attributes",
                otlp.keep_identifying_resource_attributes,
            ),
            (
                "convert_histograms_to_nhcb",
                otlp.convert_histograms_to_nhcb,
            ),
            ("promote_scope_metadata", otlp.promote_scope_metadata),
            (
                "label_name_underscore_sanitization",
                otlp.label_name_underscore_sanitization,
            ),
            (
                "label_name_preserve_multiple_underscores",
                otlp.label_name_preserve_multiple_underscores,
            ),
        ] {
            flag(yaml, key, value);
        }
    });
}
