//! What went through network devices, by netlink or from `/proc/net/dev`.

mod addresses;
mod counters;

pub(super) use counters::of_link;

use std::collections::HashMap;

use host::kernel::{link_addresses, links};
use model::MetricType;

use super::device_filter::DeviceFilter;
use super::options::{NetdevOptions, OptionsError, PatternFlags};
use super::sources::Sources;
use crate::families::Families;
use crate::gather::CollectorError;

const FLAGS: PatternFlags = PatternFlags {
    exclude: "collector.netdev.device-exclude",
    old_exclude: "collector.netdev.device-blacklist",
    include: "collector.netdev.device-include",
    old_include: "collector.netdev.device-whitelist",
    default_exclude: "",
};

#[derive(Debug)]
pub(crate) struct Netdev {
    devices: DeviceFilter,
    options: NetdevOptions,
}

impl Netdev {
    pub(crate) fn new(options: &NetdevOptions) -> Result<Self, OptionsError> {
        Ok(Self {
            devices: options.devices.filter(&FLAGS)?,
            options: options.clone(),
        })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        for (device, counters) in self.devices(sources)? {
            let counters = match self.options.detailed_metrics {
                true => counters,
                false => counters::legacy(&counters),
            };
            let alias = self.options.label_ifalias.then(|| alias(sources, &device));
            push(&device, alias.as_deref(), &counters, families);
        }
        if self.options.address_info {
            let names = links().map_err(kernel("could not get network interfaces"))?;
            let names: HashMap<_, _> = names
                .into_iter()
                .map(|link| (link.index.cast_unsigned(), link.name))
                .collect();
            let addresses = link_addresses().map_err(kernel("could not get network addresses"))?;
            addresses::tell(&names, &addresses, families);
        }
        Ok(())
    }

    /// Devices that the flags ask for, with their counters.
    fn devices(&self, sources: &mut Sources<'_>) -> Result<Vec<Device>, CollectorError> {
        let mut devices: Vec<Device> = if self.options.netlink {
            let links = links().map_err(kernel("couldn't get netstats"))?;
            let device = |link: host::kernel::Link| {
                let statistics = link.statistics?;
                Some((link.name, counters::of_link(&statistics)))
            };
            links.into_iter().filter_map(device).collect()
        } else {
            let text = sources.proc("net/dev")?;
            counters::parse(&text)
                .map_err(|problem| CollectorError::malformed("net/dev", problem))?
        };
        devices.retain(|(device, _)| !self.devices.ignores(device));
        Ok(devices)
    }
}

/// A device's name and its counters.
type Device = (String, counters::Counters);

fn alias(sources: &mut Sources<'_>, device: &str) -> String {
    let path = sources.sys_path(&format!("class/net/{device}/ifalias"));
    sources.attribute(&path).unwrap_or_default().into_owned()
}

#[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
fn push(device: &str, alias: Option<&str>, counters: &counters::Counters, families: &mut Families) {
    let both = [("device", device), ("ifalias", alias.unwrap_or_default())];
    let labels = match alias {
        Some(_) => both.as_slice(),
        None => both.get(..1).unwrap_or_default(),
    };
    for (counter, value) in counters {
        let name = format!("node_network_{counter}_total");
        let help = || format!("Network device statistic {counter}.");
        families.push_named((&name, MetricType::Counter), help, labels, *value as f64);
    }
}

fn kernel(call: &'static str) -> impl Fn(std::io::Error) -> CollectorError {
    move |source| CollectorError::Kernel { call, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::NodeOptions;
    use crate::node::tests::said;

    const TABLE: &str = "Inter-|   Receive                            |  Transmit\n \
        face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n  \
        eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n    lo:17 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    fn page(change: impl FnOnce(&mut NetdevOptions)) -> String {
        let mut options = NodeOptions::default().netdev;
        options.netlink = false;
        change(&mut options);
        let netdev = Netdev::new(&options).unwrap();
        let files = [
            ("/proc/net/dev", TABLE),
            ("/sys/class/net/eth0/ifalias", "uplink\n"),
        ];
        said(&files, |sources, families| {
            netdev.collect(sources, families)
        })
    }

    #[test]
    fn counters_have_the_names_of_the_table() {
        let page = page(|options| options.devices.exclude = Some("^lo$".to_owned()));
        for (name, value) in [
            ("receive_bytes", 1),
            ("receive_errs", 3),
            ("receive_drop", 4),
            ("receive_fifo", 5),
            ("receive_frame", 6),
            ("receive_multicast", 8),
            ("transmit_packets", 10),
            ("transmit_colls", 14),
            ("transmit_carrier", 15),
            ("transmit_compressed", 16),
        ] {
            let line = format!("node_network_{name}_total{{device=\"eth0\"}} {value}\n");
            assert!(page.contains(&line), "{line} in {page}");
        }
        assert_eq!(page.lines().count(), 16);
    }

    #[test]
    fn options_change_names_and_labels() {
        let page = page(|options| {
            options.detailed_metrics = true;
            options.label_ifalias = true;
        });
        let labels = "{device=\"eth0\",ifalias=\"uplink\"}";
        assert!(page.contains(&format!("node_network_receive_errors_total{labels} 3\n")));
        assert!(page.contains("node_network_multicast_total{device=\"lo\",ifalias=\"\"} 0\n"));
    }

    #[test]
    fn this_machine_has_devices() {
        let netdev = Netdev::new(&NodeOptions::default().netdev).unwrap();
        let page = said(&[], |sources, families| netdev.collect(sources, families));
        assert!(
            page.contains("node_network_receive_nohandler_total{device=\"lo\"}"),
            "{page}"
        );
    }
}
