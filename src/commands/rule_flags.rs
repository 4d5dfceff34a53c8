//! Flags about rules, the same names and defaults as Prometheus'.

use std::time::Duration;

use clap::Args;

use crate::wiring::RuleSettings;

/// Flags of rule evaluation.
#[derive(Debug, Args)]
pub(super) struct RuleFlags {
    /// Longest time that the server may have been down for the state of pending alerts to be
    /// restored from their series, where there is no journal of alerts
    #[arg(
        long = "rules.alert.for-outage-tolerance",
        default_value = "1h",
        value_name = "DURATION",
        value_parser = duration
    )]
    outage_tolerance: Duration,
    /// What is left at least of the 'for' of an alert that is restored so; alerts with a shorter
    /// 'for' are not
    #[arg(
        long = "rules.alert.for-grace-period",
        default_value = "10m",
        value_name = "DURATION",
        value_parser = duration
    )]
    grace_period: Duration,
    /// How long to wait before an alert that still fires is sent again
    #[arg(
        long = "rules.alert.resend-delay",
        default_value = "1m",
        value_name = "DURATION",
        value_parser = duration
    )]
    resend_delay: Duration,
    /// With the feature concurrent-rule-eval: rules that are evaluated beside those that have their
    /// group's turn
    #[arg(
        long = "rules.max-concurrent-evals",
        default_value_t = 4,
        value_name = "NUMBER"
    )]
    max_concurrent_evaluations: usize,
    /// Alerts that may wait for one Alertmanager; more push the oldest out
    #[arg(
        long = "alertmanager.notification-queue-capacity",
        default_value_t = 10_000,
        value_name = "NUMBER"
    )]
    queue_capacity: usize,
    /// Alerts in one request to an Alertmanager at most
    #[arg(
        long = "alertmanager.notification-batch-size",
        default_value_t = 256,
        value_name = "NUMBER"
    )]
    batch_size: usize,
    /// Send alerts that wait before the server ends; on unless switched off
    #[arg(
        long = "alertmanager.drain-notification-queue-on-shutdown",
        overrides_with = "no_drain"
    )]
    drain: bool,
    /// Do not
    #[arg(
        long = "no-alertmanager.drain-notification-queue-on-shutdown",
        hide = true
    )]
    no_drain: bool,
    /// Where people reach this server, for links in alerts; if not given, its host name and port
    #[arg(long = "web.external-url", default_value = "", value_name = "URL")]
    external_url: String,
}

impl RuleFlags {
    /// What they say.
    pub(super) fn settings(&self, evaluates_at_once: bool) -> RuleSettings {
        RuleSettings {
            outage_tolerance: self.outage_tolerance,
            grace_period: self.grace_period,
            resend_delay: self.resend_delay,
            max_concurrent_evaluations: evaluates_at_once
                .then_some(self.max_concurrent_evaluations.max(1)),
            queue_capacity: self.queue_capacity,
            batch_size: self.batch_size,
            drains_on_shutdown: self.drain || !self.no_drain,
            external_url: self.external_url.clone(),
            with_shipped: false,
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    model::duration::parse(text).map_err(|error| format!("{error} (such as 10m or 1h30m)"))
}
