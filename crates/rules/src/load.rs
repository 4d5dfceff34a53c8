//! From patterns to checked files of rules.

use std::io;
use std::path::PathBuf;

use config::Problems;
use config::rules::{Fault, FaultyPart, ReadOptions, Rule, RuleFile, RuleKind};
use host::Fs;
use host::fs::glob::{PatternError, glob};
use model::label::NameValidationScheme;
use promql::parser::{self, ParseOptions};

use crate::expand;

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// What expressions may use.
    pub parse: ParseOptions,
    /// Names that series and labels may have.
    pub scheme: NameValidationScheme,
    /// True if keys that nobody knows are passed over.
    pub ignore_unknown_keys: bool,
}

/// A file that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedFile {
    /// Where it is.
    pub path: String,
    /// What it says.
    pub file: RuleFile,
}

/// Why rules are not loaded. Texts are upstream's.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A pattern cannot be read.
    #[error("error retrieving rule files for {pattern}: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: PatternError,
    },
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file is wrong.
    #[error("parse rules from file {path:?} (pattern: {pattern:?}): {problems}")]
    Invalid {
        /// The file.
        path: String,
        /// What it was found by.
        pattern: String,
        /// What is wrong.
        problems: Problems,
    },
}

/// The files that these patterns mean, in the order of the patterns. A file that two of them mean
/// is there once.
///
/// # Errors
/// A file cannot be read or is wrong. None counts then.
pub fn files(
    fs: &dyn Fs,
    patterns: &[String],
    options: &LoadOptions,
) -> Result<Vec<LoadedFile>, LoadError> {
    let mut files: Vec<LoadedFile> = Vec::new();
    for pattern in patterns {
        for path in paths(fs, pattern)? {
            let name = path.display().to_string();
            if files.iter().any(|file| file.path == name) {
                continue;
            }
            let file = load_file(fs, &path, pattern, options)?;
            if file.has_more_documents {
                tracing::warn!(
                    file = %name,
                    "multiple document yaml rules files are not supported, only the first document is processed"
                );
            }
            files.push(LoadedFile { path: name, file });
        }
    }
    Ok(files)
}

/// The files that a pattern means.
///
/// # Errors
/// The pattern cannot be read.
pub fn paths(fs: &dyn Fs, pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    glob(fs, pattern).map_err(|source| LoadError::Pattern {
        pattern: pattern.to_owned(),
        source,
    })
}

fn load_file(
    fs: &dyn Fs,
    path: &std::path::Path,
    pattern: &str,
    options: &LoadOptions,
) -> Result<RuleFile, LoadError> {
    let name = path.display().to_string();
    let read = |source| LoadError::Read {
        path: name.clone(),
        source,
    };
    let bytes = fs.read(path).map_err(read)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| read(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    load_text(&text, &name, options).map_err(|problems| LoadError::Invalid {
        path: name.clone(),
        pattern: pattern.to_owned(),
        problems,
    })
}

/// Reads and checks the text of a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_text(text: &str, name: &str, options: &LoadOptions) -> Result<RuleFile, Problems> {
    let check = |rule: &Rule| faults(rule, &options.parse);
    let options = ReadOptions {
        ignore_unknown_keys: options.ignore_unknown_keys,
        scheme: options.scheme,
        check: &check,
    };
    config::rules::load(text, name, options)
}

/// What is wrong with the expression and the templates of a rule.
fn faults(rule: &Rule, options: &ParseOptions) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Err(error) = parser::parse(&rule.expr, options) {
        faults.push(Fault {
            part: FaultyPart::Expression(error.span.start),
            message: format!("could not parse expression: {error}"),
        });
    }
    let RuleKind::Alerting(alert) = &rule.kind else {
        return faults;
    };
    for (name, text) in &rule.labels {
        if let Err(error) = expand::check(&alert.alert, text) {
            faults.push(Fault {
                part: FaultyPart::Label(name.clone()),
                message: format!("label {name:?}: {error}"),
            });
        }
    }
    for (name, text) in &alert.annotations {
        if let Err(error) = expand::check(&alert.alert, text) {
            faults.push(Fault {
                part: FaultyPart::Annotation(name.clone()),
                message: format!("annotation {name:?}: {error}"),
            });
        }
    }
    faults
}
