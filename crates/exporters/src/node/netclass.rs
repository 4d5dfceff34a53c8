//! What network devices are: attributes of each, from sysfs or by netlink.

mod interface;

use host::kernel::links;
use regex::Regex;

use super::flags::NETCLASS_IGNORED_DEVICES;
use super::options::{NetclassOptions, OptionsError, compile};
use super::sources::Sources;
use crate::families::Families;
use crate::gather::CollectorError;

use interface::Interface;

#[derive(Debug)]
pub(crate) struct Netclass {
    ignored_devices: Regex,
    ignore_invalid_speed: bool,
    netlink: bool,
    with_stats: bool,
}

impl Netclass {
    pub(crate) fn new(options: &NetclassOptions) -> Result<Self, OptionsError> {
        Ok(Self {
            ignored_devices: compile(NETCLASS_IGNORED_DEVICES, &options.ignored_devices)?,
            ignore_invalid_speed: options.ignore_invalid_speed,
            netlink: options.netlink,
            with_stats: options.with_stats,
        })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        if self.netlink {
            self.collect_links(sources, families)
        } else {
            self.collect_attributes(sources, families)
        }
    }

    fn collect_attributes(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let folder = sources.sys_path("class/net");
        let names = super::sources::if_there(sources.names(&folder))?;
        for name in names.ok_or(CollectorError::NoData)? {
            if self.ignored_devices.is_match(&name) {
                continue;
            }
            // Some drivers put files between the devices, and devices go away.
            if let Ok(device) = sources.fs().open_folder(&folder.join(&name)) {
                let interface = Interface::of_attributes(sources, &device, name);
                interface.tell(!self.ignore_invalid_speed, families);
            }
        }
        Ok(())
    }

    /// Asks by netlink, which takes a lock of the kernel once instead of once an attribute. What
    /// netlink does not tell still comes from sysfs, speed and duplex mode too.
    fn collect_links(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let links = links().map_err(|source| CollectorError::Kernel {
            call: "could not get net class info",
            source,
        })?;
        for link in links {
            if self.ignored_devices.is_match(&link.name) {
                continue;
            }
            let path = sources.sys_path(&format!("class/net/{}", link.name));
            let device = sources.fs().open_folder(&path).ok();
            Interface::of_link(sources, device.as_ref(), &link).tell(false, families);
            if let Some(statistics) = link.statistics.filter(|_| self.with_stats) {
                interface::tell_statistics(&link.name, &statistics, families);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::NodeOptions;
    use crate::node::tests::said;

    const FILES: &[(&str, &str)] = &[
        ("/sys/class/net/eth0/address", "02:00:00:00:00:01\n"),
        ("/sys/class/net/eth0/dev_id", "0x20\n"),
        ("/sys/class/net/eth0/flags", "0x1003\n"),
        ("/sys/class/net/eth0/operstate", "up\n"),
        ("/sys/class/net/eth0/speed", "-1\n"),
        ("/sys/class/net/eth1/operstate", "down\n"),
        ("/sys/class/net/veth7/operstate", "up\n"),
        ("/sys/class/net/bonding_masters", "\n"),
    ];

    fn page(ignore_invalid_speed: bool) -> String {
        let netclass = Netclass::new(&NetclassOptions {
            ignored_devices: "^veth".to_owned(),
            ignore_invalid_speed,
            ..NodeOptions::default().netclass
        });
        let netclass = netclass.unwrap();
        said(FILES, |sources, families| {
            netclass.collect(sources, families)
        })
    }

    #[test]
    fn attributes_that_are_there_are_told() {
        assert_eq!(
            page(false),
            "node_network_device_id{device=\"eth0\"} 32\n\
             node_network_flags{device=\"eth0\"} 4099\n\
             node_network_info{address=\"\",adminstate=\"unknown\",broadcast=\"\",\
             device=\"eth1\",duplex=\"\",ifalias=\"\",operstate=\"down\"} 1\n\
             node_network_info{address=\"02:00:00:00:00:01\",adminstate=\"up\",broadcast=\"\",\
             device=\"eth0\",duplex=\"\",ifalias=\"\",operstate=\"up\"} 1\n\
             node_network_speed_bytes{device=\"eth0\"} -125000\n\
             node_network_up{device=\"eth0\"} 1\n\
             node_network_up{device=\"eth1\"} 0\n"
        );
        assert!(!page(true).contains("speed"));
    }

    #[test]
    fn netlink_tells_the_same_of_this_machine() {
        let netclass = Netclass::new(&NetclassOptions {
            netlink: true,
            with_stats: true,
            ..NodeOptions::default().netclass
        });
        let netclass = netclass.unwrap();
        let page = said(&[], |sources, families| netclass.collect(sources, families));
        for line in [
            "node_network_iface_id{device=\"lo\"} 1\n",
            "node_network_mtu_bytes{device=\"lo\"} ",
            "node_network_receive_bytes_total{device=\"lo\"} ",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
    }
}
