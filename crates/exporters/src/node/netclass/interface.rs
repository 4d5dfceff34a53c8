//! One network device: its attributes, and how they are told.

use host::fs::Folder;
use host::kernel::{Link, LinkStatistics};
use model::MetricType;

use crate::families::{Description, Families, gauge};
use crate::node::netdev::of_link as counters_of_link;
use crate::node::sources::Sources;

const UP: Description = gauge(
    "node_network_up",
    "Value is 1 if operstate is 'up', 0 otherwise.",
);
const INFO: Description = gauge(
    "node_network_info",
    "Non-numeric data from /sys/class/net/<iface>, value is always 1.",
);
/// Files of sysfs that hold a number, with what the number is called.
const ATTRIBUTES: [(&str, &str); 17] = [
    ("addr_assign_type", "address_assign_type"),
    ("carrier", "carrier"),
    ("carrier_changes", "carrier_changes_total"),
    ("carrier_down_count", "carrier_down_changes_total"),
    ("carrier_up_count", "carrier_up_changes_total"),
    ("dev_id", "device_id"),
    ("dormant", "dormant"),
    ("flags", "flags"),
    ("ifindex", "iface_id"),
    ("iflink", "iface_link"),
    ("link_mode", "iface_link_mode"),
    ("mtu", "mtu_bytes"),
    ("name_assign_type", "name_assign_type"),
    ("netdev_group", "net_dev_group"),
    ("speed", SPEED),
    ("tx_queue_len", "transmit_queue_length"),
    ("type", "protocol_type"),
];
const SPEED: &str = "speed_bytes";
/// Operational states by number (RFC 2863).
const STATES: [&str; 7] = [
    "unknown",
    "notpresent",
    "down",
    "lowerlayerdown",
    "testing",
    "dormant",
    "up",
];
/// The state bit of a device that its administrator switched on (`IFF_UP`).
const SWITCHED_ON: i64 = 1;

/// What is known of a device.
#[derive(Debug, Default)]
pub(super) struct Interface {
    name: String,
    address: String,
    broadcast: String,
    duplex: String,
    state: String,
    alias: String,
    flags: Option<i64>,
    /// Numbers under their names; the speed in Mbit/s.
    numbers: Vec<(&'static str, i64)>,
}

impl Interface {
    /// Reads the files in the device's folder. What a device does not have cannot be read.
    pub(super) fn of_attributes(sources: &mut Sources<'_>, device: &Folder, name: String) -> Self {
        let mut text = |file: &str| {
            let text = sources.attribute_in(device, file);
            text.unwrap_or_default().into_owned()
        };
        let mut interface = Self {
            address: text("address"),
            broadcast: text("broadcast"),
            duplex: text("duplex"),
            state: text("operstate"),
            alias: text("ifalias"),
            name,
            ..Self::default()
        };
        for (file, name) in ATTRIBUTES {
            if let Some(value) = number(sources, device, file) {
                interface.numbers.push((name, value));
                if file == "flags" {
                    interface.flags = Some(value);
                }
            }
        }
        interface
    }

    /// Takes what netlink says, and reads what it does not say.
    pub(super) fn of_link(sources: &mut Sources<'_>, device: Option<&Folder>, link: &Link) -> Self {
        let mut interface = Self {
            name: link.name.clone(),
            address: hardware_address(&link.address),
            broadcast: hardware_address(&link.broadcast),
            state: state_name(link.operational_state).to_owned(),
            alias: link.alias.clone(),
            flags: Some(i64::from(link.flags)),
            numbers: numbers_of_link(link),
            ..Self::default()
        };
        let Some(device) = device else {
            return interface;
        };
        let duplex = sources.attribute_in(device, "duplex");
        interface.duplex = duplex.unwrap_or_default().into_owned();
        for (file, name) in ATTRIBUTES {
            let only_in_sysfs =
                ["addr_assign_type", "dev_id", "name_assign_type", "speed"].contains(&file);
            if only_in_sysfs && let Some(value) = number(sources, device, file) {
                interface.numbers.push((name, value));
            }
        }
        interface
    }

