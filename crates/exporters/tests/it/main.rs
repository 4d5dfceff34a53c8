//! The exporters on files of a whole machine.

mod conformance;
mod textfile_cases;
