//! How well the kernel's clock is kept, and in which time zone the machine lives.

use std::ffi::CStr;
use std::io;

/// What `adjtimex(2)` reports. Units are the kernel's; see there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockState {
    /// State of the clock; 5 means that it is not synchronised.
    pub state: i32,
    /// Offset to the reference, in ns if `status` has the bit for that, else in µs.
    pub offset: i64,
    /// Frequency adjustment in units of 2⁻¹⁶ ppm.
    pub frequency: i64,
    /// Largest error in µs.
    pub max_error: i64,
    /// Estimated error in µs.
    pub estimated_error: i64,
    /// Status bits.
    pub status: i32,
    /// Time constant of the phase-locked loop.
    pub constant: i64,
    /// Time between ticks in µs.
    pub tick: i64,
    /// Frequency of the pulse per second, in units of 2⁻¹⁶ ppm.
    pub pps_frequency: i64,
    /// Jitter of the pulse per second, in ns or µs as `offset`.
    pub pps_jitter: i64,
    /// Interval of the pulse per second, as a power of two seconds.
    pub pps_shift: i32,
    /// Stability of the pulse per second, in units of 2⁻¹⁶ ppm.
    pub pps_stability: i64,
    /// Pulses whose jitter was over the limit.
    pub pps_jitter_count: i64,
    /// Calibration intervals.
    pub pps_calibration_count: i64,
    /// Calibration errors.
    pub pps_error_count: i64,
    /// Times that the stability limit was exceeded.
    pub pps_stability_count: i64,
    /// Offset to International Atomic Time in seconds.
    pub tai: i32,
}

/// Reads the state of the kernel's clock, and changes nothing.
///
/// # Errors
/// As the operating system says; sandboxes refuse it.
#[allow(
    unsafe_code,
    reason = "the safe wrapper of system calls has no adjtimex; the structure is plain integers, \
              for which all zeros is a value, and it lives longer than the call"
)]
#[allow(
    clippy::unnecessary_cast,
    clippy::cast_lossless,
    reason = "the C types have other widths on other processors"
)]
pub fn clock_state() -> io::Result<ClockState> {
    // SAFETY: `timex` holds integers only, so zeros are valid; `modes` = 0 asks and sets nothing.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(ClockState {
        state,
        offset: timex.offset as i64,
        frequency: timex.freq as i64,
        max_error: timex.maxerror as i64,
        estimated_error: timex.esterror as i64,
        status: timex.status,
        constant: timex.constant as i64,
        tick: timex.tick as i64,
        pps_frequency: timex.ppsfreq as i64,
        pps_jitter: timex.jitter as i64,
        pps_shift: timex.shift,
        pps_stability: timex.stabil as i64,
        pps_jitter_count: timex.jitcnt as i64,
        pps_calibration_count: timex.calcnt as i64,
        pps_error_count: timex.errcnt as i64,
        pps_stability_count: timex.stbcnt as i64,
        tai: timex.tai,
    })
}

/// The zone of the machine's local time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone {
    /// Short name, as `CET`.
    pub name: String,
    /// Seconds east of UTC.
    pub offset_seconds: i64,
}

/// The time zone that is in force at a moment, given in seconds since the Unix epoch.
#[allow(
    unsafe_code,
    reason = "only the C library knows the machine's time zone without a database of our own"
)]
#[allow(
    clippy::unnecessary_cast,
    clippy::cast_lossless,
    reason = "the C types have other widths on other processors"
)]
pub fn time_zone(unix_seconds: i64) -> TimeZone {
    let utc = || TimeZone {
        name: "UTC".to_owned(),
        offset_seconds: 0,
    };
    let moment = unix_seconds as libc::time_t;
    // SAFETY: both pointers are to values that live through the call; zeros are a valid `tm`, whose
    // zone pointer is then null or, after the call, a string that the C library keeps. Nobody in
    // this process changes the environment (see clippy.toml), so it is copied before it can go.
    unsafe {
        let mut parts: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&raw const moment, &raw mut parts).is_null() || parts.tm_zone.is_null()
        {
            return utc();
        }
        TimeZone {
            name: CStr::from_ptr(parts.tm_zone).to_string_lossy().into_owned(),
            offset_seconds: parts.tm_gmtoff as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_ticks() {
        match clock_state() {
            Ok(state) => assert!(state.tick > 0),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::PermissionDenied),
        }
    }

    #[test]
    fn there_is_a_time_zone() {
        let zone = time_zone(1_700_000_000);
        assert!(!zone.name.is_empty());
        assert!(zone.offset_seconds.abs() <= 14 * 3600);
        assert_eq!(time_zone(i64::MAX).offset_seconds, 0);
    }
}
