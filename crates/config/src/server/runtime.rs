//! `runtime`: settings of upstream's language runtime, which are kept and shown; there is no garbage
//! collector here that they could set.

use crate::document::{Node, Reader, Schema, Section, Value, YamlWriter};

/// The section `runtime`, effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeConfig {
    /// Growth of the heap, in percent, after which upstream collects garbage: 75.
    pub gogc: i64,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self { gogc: 75 }
    }
}

const SCHEMA: Schema = Schema {
    type_name: "config.RuntimeConfig",
    keys: &["gogc"],
};

/// Reads the section; one that is empty or says 0 is as none.
pub(super) fn read(reader: &Reader, node: &Node) -> Option<RuntimeConfig> {
    if node.value == Value::Null {
        return None;
    }
    let section = Section::open(reader, node, &SCHEMA)?;
    let gogc = section.integer("gogc").filter(|gogc| *gogc != 0);
    gogc.map(|gogc| RuntimeConfig { gogc })
}

/// Writes the section.
pub(super) fn write(yaml: &mut YamlWriter, runtime: &RuntimeConfig) {
    yaml.mapping("runtime", |yaml| yaml.bare("gogc", runtime.gogc));
}
