//! Which addresses network devices have.

use std::collections::HashMap;
use std::net::IpAddr;

use host::kernel::LinkAddress;

use crate::families::{Description, Families, gauge};

const INFO: Description = gauge(
    "node_network_address_info",
    "node network address by device",
);

/// Adds the addresses of links that have a name.
pub(super) fn tell(
    names: &HashMap<u32, String>,
    addresses: &[LinkAddress],
    families: &mut Families,
) {
    for address in addresses {
        if let Some(device) = names.get(&address.index) {
            let labels = [
                ("address", &*address.address.to_string()),
                ("device", device),
                ("netmask", &*address.prefix_length.to_string()),
                ("scope", scope(address.address)),
            ];
            families.push(&INFO, &labels, 1.0);
        }
    }
}

/// How far an address reaches, in upstream's words, to whom loopback addresses are local to a link.
fn scope(address: IpAddr) -> &'static str {
    let (link_local, interface_multicast, link_multicast) = match address {
        IpAddr::V4(v4) => {
            let link_multicast = matches!(v4.octets(), [224, 0, 0, _]);
            (v4.is_link_local(), false, link_multicast)
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.octets();
            let multicast = first == 0xff;
            let reach = second & 0xf;
            (
                v6.is_unicast_link_local(),
                multicast && reach == 1,
                multicast && reach == 2,
            )
        }
    };
    if address.is_loopback() || link_local || link_multicast {
        "link-local"
    } else if interface_multicast {
        "interface-local"
    } else if is_global_unicast(address) {
        "global"
    } else {
        ""
    }
}

fn is_global_unicast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(broadcast || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn scopes() {
        for (address, expected) in [
            ("127.0.0.1", "link-local"),
            ("169.254.1.1", "link-local"),
            ("224.0.0.5", "link-local"),
            ("10.0.0.1", "global"),
            ("255.255.255.255", ""),
            ("0.0.0.0", ""),
            ("::1", "link-local"),
            ("fe80::1", "link-local"),
            ("ff01::1", "interface-local"),
            ("ff02::1", "link-local"),
            ("2001:db8::1", "global"),
            ("ff0e::1", ""),
        ] {
            assert_eq!(scope(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn addresses_of_links_without_a_name_are_left_out() {
        let names = HashMap::from([(1, "lo".to_owned())]);
        let address = |index| LinkAddress {
            index,
            address: [127, 0, 0, 1].into(),
            prefix_length: 8,
        };
        let page = said(&[], |_, families| {
            tell(&names, &[address(1), address(2)], families);
            Ok(())
        });
        assert_eq!(
            page,
            "node_network_address_info{address=\"127.0.0.1\",device=\"lo\",netmask=\"8\",\
             scope=\"link-local\"} 1\n"
        );
    }
}
