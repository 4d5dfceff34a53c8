//! How the kernel names itself and the machine.

use host::kernel::KernelName;

use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const INFO: Description = gauge(
    "node_uname_info",
    "Labeled system information as provided by the uname system call.",
);

#[allow(clippy::unnecessary_wraps, reason = "all collectors answer alike")]
pub(crate) fn collect(families: &mut Families) -> Result<(), CollectorError> {
    tell(&host::kernel::kernel_name(), families);
    Ok(())
}

fn tell(name: &KernelName, families: &mut Families) {
    let labels = [
        ("domainname", name.domain.as_str()),
        ("machine", &name.machine),
        ("nodename", &name.node),
        ("release", &name.release),
        ("sysname", &name.system),
        ("version", &name.version),
    ];
    families.push(&INFO, &labels, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn each_part_has_its_label() {
        let name = KernelName {
            system: "Linux".to_owned(),
            node: "n".to_owned(),
            ..KernelName::default()
        };
        let page = said(&[], |_, families| {
            tell(&name, families);
            Ok(())
        });
        assert_eq!(
            page,
            "node_uname_info{domainname=\"\",machine=\"\",nodename=\"n\",release=\"\",\
             sysname=\"Linux\",version=\"\"} 1\n"
        );
    }
}
