//! What must hold of any text whatever: the entry points of `fuzz/`, and of the replay of its corpus.
//!
//! Each function panics where something does not hold.

use crate::problem::lines;
use crate::server;

/// A configuration that is taken prints as one that is taken again; one that is refused says why, at
/// places that are in the text. What is printed leaves some settings out, as upstream does, whose
/// defaults then hold: so it is the second printing that prints the same again.
#[allow(
    clippy::panic,
    reason = "this is how a fuzz target says what does not hold"
)]
pub fn configuration(text: &str) {
    let environment = |name: &str| (name == "REGION").then(|| "north".to_owned());
    let lines = lines(text).count() as u64;
    let config = match server::load(text, "f", environment) {
        Ok(config) => config,
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                assert!(problem.line <= lines, "{problem}");
                assert!(!problem.message.is_empty(), "{problem}");
            }
            return;
        }
    };
    let printed = config.to_yaml();
    // What is printed is expanded already, and would be expanded again.
    let labels = &config.global.external_labels;
    if labels.iter().any(|(_, value)| value.contains('$')) {
        return;
    }
    let print = |text: &str| match server::load(text, "printed", environment) {
        Ok(again) => again.to_yaml(),
        Err(problems) => panic!("{problems}\n{text}"),
    };
    let again = print(&printed);
    assert_eq!(print(&again), again);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "a test reads its corpus without a host"
    )]
    fn the_corpus_holds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/configuration");
        let mut inputs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            if let Ok(text) = std::str::from_utf8(&bytes) {
                super::configuration(text);
                inputs += 1;
            }
        }
        assert!(inputs > 10, "there are {inputs} inputs");
    }
}
