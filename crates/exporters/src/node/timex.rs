//! How well the clock is kept: what `adjtimex(2)` reports.

use std::io;

use host::kernel::{ClockState, clock_state};

use crate::families::{Description, Families, counter, gauge};
use crate::gather::CollectorError;

pub(crate) fn collect(families: &mut Families) -> Result<(), CollectorError> {
    match clock_state() {
        Ok(state) => {
            tell(&state, families);
            Ok(())
        }
        // Sandboxes do not allow the call.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(CollectorError::NoData)
        }
        Err(source) => Err(CollectorError::Kernel {
            call: "failed to retrieve adjtimex stats",
            source,
        }),
    }
}

/// The state in which the clock is not synchronised (`TIME_ERROR`).
const NOT_SYNCHRONISED: i32 = 5;
/// The status bit that says that offsets are in ns (`STA_NANO`).
const NANOSECONDS: i32 = 0x2000;
const MICROS: f64 = 1e6;
/// Frequencies are in units of 2⁻¹⁶ parts per million.
const FREQUENCY_UNITS: f64 = 1e6 * 65536.0;

#[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
fn tell(state: &ClockState, families: &mut Families) {
    let divisor = match state.status & NANOSECONDS {
        0 => MICROS,
        _ => 1e9,
    };
    let synchronised = state.state != NOT_SYNCHRONISED;
    let values = [
        f64::from(u8::from(synchronised)),
        state.offset as f64 / divisor,
        1.0 + state.frequency as f64 / FREQUENCY_UNITS,
        state.max_error as f64 / MICROS,
        state.estimated_error as f64 / MICROS,
        f64::from(state.status),
        state.constant as f64,
        state.tick as f64 / MICROS,
        state.pps_frequency as f64 / FREQUENCY_UNITS,
        state.pps_jitter as f64 / divisor,
        f64::from(state.pps_shift),
        state.pps_stability as f64 / FREQUENCY_UNITS,
        state.pps_jitter_count as f64,
        state.pps_calibration_count as f64,
        state.pps_error_count as f64,
        state.pps_stability_count as f64,
        f64::from(state.tai),
    ];
    for (description, value) in METRICS.iter().zip(values) {
        families.push(description, &[], value);
    }
}

/// In the order of the values above.
const METRICS: [Description; 17] = [
    gauge(
        "node_timex_sync_status",
        "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
    ),
    gauge(
        "node_timex_offset_seconds",
        "Time offset in between local system and reference clock.",
    ),
    gauge(
        "node_timex_frequency_adjustment_ratio",
        "Local clock frequency adjustment.",
    ),
    gauge("node_timex_maxerror_seconds", "Maximum error in seconds."),
    gauge(
        "node_timex_estimated_error_seconds",
        "Estimated error in seconds.",
    ),
    gauge("node_timex_status", "Value of the status array bits."),
    gauge(
        "node_timex_loop_time_constant",
        "Phase-locked loop time constant.",
    ),
    gauge("node_timex_tick_seconds", "Seconds between clock ticks."),
    gauge(
        "node_timex_pps_frequency_hertz",
        "Pulse per second frequency.",
    ),
    gauge("node_timex_pps_jitter_seconds", "Pulse per second jitter."),
    gauge(
        "node_timex_pps_shift_seconds",
        "Pulse per second interval duration.",
    ),
    gauge(
        "node_timex_pps_stability_hertz",
        "Pulse per second stability, average of recent frequency changes.",
    ),
    counter(
        "node_timex_pps_jitter_total",
        "Pulse per second count of jitter limit exceeded events.",
    ),
    counter(
        "node_timex_pps_calibration_total",
        "Pulse per second count of calibration intervals.",
    ),
    counter(
        "node_timex_pps_error_total",
        "Pulse per second count of calibration errors.",
    ),
    counter(
        "node_timex_pps_stability_exceeded_total",
        "Pulse per second count of stability limit exceeded events.",
    ),
    gauge(
        "node_timex_tai_offset_seconds",
        "International Atomic Time (TAI) offset.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    fn page(state: ClockState) -> String {
        said(&[], |_, families| {
            tell(&state, families);
            Ok(())
        })
    }

    #[test]
    fn units_depend_on_the_status() {
        let micros = page(ClockState {
            offset: 2_000_000,
            frequency: 65_536_000_000,
            state: NOT_SYNCHRONISED,
            ..ClockState::default()
        });
        assert!(micros.contains("node_timex_offset_seconds 2\n"));
        assert!(micros.contains("node_timex_frequency_adjustment_ratio 2\n"));
        assert!(micros.contains("node_timex_sync_status 0\n"));
        let nanos = page(ClockState {
            offset: 2_000_000,
            status: NANOSECONDS,
            tai: 37,
            ..ClockState::default()
        });
        assert!(nanos.contains("node_timex_offset_seconds 0.002\n"));
        assert!(nanos.contains("node_timex_tai_offset_seconds 37\n"));
        assert!(nanos.contains("node_timex_sync_status 1\n"));
    }
}
