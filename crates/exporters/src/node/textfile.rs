//! Metrics that others wrote into files: `*.prom` in the directories that flags name.

mod page;

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use host::Fs;
use host::fs::glob::glob;
use model::family::Text;

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

use page::WrittenFamily;

const MTIME: Description = gauge(
    "node_textfile_mtime_seconds",
    "Unixtime mtime of textfiles successfully read.",
);
const ERROR: Description = gauge(
    "node_textfile_scrape_error",
    "1 if there was an error opening or reading a file, 0 otherwise",
);

#[derive(Debug)]
pub(crate) struct Textfile {
    directories: Vec<String>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Reading {
    failed: bool,
    families: Vec<WrittenFamily>,
    /// The help text that counts, by metric: the first one that a file gave.
    help: HashMap<String, String>,
    /// Files that speak of a metric.
    files: HashMap<String, Vec<String>>,
    mtimes: BTreeMap<String, i64>,
}

impl Textfile {
    pub(crate) fn new(directories: &[String]) -> Self {
        let directories = directories.iter().filter(|path| !path.is_empty());
        Self {
            directories: directories.cloned().collect(),
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "all collectors answer alike")]
    #[allow(clippy::cast_precision_loss, reason = "seconds of our age are exact")]
    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let mut reading = Reading::default();
        for pattern in &self.directories {
            for directory in directories(sources.fs(), pattern) {
                reading.read_directory(sources, &directory);
            }
        }
        for (file, mtime) in &reading.mtimes {
            families.push(&MTIME, &[("file", file)], *mtime as f64);
        }
        let failed = f64::from(u8::from(reading.failed));
        families.push(&ERROR, &[], failed);
        reading.tell(families);
        Ok(())
    }
}

/// The directories that a pattern means. One that means nothing means itself, so that reading it says
/// what is wrong.
fn directories(fs: &dyn Fs, pattern: &str) -> Vec<PathBuf> {
    match glob(fs, pattern) {
        Ok(found) if !found.is_empty() => found,
        _ => vec![pattern.into()],
    }
}

impl Reading {
    fn read_directory(&mut self, sources: &mut Sources<'_>, directory: &Path) {
        let names = match sources.names(directory) {
            Ok(names) => names,
            Err(error) => {
                self.failed = true;
                tracing::error!(%error, "failed to read textfile collector directory");
                return;
            }
        };
        for name in names.iter().filter(|name| name.ends_with(".prom")) {
            let path = clean(&directory.join(name));
            if let Err(problem) = self.read_file(sources, &path) {
                self.failed = true;
                let file = path.display();
                tracing::error!(%file, %problem, "failed to collect textfile data");
            }
        }
    }

    fn read_file(&mut self, sources: &mut Sources<'_>, path: &Path) -> Result<(), String> {
        let fs = sources.fs();
        let bytes = fs.read(path).map_err(|error| error.to_string())?;
        let families = page::parse(&bytes)?;
        // Only a file that is in order may look fresh.
        let age = fs.metadata(path).map_err(|error| error.to_string())?;
        let file = path.display().to_string();
        for family in families {
            self.take(family, &file);
        }
        self.mtimes
            .insert(file, age.modified_millis.div_euclid(1000));
        Ok(())
    }

    /// Keeps a family, unless it contradicts the help text that an earlier file gave.
    fn take(&mut self, family: WrittenFamily, file: &str) {
        let name = &family.family.name;
        if let Some(help) = &family.help {
            let first = self
                .help
                .entry(name.to_string())
                .or_insert_with(|| help.clone());
            if first != help {
                self.failed = true;
                tracing::error!(
                    metric = %name,
                    original_help_text = %first,
                    new_help_text = %help,
                    file,
                    "inconsistent metric help text"
                );
                return;
            }
        }
        let files = self.files.entry(name.to_string()).or_default();
        files.push(file.to_owned());
        self.families.push(family);
    }

