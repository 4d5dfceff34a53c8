//! The configuration in force, as the surface and the metrics show it.

use std::sync::{Arc, PoisonError, RwLock};

use config::server::Config;
use exposition::Registry;
use exposition::instrument::Gauge;
use host::Clock;
use web::services::ConfigurationState;

use super::unserved;

/// The configuration in force, as the surface shows it.
#[derive(Clone, Debug)]
pub(in crate::wiring) struct Shown {
    state: Arc<RwLock<ConfigurationState>>,
    clock: Arc<dyn Clock>,
    last_reload_successful: Gauge,
    last_success_seconds: Gauge,
}

impl Shown {
    /// Nothing in force yet.
    pub(in crate::wiring) fn new(clock: Arc<dyn Clock>, registry: &Registry) -> Self {
        Self {
            state: Arc::default(),
            clock,
            last_reload_successful: registry.gauge(
                "prometheus_config_last_reload_successful",
                "Whether the last configuration reload attempt was successful.",
            ),
            last_success_seconds: registry.gauge(
                "prometheus_config_last_reload_success_timestamp_seconds",
                "Timestamp of the last successful configuration reload.",
            ),
        }
    }

    /// What the surface reads.
    pub(in crate::wiring) fn state(&self) -> Arc<RwLock<ConfigurationState>> {
        Arc::clone(&self.state)
    }

    /// Shows `config` as the one in force. What of it has no effect is logged, once.
    pub(in crate::wiring) fn accept(&self, config: &Config) {
        let now = self.clock.now_millis();
        let without_effect = unserved(config);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for reason in &without_effect {
            if !state.without_effect.contains(reason) {
                tracing::warn!(%reason, "a section of the configuration has no effect");
            }
        }
        *state = ConfigurationState {
            yaml: config.to_yaml(),
            reload_success: true,
            refused_millis: 0,
            loaded_millis: now,
            without_effect,
        };
        self.last_reload_successful.set(1.0);
        self.last_success_seconds.set(now as f64 / 1000.0);
    }

    /// Shows that the last reload was refused; the one in force stays.
    pub(in crate::wiring) fn refuse(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.reload_success = false;
        state.refused_millis = self.clock.now_millis();
        self.last_reload_successful.set(0.0);
    }
}
