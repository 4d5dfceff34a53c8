//! `narthex tool check healthy` and `… ready`: whether a server answers that it is. Texts and exit
//! codes are promtool's.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use config::Url;
use config::http::HttpClientConfig;
use host::Fs as _;
use host::fs::{RealFs, folder_of};
use host::net::client::{Client, Request};

/// Flags of `narthex tool check healthy` and `… ready`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// File of credentials and TLS for the request
    #[arg(long = "http.config.file", value_name = "FILE")]
    http_config_file: Option<PathBuf>,
    /// The server
    #[arg(long, default_value = "http://localhost:9090", value_name = "URL")]
    url: String,
}

/// Asks the server at this path.
#[allow(clippy::print_stderr, reason = "what the tool finds is its output")]
pub(crate) fn run(flags: &Flags, path: &str) -> anyhow::Result<ExitCode> {
    match ask(flags, path) {
        Ok(text) => {
            eprintln!("  SUCCESS:  {text}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn ask(flags: &Flags, path: &str) -> anyhow::Result<String> {
    let config = match &flags.http_config_file {
        None => HttpClientConfig::default(),
        Some(file) => read(file)?,
    };
    let server = match flags.url.contains("://") {
        true => flags.url.clone(),
        false => format!("http://{}", flags.url),
    };
    let url = Url::parse(&format!("{}{path}", server.trim_end_matches('/')));
    let request = Request::get(url.map_err(anyhow::Error::msg)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(Client::new(&config).send(request))?;
    if answer.status != 200 {
        let status = answer.status.as_u16();
        anyhow::bail!("check failed: URL={server}, status={status}");
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

fn read(file: &Path) -> anyhow::Result<HttpClientConfig> {
    let bytes = RealFs.read(file)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut config = config::http::load(&text, &file.display().to_string())?;
    config.set_directory(folder_of(file));
    Ok(config)
}
