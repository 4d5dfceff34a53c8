//! Flags of listening sockets, the same for every command that has one.

use std::path::PathBuf;

use clap::Args;

/// Who may connect and ask.
#[derive(Debug, Args)]
pub(crate) struct WebFlags {
    /// File of TLS, users and headers of the listener
    #[arg(long = "web.config.file", value_name = "FILE")]
    web_config_file: Option<PathBuf>,
}

impl WebFlags {
    /// The file, if one is stated: an empty path is none, as upstream has it.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let stated = self.web_config_file.as_ref();
        stated.filter(|path| !path.as_os_str().is_empty()).cloned()
    }
}
