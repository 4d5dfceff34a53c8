//! What must hold of any text whatever: the entry point of `fuzz/`, and of the replay of its corpus.

use model::Labels;

use crate::environment::{Environment, QuerySample, QueryTemplateData};
use crate::functions::FunctionSet;
use crate::limits::Limits;
use crate::template::Template;
use crate::value::{Map, Slice, Type, Value};

/// Any text is a template or is refused, and as one ends within its limits, twice with the same
/// result, as text and as a page.
///
/// # Panics
/// Something of that does not hold.
pub fn template(text: &str) {
    let environment = Environment {
        queries: &OneSample,
        external_url: "http://localhost/prefix",
        limits: Limits {
            steps: 5_000,
            output: OUTPUT,
            memory: 1 << 18,
            ..Limits::default()
        },
        ..Environment::default()
    };
    let template = match Template::parse("fuzz", text, FunctionSet::Console) {
        Ok(template) => template,
        Err(error) => {
            assert!(error.to_string().starts_with("template: fuzz:"), "{error}");
            return;
        }
    };
    check(&template, &environment);
    match template.into_page() {
        Ok(page) => check(&page, &environment),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(template: &Template, environment: &Environment<'_>) {
    let data = data();
    let first = template.expand(&data, environment);
    if let Ok(text) = &first {
        // What is not UTF-8 grows when it is replaced.
        assert!(text.len() <= OUTPUT * 3, "{}", text.len());
    }
    assert_eq!(first, template.expand(&data, environment));
}

/// A value of most kinds.
fn data() -> Value {
    let labels = Map::of_texts([("job", "web"), ("instance", "<a>'\"&")]);
    let numbers = [1, -2, 3].map(Value::int);
    let inner = Map::of_anything([("Labels", Value::Map(labels)), ("Nil", Value::Invalid)]);
    Value::Map(Map::of_anything([
        ("Name", Value::from("w\u{f6}rld")),
        ("N", Value::int(42)),
        ("F", Value::Float(0.25)),
        ("B", Value::Bool(true)),
        ("List", Value::texts(["a", "b"])),
        ("Ints", Value::Slice(Slice::new(Type::Interface, numbers))),
        ("Map", Value::Map(inner.clone())),
        ("P", Value::Map(inner).pointer()),
        (
            "T",
            Value::Time(crate::time::Time::of_millis(1_709_211_845_678)),
        ),
        ("D", crate::time::duration(5_401_500_000_000)),
    ]))
}

struct OneSample;

impl QueryTemplateData for OneSample {
    fn query(&self, expression: &str, _: i64) -> Result<Vec<QuerySample>, String> {
        if expression.is_empty() {
            return Err("nothing is asked".to_owned());
        }
        let labels = Labels::from_pairs([("__name__", expression)]);
        Ok(vec![QuerySample { labels, value: 1.5 }])
    }
}

const OUTPUT: usize = 4096;

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the corpus is read as it lies in the repository"
)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_corpus_holds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/template");
        let mut inputs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            if let Ok(text) = std::str::from_utf8(&bytes) {
                super::template(text);
                inputs += 1;
            }
        }
        assert!(inputs > 100, "{inputs} inputs");
    }
}
