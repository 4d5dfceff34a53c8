//! What udev has written down about a disk.

use std::collections::HashMap;

use super::Disk;
use crate::families::{Description, Families, gauge};
use crate::node::sources::Sources;

const INFO: Description = gauge("node_disk_info", "Info of /sys/block/<block_device>.");
const FILESYSTEM_INFO: Description =
    gauge("node_disk_filesystem_info", "Info about disk filesystem.");
const DEVICE_MAPPER_INFO: Description = gauge(
    "node_disk_device_mapper_info",
    "Info about disk device mapper.",
);
/// Properties of ATA disks that are numbers.
const ATA: [(&str, Description); 3] = [
    (
        "ID_ATA_WRITE_CACHE",
        gauge("node_disk_ata_write_cache", "ATA disk has a write cache."),
    ),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        gauge(
            "node_disk_ata_write_cache_enabled",
            "ATA disk has its write cache enabled.",
        ),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        gauge(
            "node_disk_ata_rotation_rate_rpm",
            "ATA disk rotation rate in RPMs (0 for SSDs).",
        ),
    ),
];

/// Adds what udev knows of the disk. Without udev, as in many containers, the labels are empty.
pub(super) fn tell(sources: &mut Sources<'_>, disk: &Disk<'_>, families: &mut Families) {
    let queue = format!("block/{}/queue/rotational", disk.device);
    let rotational: u8 = sources
        .number(&sources.sys_path(&queue))
        .unwrap_or_default();
    let file = format!("b{}:{}", disk.major, disk.minor);
    let path = sources.roots.udev_data.join(file);
    let text = sources.text(&path).unwrap_or_default();
    let properties = Properties::parse(&text);
    let labels = [
        ("device", disk.device),
        ("major", &*disk.major.to_string()),
        ("minor", &*disk.minor.to_string()),
        ("model", properties.get("ID_MODEL")),
        ("path", properties.get("ID_PATH")),
        ("revision", properties.get("ID_REVISION")),
        ("rotational", if rotational == 0 { "0" } else { "1" }),
        ("serial", properties.serial()),
        ("wwn", properties.get("ID_WWN")),
    ];
    families.push(&INFO, &labels, 1.0);
    properties.tell_contents(disk.device, families);
    if !properties.get("ID_ATA").is_empty() {
        for (property, description) in &ATA {
            if let Ok(value) = properties.get(property).parse() {
                families.push(description, &[("device", disk.device)], value);
            }
        }
    }
}

/// Properties of a device; those that are not there are empty.
#[derive(Debug)]
struct Properties<'a>(HashMap<&'a str, &'a str>);

impl<'a> Properties<'a> {
    /// Reads the lines `E:NAME=value`; the others tell of links and of the database itself.
    fn parse(text: &'a str) -> Self {
        let property = |line: &'a str| line.strip_prefix("E:")?.split_once('=');
        Self(text.lines().filter_map(property).collect())
    }

    fn get(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// What is printed on the disk if it says so, else the short or the long number.
    fn serial(&self) -> &'a str {
        ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"]
            .into_iter()
            .map(|name| self.get(name))
            .find(|serial| !serial.is_empty())
            .unwrap_or_default()
    }

    fn tell_contents(&self, device: &str, families: &mut Families) {
        if !self.get("ID_FS_TYPE").is_empty() {
            let labels = [
                ("device", device),
                ("type", self.get("ID_FS_TYPE")),
                ("usage", self.get("ID_FS_USAGE")),
                ("uuid", self.get("ID_FS_UUID")),
                ("version", self.get("ID_FS_VERSION")),
            ];
            families.push(&FILESYSTEM_INFO, &labels, 1.0);
        }
        if !self.get("DM_NAME").is_empty() {
            let labels = [
                ("device", device),
                ("lv_layer", self.get("DM_LV_LAYER")),
                ("lv_name", self.get("DM_LV_NAME")),
                ("name", self.get("DM_NAME")),
                ("uuid", self.get("DM_UUID")),
                ("vg_name", self.get("DM_VG_NAME")),
            ];
            families.push(&DEVICE_MAPPER_INFO, &labels, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn properties_become_labels_and_numbers() {
        let udev = "S:disk/by-id/x\nE:ID_MODEL=M=1\nE:ID_SERIAL=long\nE:ID_SERIAL_SHORT=short\n\
                    E:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_ROTATION_RATE_RPM=many\n\
                    E:ID_FS_TYPE=ext4\nE:DM_NAME=root\n";
        let files = [
            ("/run/udev/data/b8:0", udev),
            ("/sys/block/sda/queue/rotational", "1\n"),
        ];
        let disk = Disk {
            major: 8,
            minor: 0,
            device: "sda",
            values: Vec::new(),
        };
        let page = said(&files, |sources, families| {
            tell(sources, &disk, families);
            Ok(())
        });
        assert_eq!(
            page,
            "node_disk_ata_write_cache{device=\"sda\"} 1\n\
             node_disk_device_mapper_info{device=\"sda\",lv_layer=\"\",lv_name=\"\",\
             name=\"root\",uuid=\"\",vg_name=\"\"} 1\n\
             node_disk_filesystem_info{device=\"sda\",type=\"ext4\",usage=\"\",uuid=\"\",\
             version=\"\"} 1\n\
             node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",model=\"M=1\",path=\"\",\
             revision=\"\",rotational=\"1\",serial=\"short\",wwn=\"\"} 1\n"
        );
    }
}
