//! What the tests of providers share: entries as a configuration writes them.

use config::discovery::Discovery;

/// The only entry of this discovery.
pub(crate) fn entry(discovery: &str) -> Discovery {
    let text = format!("scrape_configs:\n- job_name: job\n  {discovery}\n");
    let config = config::server::load(&text, "prometheus.yml", |_| None).unwrap();
    config.scrape_configs[0].service_discovery.entries[0].clone()
}
