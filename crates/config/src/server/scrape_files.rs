//! Files with further jobs, which `scrape_config_files` names.

use std::path::Path;

use super::{Config, scrape};
use crate::document::{self, Reader, Schema, Section};
use crate::problem::Problems;

const SCHEMA: Schema = Schema {
    type_name: "config.ScrapeConfigs",
    keys: &["scrape_configs"],
};

impl Config {
    /// Reads a file of jobs and adds them. The global settings are handed down to them; relative
    /// paths start at the folder of their own file.
    ///
    /// # Errors
    /// Everything that is wrong in the file, each with its place: also a job whose name is taken.
    pub fn add_jobs(&mut self, text: &str, file_name: &str) -> Result<(), Problems> {
        let explain = |problems: Problems| problems.with_excerpts(text);
        let document = document::parse(text, file_name).map_err(explain)?;
        let reader = Reader::new(file_name);
        let jobs = Section::open(&reader, &document, &SCHEMA).map(|section| {
            let items = section.items("scrape_configs");
            scrape::read_all(&reader, items, &self.global, &self.taken_names())
        });
        let mut jobs = reader.finish(jobs.unwrap_or_default()).map_err(explain)?;
        let folder = Path::new(file_name).parent().unwrap_or(Path::new(""));
        for job in &mut jobs {
            job.set_directory(folder);
            job.origin = file_name.to_owned();
        }
        self.further_jobs.extend(jobs);
        Ok(())
    }

    /// Names of jobs, each with the file that it stands in, as messages name it.
    fn taken_names(&self) -> Vec<(String, String)> {
        let origin = |origin: &str| match origin {
            "" => "main config file".to_owned(),
            file => format!("{file:?}"),
        };
        self.jobs()
            .map(|job| (job.job_name.clone(), origin(&job.origin)))
            .collect()
    }
}
