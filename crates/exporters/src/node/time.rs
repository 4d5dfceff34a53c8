//! What time it is here, in which zone, and by which clock the kernel counts.

use host::kernel::time_zone;

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const NOW: Description = gauge(
    "node_time_seconds",
    "System time in seconds since epoch (1970).",
);
const ZONE: Description = gauge(
    "node_time_zone_offset_seconds",
    "System time zone offset in seconds.",
);
const AVAILABLE: Description = gauge(
    "node_time_clocksource_available_info",
    "Available clocksources read from '/sys/devices/system/clocksource'.",
);
const CURRENT: Description = gauge(
    "node_time_clocksource_current_info",
    "Current clocksource read from '/sys/devices/system/clocksource'.",
);

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds and milliseconds of our age are exact"
)]
pub(crate) fn collect(
    sources: &mut Sources<'_>,
    now_millis: i64,
    families: &mut Families,
) -> Result<(), CollectorError> {
    families.push(&NOW, &[], now_millis as f64 / 1000.0);
    let zone = time_zone(now_millis.div_euclid(1000));
    let labels = [("time_zone", zone.name.as_str())];
    families.push(&ZONE, &labels, zone.offset_seconds as f64);
    clock_sources(sources, families)
}

fn clock_sources(sources: &mut Sources<'_>, families: &mut Families) -> Result<(), CollectorError> {
    let folder = sources.sys_path("devices/system/clocksource");
    for name in sources.names(&folder)? {
        let Some(device) = name.strip_prefix("clocksource") else {
            continue;
        };
        let available = sources.text(&folder.join(&name).join("available_clocksource"))?;
        for source in available.split_ascii_whitespace() {
            families.push(
                &AVAILABLE,
                &[("clocksource", source), ("device", device)],
                1.0,
            );
        }
        let current = sources.text(&folder.join(&name).join("current_clocksource"))?;
        let labels = [("clocksource", current.trim()), ("device", device)];
        families.push(&CURRENT, &labels, 1.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn the_time_is_in_seconds() {
        let page = said(&[], |sources, families| collect(sources, 1_500, families));
        assert!(page.starts_with("node_time_seconds 1.5\n"), "{page}");
    }

    #[test]
    fn clock_sources_are_told_by_device() {
        let page = said(
            &[
                (
                    "/sys/devices/system/clocksource/clocksource0/available_clocksource",
                    "tsc hpet \n",
                ),
                (
                    "/sys/devices/system/clocksource/clocksource0/current_clocksource",
                    "tsc\n",
                ),
            ],
            clock_sources,
        );
        assert_eq!(
            page,
            "node_time_clocksource_available_info{clocksource=\"hpet\",device=\"0\"} 1\n\
             node_time_clocksource_available_info{clocksource=\"tsc\",device=\"0\"} 1\n\
             node_time_clocksource_current_info{clocksource=\"tsc\",device=\"0\"} 1\n"
        );
    }
}