    /// Adds the device to the families.
    #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
    pub(super) fn tell(&self, invalid_speed: bool, families: &mut Families) {
        let labels = [("device", self.name.as_str())];
        families.push(&UP, &labels, f64::from(u8::from(self.state == "up")));
        let info = [
            ("address", self.address.as_str()),
            ("adminstate", self.admin_state()),
            ("broadcast", &self.broadcast),
            ("device", &self.name),
            ("duplex", &self.duplex),
            ("ifalias", &self.alias),
            ("operstate", &self.state),
        ];
        families.push(&INFO, &info, 1.0);
        for &(property, value) in &self.numbers {
            let value = match property {
                SPEED if value < 0 && !invalid_speed => continue,
                SPEED => value.saturating_mul(1_000_000) / 8,
                _ => value,
            };
            let name = format!("node_network_{property}");
            let kind = match property.ends_with("_total") {
                true => MetricType::Counter,
                false => MetricType::Gauge,
            };
            let help = || format!("Network device property: {property}");
            families.push_named((&name, kind), help, &labels, value as f64);
        }
    }

    fn admin_state(&self) -> &'static str {
        match self.flags {
            None => "unknown",
            Some(flags) if flags & SWITCHED_ON == 0 => "down",
            Some(_) => "up",
        }
    }
}

/// A number in decimal or, after `0x`, hexadecimal digits.
fn number(sources: &mut Sources<'_>, device: &Folder, file: &str) -> Option<i64> {
    let text = sources.attribute_in(device, file)?;
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn numbers_of_link(link: &Link) -> Vec<(&'static str, i64)> {
    let known = [
        ("carrier", link.carrier.map(i64::from)),
        ("carrier_changes_total", link.carrier_changes.map(i64::from)),
        (
            "carrier_down_changes_total",
            link.carrier_down_count.map(i64::from),
        ),
        (
            "carrier_up_changes_total",
            link.carrier_up_count.map(i64::from),
        ),
        ("dormant", Some(i64::from(link.link_mode))),
        ("flags", Some(i64::from(link.flags))),
        ("iface_id", Some(i64::from(link.index))),
        // The kernel leaves out the link below if there is none; then it is the link itself.
        (
            "iface_link",
            Some(link.lower.map_or(i64::from(link.index), i64::from)),
        ),
        ("iface_link_mode", Some(i64::from(link.link_mode))),
        ("mtu_bytes", Some(i64::from(link.mtu))),
        ("net_dev_group", Some(i64::from(link.group))),
        ("transmit_queue_length", Some(i64::from(link.queue_length))),
        ("protocol_type", Some(i64::from(link.hardware_type))),
    ];
    let numbers = known.into_iter();
    numbers
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn hardware_address(bytes: &[u8]) -> String {
    let parts: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    parts.join(":")
}

fn state_name(state: u8) -> &'static str {
    STATES.get(usize::from(state)).copied().unwrap_or("unknown")
}

/// Adds what went through the device, under the kernel's names and as upstream's gauges.
#[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
pub(super) fn tell_statistics(device: &str, statistics: &LinkStatistics, families: &mut Families) {
    for (counter, value) in counters_of_link(statistics) {
        let name = format!("node_network_{counter}_total");
        let help = || format!("Network device property: {counter}_total");
        let labels = [("device", device)];
        families.push_named((&name, MetricType::Gauge), help, &labels, value as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_states() {
        assert_eq!(
            hardware_address(&[2, 0xfc, 0, 0, 0, 1]),
            "02:fc:00:00:00:01"
        );
        assert_eq!(hardware_address(&[]), "");
        assert_eq!((state_name(6), state_name(9)), ("up", "unknown"));
    }

    #[test]
    fn a_link_without_one_below_is_its_own() {
        let link = Link {
            index: 4,
            ..Link::default()
        };
        assert!(numbers_of_link(&link).contains(&("iface_link", 4)));
        let link = Link {
            lower: Some(2),
            ..link
        };
        assert!(numbers_of_link(&link).contains(&("iface_link", 2)));
    }
}
