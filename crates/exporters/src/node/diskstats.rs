//! What disks did and what they are: `/proc/diskstats`, and what udev knows of them.

mod udev;

use super::device_filter::DeviceFilter;
use super::options::{DISKSTATS_EXCLUDE, NamePatterns, OptionsError, PatternFlags};
use super::sources::Sources;
use crate::families::{Description, Families, counter, gauge};
use crate::gather::CollectorError;

const FLAGS: PatternFlags = PatternFlags {
    exclude: "collector.diskstats.device-exclude",
    old_exclude: "collector.diskstats.ignored-devices",
    include: "collector.diskstats.device-include",
    old_include: "",
    default_exclude: DISKSTATS_EXCLUDE,
};

/// Sectors of `/proc/diskstats` have 512 bytes, whatever the disk's are.
const SECTOR: f64 = 512.0;
const MILLISECOND: f64 = 0.001;

/// The columns after the name with the factor that makes base units of them. Older kernels have
/// fewer: the discards came with 4.18, the flushes with 5.5.
const COLUMNS: [(f64, Description); 17] = [
    (
        1.0,
        counter(
            "node_disk_reads_completed_total",
            "The total number of reads completed successfully.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_reads_merged_total",
            "The total number of reads merged.",
        ),
    ),
    (
        SECTOR,
        counter(
            "node_disk_read_bytes_total",
            "The total number of bytes read successfully.",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_read_time_seconds_total",
            "The total number of seconds spent by all reads.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_writes_completed_total",
            "The total number of writes completed successfully.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_writes_merged_total",
            "The number of writes merged.",
        ),
    ),
    (
        SECTOR,
        counter(
            "node_disk_written_bytes_total",
            "The total number of bytes written successfully.",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_write_time_seconds_total",
            "This is the total number of seconds spent by all writes.",
        ),
    ),
    (
        1.0,
        gauge(
            "node_disk_io_now",
            "The number of I/Os currently in progress.",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_io_time_seconds_total",
            "Total seconds spent doing I/Os.",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_io_time_weighted_seconds_total",
            "The weighted # of seconds spent doing I/Os.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_discards_completed_total",
            "The total number of discards completed successfully.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_discards_merged_total",
            "The total number of discards merged.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_discarded_sectors_total",
            "The total number of sectors discarded successfully.",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_discard_time_seconds_total",
            "This is the total number of seconds spent by all discards.",
        ),
    ),
    (
        1.0,
        counter(
            "node_disk_flush_requests_total",
            "The total number of flush requests completed successfully",
        ),
    ),
    (
        MILLISECOND,
        counter(
            "node_disk_flush_requests_time_seconds_total",
            "This is the total number of seconds spent by all flush requests.",
        ),
    ),
];

#[derive(Debug)]
pub(crate) struct Diskstats {
    devices: DeviceFilter,
}

impl Diskstats {
    pub(crate) fn new(devices: &NamePatterns) -> Result<Self, OptionsError> {
        let devices = devices.filter(&FLAGS)?;
        Ok(Self { devices })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let text = sources.proc("diskstats")?.into_owned();
        for line in text.lines() {
            let disk = parse_line(line)
                .ok_or_else(|| CollectorError::malformed("diskstats", format!("line {line:?}")))?;
            if self.devices.ignores(disk.device) {
                continue;
            }
            for ((factor, description), value) in COLUMNS.iter().zip(&disk.values) {
                families.push(description, &[("device", disk.device)], value * factor);
            }
            udev::tell(sources, &disk, families);
        }
        Ok(())
    }
}

/// A line of the file.
#[derive(Debug, PartialEq)]
struct Disk<'a> {
    major: u32,
    minor: u32,
    device: &'a str,
    values: Vec<f64>,
}

fn parse_line(line: &str) -> Option<Disk<'_>> {
    let mut words = line.split_ascii_whitespace();
    let major = words.next()?.parse().ok()?;
    let minor = words.next()?.parse().ok()?;
    let device = words.next()?;
    let values = words.take(COLUMNS.len()).map(|word| word.parse().ok());
    Some(Disk {
        major,
        minor,
        device,
        values: values.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn lines_have_as_many_columns_as_the_kernel_knows() {
        let line = "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11";
        let disk = parse_line(line).unwrap();
        assert_eq!((disk.major, disk.minor, disk.device), (8, 0, "sda"));
        assert_eq!(disk.values.len(), 11);
        let longest = format!("{line} 12 13 14 15 16 17 18 19");
        assert_eq!(parse_line(&longest).unwrap().values.len(), 17);
        for wrong in ["", "8 0", "8 x sda 1", "8 0 sda one"] {
            assert_eq!(parse_line(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn units_are_seconds_and_bytes_and_partitions_are_left_out() {
        let text = "8 0 sda 1 0 2 1500 0 0 0 0 0 0 0\n8 1 sda1 9 0 0 0 0 0 0 0 0 0 0\n\
                    7 0 loop0 9 0 0 0 0 0 0 0 0 0 0\n";
        let disks = Diskstats::new(&NamePatterns::default()).unwrap();
        let page = said(&[("/proc/diskstats", text)], |sources, families| {
            disks.collect(sources, families)
        });
        for line in [
            "node_disk_read_bytes_total{device=\"sda\"} 1024\n",
            "node_disk_read_time_seconds_total{device=\"sda\"} 1.5\n",
            "node_disk_reads_completed_total{device=\"sda\"} 1\n",
            "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",model=\"\",path=\"\",\
             revision=\"\",rotational=\"0\",serial=\"\",wwn=\"\"} 1\n",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
        assert!(!page.contains("loop0") && !page.contains("sda1"));
    }
}
