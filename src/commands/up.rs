//! `narthex up`: this machine, monitored, without any configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use model::quote::quoted;
use web::services::Home;

use crate::commands::server::LogFlags;
use crate::commands::web_flags::WebFlags;
use crate::wiring::{
    self, ConfigSource, MAINTENANCE_INTERVAL, Node, RuleSettings, ScrapingFeatures, SeriesFlags,
    Settings,
};

/// Flags of `narthex up`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Folder that samples are kept in
    #[arg(long, default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; only this machine can reach the default
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDR")]
    listen: String,
    /// Do not evaluate the alerts and recording rules for machines and for Narthex itself that ship
    /// inside the program
    #[arg(long)]
    no_shipped_rules: bool,
    #[command(flatten)]
    web: WebFlags,
    #[command(flatten)]
    log: LogFlags,
}

/// Where the node collectors answer, beside everything else on the one port.
const NODE_PATH: &str = "/node-exporter/metrics";

/// Where the process asks itself when not everybody may, in the data folder.
const PRIVATE_SOCKET: &str = "up.sock";

/// Runs everything in one process until it is asked to end.
pub(crate) fn run(flags: &Flags, values: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    flags.log.start();
    let hostname = host::kernel::kernel_name().node;
    let web_config_file = flags.web.config_file();
    let private_socket = web_config_file
        .is_some()
        .then(|| flags.data.join(PRIVATE_SOCKET));
    wiring::run(Settings {
        config: ConfigSource::Text {
            name: "narthex up".to_owned(),
            text: configuration(&flags.listen, &hostname, private_socket.as_deref()),
        },
        auto_reload_interval: None,
        listen_addresses: vec![flags.listen.clone()],
        web_config_file,
        enable_lifecycle: false,
        keeps_exemplars: false,
        logs_metadata: false,
        scraping: ScrapingFeatures::default(),
        received_messages: Vec::new(),
        maintenance_interval: MAINTENANCE_INTERVAL,
        enable_admin_api: false,
        series: SeriesFlags::default(),
        storage: tsdb::Options::new(flags.data.clone()),
        engine: promql::EngineOptions::default(),
        rules: RuleSettings {
            with_shipped: !flags.no_shipped_rules,
            ..RuleSettings::default()
        },
        max_concurrency: MAX_CONCURRENCY,
        flags: values,
        home: Home::Machine,
        node: Node::At(NODE_PATH),
        private_socket,
        greeting: Some(greeting),
    })
}

/// Queries evaluated at once, as `narthex server` by default.
const MAX_CONCURRENCY: usize = 20;

/// Scrapes the process itself and, through it, the machine, every 5 seconds; through the private
/// socket, if there is one. Rules are evaluated more rarely: none of those that ship is in a hurry.
fn configuration(listen: &str, hostname: &str, private_socket: Option<&Path>) -> String {
    let target = match listen.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => listen
            .replace("0.0.0.0:", "127.0.0.1:")
            .replace("[::]:", "[::1]:"),
    };
    let (target, hostname) = (quoted(&target), quoted(hostname));
    let socket = private_socket.map_or(String::new(), |path| {
        format!("__unix_socket__: {}", quoted(&path.to_string_lossy()))
    });
    format!(
        "global:
  scrape_interval: 5s
  evaluation_interval: 15s
scrape_configs:
  - job_name: narthex
    static_configs:
      - targets: [{target}]
        labels: {{{socket}}}
  - job_name: node
    metrics_path: {NODE_PATH}
    static_configs:
      - targets: [{target}]
        labels:
          instance: {hostname}
          {socket}
"
    )
}

fn greeting(settings: &Settings, scheme: &str) -> String {
    format!(
        "Narthex monitors this machine and itself, every 5 seconds.\n\
         \x20 data     {} (15 days are kept)\n\
         \x20 page     {scheme}://{}/\n\
         \x20 end      Ctrl-C",
        settings.storage.path.display(),
        settings.listen_addresses.join(" "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_configuration_loads() {
        for listen in ["127.0.0.1:9090", ":9091", "0.0.0.0:80", "[::]:9090"] {
            for socket in [None, Some(Path::new("my \"odd\" data/up.sock"))] {
                let text = configuration(listen, "my \"odd\" host", socket);
                let config = config::server::load(&text, "narthex up", |_| None).unwrap();
                assert_eq!(config.scrape_configs.len(), 2);
                for job in &config.scrape_configs {
                    let labels = &job.service_discovery.static_configs[0].labels;
                    let found = labels.get("__unix_socket__");
                    assert_eq!(found, socket.and_then(Path::to_str));
                }
            }
        }
    }
}