    /// Adds the families, each with its help text or, without one, with where it was read.
    fn tell(self, families: &mut Families) {
        for WrittenFamily { mut family, .. } in self.families {
            let name = family.name.as_ref();
            let written = self.help.get(name).cloned();
            let help = written.unwrap_or_else(|| {
                let files = self.files.get(name).map(|files| files.join(", "));
                format!("Metric read from {}", files.unwrap_or_default())
            });
            family.help = Text::Owned(help);
            families.push_family(family);
        }
    }
}

/// The path without `.` and doubled slashes, as upstream prints it.
fn clean(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use host::fs::SimulatedFs;

    use super::*;
    use crate::node::tests::said;

    /// Samples of the page, without those about the files themselves but for the error.
    fn page(directories: &[&str], files: &[(&str, &str)]) -> String {
        let directories: Vec<_> = directories.iter().map(|&path| path.to_owned()).collect();
        let textfile = Textfile::new(&directories);
        let page = said(files, |sources, families| {
            textfile.collect(sources, families)
        });
        let lines = page.lines().filter(|line| !line.contains("_mtime_"));
        let short = |line: &str| line.replace("node_textfile_scrape_error", "error") + "\n";
        lines.map(short).collect()
    }

    #[test]
    fn files_of_all_directories_come_together() {
        let files = [
            ("/a/x.prom", "m{f=\"x\"} 1\n"),
            ("/a/y.prom", "m{f=\"y\"} 2\n"),
            ("/a/z.txt", "m{f=\"z\"} 3\n"),
            ("/b1/x.prom", "n 4\n"),
            ("/b2/x.prom", "o 5\n"),
        ];
        assert_eq!(
            page(&["/a", "/b*"], &files),
            "m{f=\"x\"} 1\nm{f=\"y\"} 2\nn 4\nerror 0\no 5\n"
        );
        assert_eq!(page(&[], &files), "error 0\n");
        assert_eq!(page(&["/nosuch"], &files), "error 1\n");
        assert_eq!(page(&["/nosuch*"], &files), "error 1\n");
    }

    #[test]
    fn patterns_become_directories() {
        let fs = SimulatedFs::default();
        for path in ["/t/a/x", "/t/b/x", "/t/c/y"] {
            fs.create_dir_all(Path::new(path)).unwrap();
        }
        for (pattern, expected) in [
            ("/t/*/x", &["/t/a/x", "/t/b/x"][..]),
            ("/t/c", &["/t/c"]),
            ("/t/[bc]", &["/t/b", "/t/c"]),
            ("/nosuch", &["/nosuch"]),
            ("/nosuch/*", &["/nosuch/*"]),
            ("/t/[a-", &["/t/[a-"]),
        ] {
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(directories(&fs, pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_bad_file_is_left_out_whole() {
        let good = ("/a/good.prom", "m 1\n");
        for bad in [
            "n 1\nn{ 2\n",
            "n 1 1234\n",
            "# TYPE n counter\n# TYPE n gauge\nn 1\n",
            "n 1\n# TYPE n gauge\n",
            "# HELP n A.\n# HELP n B.\nn 1\n",
        ] {
            let files = [("/a/bad.prom", bad), good];
            assert_eq!(page(&["/a"], &files), "m 1\nerror 1\n", "{bad}");
        }
    }

    #[test]
    fn the_first_help_text_counts() {
        let a = ("/a/a.prom", "# HELP m First.\nm{f=\"a\"} 1\n");
        let b = ("/a/b.prom", "# HELP m Second.\nm{f=\"b\"} 1\n");
        let c = ("/a/c.prom", "m{f=\"c\"} 1\n");
        assert_eq!(
            page(&["/a"], &[a, b, c]),
            "m{f=\"a\"} 1\nm{f=\"c\"} 1\nerror 1\n"
        );
    }

    #[test]
    fn paths_are_cleaned() {
        for (path, cleaned) in [("./a//b/./c", "a/b/c"), ("/a/", "/a")] {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned));
        }
    }
}
