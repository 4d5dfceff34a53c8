//! How much randomness the kernel has gathered: `/proc/sys/kernel/random`.

use super::sources::Sources;
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

const FILES: [(&str, Description); 2] = [
    (
        "sys/kernel/random/entropy_avail",
        gauge("node_entropy_available_bits", "Bits of available entropy."),
    ),
    (
        "sys/kernel/random/poolsize",
        gauge("node_entropy_pool_size_bits", "Bits of entropy pool."),
    ),
];

pub(crate) fn collect(
    sources: &mut Sources<'_>,
    families: &mut Families,
) -> Result<(), CollectorError> {
    for (path, description) in &FILES {
        let text = sources.proc(path)?;
        let bits = text.trim().parse();
        let bits = bits.map_err(|_| CollectorError::malformed(path, "expected a number"))?;
        families.push(description, &[], bits);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn one_number_a_file() {
        let avail = ("/proc/sys/kernel/random/entropy_avail", "256\n");
        let page = said(
            &[avail, ("/proc/sys/kernel/random/poolsize", "4096\n")],
            collect,
        );
        assert_eq!(
            page,
            "node_entropy_available_bits 256\nnode_entropy_pool_size_bits 4096\n"
        );
        let page = said(&[avail, ("/proc/sys/kernel/random/poolsize", "?")], collect);
        assert_eq!(
            page,
            "node_entropy_available_bits 256\n\
             ! couldn't understand sys/kernel/random/poolsize: expected a number\n"
        );
    }
}
