//! Failed scrapes in the file that a job names: one line of JSON each, as upstream writes it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use host::fs::{File, Fs};
use model::date::format_rfc3339;

use crate::run::lock;

/// The files of all jobs.
#[derive(Debug)]
pub(crate) struct FailureLogs {
    fs: Arc<dyn Fs>,
    /// By path; none if a file cannot be written, of which nothing more is said then.
    files: Mutex<HashMap<String, Option<Box<dyn File>>>>,
}

/// A scrape that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<'a> {
    /// Milliseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) error: &'a str,
    pub(crate) job: &'a str,
    pub(crate) target: &'a str,
}

impl FailureLogs {
    pub(crate) fn new(fs: Arc<dyn Fs>) -> Self {
        Self {
            fs,
            files: Mutex::default(),
        }
    }

    /// Closes all files: the next failure opens its file again, in case it has been moved away.
    pub(crate) fn reopen(&self) {
        lock(&self.files).clear();
    }

    /// Appends a line to the file at the path.
    pub(crate) fn write(&self, path: &str, failure: Failure<'_>) {
        let mut files = lock(&self.files);
        let file = files.entry(path.to_owned()).or_insert_with(|| {
            let opened = self.fs.open_append(Path::new(path));
            opened.map_err(|error| complain(path, &error)).ok()
        });
        let Some(open) = file else {
            return;
        };
        if let Err(error) = open.write_all(failure.line().as_bytes()) {
            complain(path, &error);
            *file = None;
        }
    }
}

impl Failure<'_> {
    fn line(&self) -> String {
        let mut line = String::with_capacity(200);
        let fields = [
            ("time", &*format_rfc3339(self.time)),
            ("level", "ERROR"),
            ("source", "scrape"),
            ("msg", self.error),
            ("job_name", self.job),
            ("target", self.target),
        ];
        for (key, value) in fields {
            line.push(if line.is_empty() { '{' } else { ',' });
            push_json(&mut line, key);
            line.push(':');
            push_json(&mut line, value);
        }
        line.push_str("}\n");
        line
    }
}

fn complain(path: &str, error: &std::io::Error) {
    tracing::error!(path, %error, "failed scrapes cannot be logged");
}

/// Appends a JSON string.
fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;

    #[test]
    fn failures_are_lines_of_the_file() {
        let fs = Arc::new(SimulatedFs::default());
        let logs = FailureLogs::new(Arc::clone(&fs) as _);
        let failure = Failure {
            time: 1_500,
            error: "Get \"http://a\": no\n",
            job: "j",
            target: "http://a",
        };
        logs.write("/log", failure);
        logs.reopen();
        logs.write("/log", failure);
        logs.write("/no/folder/log", failure);
        let line = "{\"time\":\"1970-01-01T00:00:01.500Z\",\"level\":\"ERROR\",\"source\":\"scrape\",\
             \"msg\":\"Get \\\"http://a\\\": no\\n\",\"job_name\":\"j\",\"target\":\"http://a\"}\n";
        let written = fs.read(Path::new("/log")).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), line.repeat(2));
    }
}
