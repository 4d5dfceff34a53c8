//! From text to nodes, by way of the YAML library.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    DuplicateKeyPolicy, Error, Location, MessageFormatter, Options, Spanned, Tagged,
    UserMessageFormatter,
};

use super::binary::from_base64;
use super::{Node, Place, Value};

/// What went wrong, and where.
type Failure = (Place, String);

/// Reads a document. Keys that are there twice are left in, for the reader of the section to name.
pub(super) fn decode(text: &str) -> Result<Node, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match parse(text, DuplicateKeyPolicy::Error) {
        Ok(raw) => raw.resolve(text),
        Err(Error::Eof { .. }) => Ok(Node {
            place: Place::default(),
            value: Value::Null,
        }),
        Err(Error::DuplicateMappingKey { key, location }) => {
            let key = key.unwrap_or_default();
            decode_repeating(text).ok_or_else(|| {
                (
                    place_of(location),
                    format!("key {key:?} already set in map"),
                )
            })
        }
        Err(error) => Err(failure(&error)),
    }
}

/// Reads a document that has a key twice. `None` if the library left a repetition out, which it does
/// for keys that are numbers.
fn decode_repeating(text: &str) -> Option<Node> {
    let node = parse(text, DuplicateKeyPolicy::LastWins)
        .ok()?
        .resolve(text)
        .ok()?;
    repeats_a_key(&node).then_some(node)
}

fn repeats_a_key(node: &Node) -> bool {
    match &node.value {
        Value::Sequence(items) => items.iter().any(repeats_a_key),
        Value::Mapping(entries) => entries.iter().enumerate().any(|(index, (key, value))| {
            let later = entries.iter().skip(index + 1);
            repeats_a_key(value) || later.into_iter().any(|(other, _)| other.value == key.value)
        }),
        _ => false,
    }
}

fn parse(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<RawNode, Error> {
    let options = serde_saphyr::options! {
        duplicate_keys: duplicate_keys,
        budget: serde_saphyr::budget! { max_nodes: MAX_NODES, max_events: 4 * MAX_NODES },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPLAYED },
        ignore_binary_tag_for_string: true,
        legacy_octal_numbers: true,
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
    };
    let options: Options = options;
    serde_saphyr::from_str_with_options(text, options)
}

fn failure(error: &Error) -> Failure {
    let place = error.location().map(place_of).unwrap_or_default();
    (
        place,
        UserMessageFormatter
            .format_message(error.without_snippet())
            .into_owned(),
    )
}

fn place_of(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}

/// A node before scalars got back the text that was written.
#[derive(Debug)]
struct RawNode(Spanned<Tagged<RawValue>>);

#[derive(Debug)]
enum RawValue {
    Null,
    /// A truth value or number; the text is only a stand-in for what was written.
    Typed(String),
    Text(String),
    Sequence(Vec<RawNode>),
    Mapping(Vec<(RawNode, RawNode)>),
}

impl RawNode {
    fn resolve(self, text: &str) -> Result<Node, Failure> {
        let Spanned {
            value: Tagged(raw, tag),
            referenced,
            defined,
            ..
        } = self.0;
        let place = place_of(referenced);
        let value = match raw {
            RawValue::Null => Value::Null,
            RawValue::Typed(stand_in) => {
                Value::Typed(written(text, defined).map_or(stand_in, str::to_owned))
            }
            RawValue::Text(scalar) if tag.as_deref().is_some_and(is_binary_tag) => {
                binary(scalar).map_err(|message| (place, message))?
            }
            RawValue::Text(scalar) => Value::Text(scalar),
            RawValue::Sequence(items) => Value::Sequence(
                items
                    .into_iter()
                    .map(|item| item.resolve(text))
                    .collect::<Result<_, _>>()?,
            ),
            RawValue::Mapping(entries) => Value::Mapping(
                entries
                    .into_iter()
                    .map(|(key, value)| Ok((key.resolve(text)?, value.resolve(text)?)))
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Node { place, value })
    }
}

/// The text of a plain scalar as the file has it.
fn written(text: &str, location: Location) -> Option<&str> {
    let start = usize::try_from(location.span().byte_offset()?).ok()?;
    let length = usize::try_from(location.span().byte_len()?).ok()?;
    let scalar = text.get(start..start.checked_add(length)?)?.trim();
    (!scalar.is_empty() && !scalar.contains('\n')).then_some(scalar)
}

fn is_binary_tag(tag: &str) -> bool {
    matches!(
        tag,
        "!!binary" | "tag:yaml.org,2002:binary" | "!<tag:yaml.org,2002:binary>"
    )
}

fn binary(scalar: String) -> Result<Value, String> {
    let bytes = from_base64(&scalar)
        .ok_or_else(|| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(String::from_utf8(bytes).map_or_else(|e| Value::Bytes(e.into_bytes()), Value::Text))
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawValue, D::Error> {
        RawValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawValue, E> {
        Ok(RawValue::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawValue, E> {
        Ok(RawValue::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawValue, E> {
        Ok(RawValue::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawValue, E> {
        Ok(RawValue::Typed(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<RawValue, E> {
        Ok(RawValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(RawValue::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(RawValue::Mapping(entries))
    }
}

/// Most nodes of a document. A rule file of 18 000 rules has some 300 000; a million take about a
/// hundred megabytes to hold, so a bomb of aliases ends here.
const MAX_NODES: usize = 1_000_000;

/// Most parser events that aliases may repeat, all together. Anchors save a few lines of a
/// configuration; what repeats more is a bomb.
const MAX_REPLAYED: usize = 100_000;
