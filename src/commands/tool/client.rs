//! Asking servers from the command line.

use std::path::Path;

use anyhow::Context as _;
use config::http::HttpClientConfig;
use host::Fs as _;
use host::fs::{RealFs, folder_of};
use host::net::Client;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A client under the file that `--http.config.file` names.
pub(super) fn open(file: Option<&Path>) -> anyhow::Result<Client> {
    let mut config = HttpClientConfig::default();
    if let Some(path) = file {
        let context = || format!("Failed to load HTTP config file {}", path.display());
        let text = RealFs.read(path).with_context(context)?;
        let text = String::from_utf8(text).with_context(context)?;
        config = config::http::load(&text, &path.to_string_lossy())
            .map_err(|problems| anyhow::anyhow!("{problems}"))
            .with_context(context)?;
        config.set_directory(folder_of(path));
    }
    Ok(Client::new(&config))
}

/// Runs `work` on an async runtime of one thread.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(work);
    // Not dropped: that would wait for names that are still being looked up.
    runtime.shutdown_background();
    Ok(outcome)
}

/// The address of a server; without a scheme it is one of HTTP.
pub(super) fn server_url(server: &str) -> Result<config::Url, String> {
    match server.contains("://") {
        true => config::Url::parse(server),
        false => config::Url::parse(&format!("http://{server}")),
    }
}

/// Headers that are sent along.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(pub(super) HeaderMap);

impl Headers {
    /// Reads `name=value` and `name:value`.
    pub(super) fn parse(headers: &[String]) -> Result<Self, String> {
        let mut map = HeaderMap::new();
        for header in headers {
            let fault = || format!("expected KEY=VALUE got '{header}'");
            let (name, value) = header.split_once(['=', ':']).ok_or_else(fault)?;
            let name = HeaderName::try_from(name.trim()).map_err(|_| fault())?;
            let value = HeaderValue::try_from(value.trim()).map_err(|_| fault())?;
            map.append(name, value);
        }
        Ok(Self(map))
    }
}
