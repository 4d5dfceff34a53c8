//! A job's configuration in the form that its loops use.

use std::sync::Arc;

use config::server::{ScrapeConfig, ScrapeProtocol};
use host::net::Outbound;

use crate::limits::{DefaultLimits, Limits};

/// What all targets of a job share.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) config: Arc<ScrapeConfig>,
    pub(crate) limits: Limits,
    /// The `Accept` header.
    pub(crate) accept: String,
    /// Why no target of the job is scraped, if there is a reason.
    pub(crate) forced_error: Option<String>,
    /// How its targets are reached and addressed.
    pub(crate) outbound: Arc<Outbound>,
}

impl Job {
    pub(crate) fn new(
        config: Arc<ScrapeConfig>,
        forced_error: Option<String>,
        defaults: DefaultLimits,
    ) -> Self {
        let limits = Limits::new(&config, defaults);
        Self::with_limits(config, forced_error, limits)
    }

    pub(crate) fn with_limits(
        config: Arc<ScrapeConfig>,
        forced_error: Option<String>,
        limits: Limits,
    ) -> Self {
        Self {
            limits,
            accept: accept_header(&config),
            outbound: Arc::new(Outbound::new(&config.http)),
            config,
            forced_error,
        }
    }

    /// Takes over what `before` reached its targets with, tokens and all, if the settings are the same.
    pub(crate) fn keep_outbound(&mut self, before: &Self) {
        if self.outbound.config() == before.outbound.config() {
            self.outbound = Arc::clone(&before.outbound);
        }
    }

    /// True if series would be stored otherwise than under `other`.
    pub(crate) fn stores_otherwise(&self, other: &Self) -> bool {
        let (a, b) = (&self.config, &other.config);
        a.metric_relabel_configs != b.metric_relabel_configs
            || a.honor_labels != b.honor_labels
            || a.honor_timestamps != b.honor_timestamps
            || a.track_timestamps_staleness != b.track_timestamps_staleness
            || a.metric_name_validation_scheme != b.metric_name_validation_scheme
            || a.histograms != b.histograms
            || self.limits != other.limits
    }
}

/// The job's protocols, best first, as upstream weighs them.
fn accept_header(config: &ScrapeConfig) -> String {
    let mut weight = ScrapeProtocol::ALL.len() + 1;
    let mut accept = String::new();
    for protocol in &config.scrape_protocols {
        let (media_type, escaped) = match protocol {
            ScrapeProtocol::PrometheusProto => (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                 encoding=delimited",
                false,
            ),
            ScrapeProtocol::PrometheusText004 => ("text/plain;version=0.0.4", false),
            ScrapeProtocol::PrometheusText100 => ("text/plain;version=1.0.0", true),
            ScrapeProtocol::OpenMetricsText001 => {
                ("application/openmetrics-text;version=0.0.1", false)
            }
            ScrapeProtocol::OpenMetricsText100 => {
                ("application/openmetrics-text;version=1.0.0", true)
            }
        };
        accept.push_str(media_type);
        if escaped {
            accept.push_str(";escaping=");
            accept.push_str(config.metric_name_escaping_scheme.as_str());
        }
        accept.push_str(&format!(";q=0.{weight},"));
        weight = weight.saturating_sub(1);
    }
    accept.push_str(&format!("*/*;q=0.{weight}"));
    accept
}

#[cfg(test)]
mod tests {
    use config::server::EscapingScheme;

    use super::*;

    #[test]
    fn accept_is_what_prometheus_sends() {
        let accept = |protocols: &[ScrapeProtocol], escaping| {
            let config = ScrapeConfig {
                scrape_protocols: protocols.to_vec(),
                metric_name_escaping_scheme: escaping,
                ..ScrapeConfig::named("a")
            };
            Job::new(Arc::new(config), None, DefaultLimits::default()).accept
        };
        let want = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                    application/openmetrics-text;version=0.0.1;q=0.5,\
                    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                    text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let utf8 = EscapingScheme::AllowUtf8;
        assert_eq!(accept(&ScrapeProtocol::DEFAULT, utf8), want);
        let underscores = want.replace("allow-utf-8", "underscores");
        let found = accept(&ScrapeProtocol::DEFAULT, EscapingScheme::Underscores);
        assert_eq!(found, underscores);
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                      encoding=delimited;q=0.6,\
                      application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                      application/openmetrics-text;version=0.0.1;q=0.4,\
                      text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                      text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let found = accept(&ScrapeProtocol::DEFAULT_NATIVE_HISTOGRAMS, utf8);
        assert_eq!(found, native);
    }

    #[test]
    fn only_what_changes_series_empties_the_cache() {
        let job = |change: fn(&mut ScrapeConfig)| {
            let mut config = ScrapeConfig::named("a");
            change(&mut config);
            Job::new(Arc::new(config), None, DefaultLimits::default())
        };
        let before = job(|_| {});
        assert!(!before.stores_otherwise(&job(|config| config.enable_compression = false)));
        assert!(before.stores_otherwise(&job(|config| config.honor_labels = true)));
    }
}
