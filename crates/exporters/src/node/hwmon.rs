//! Temperatures, fans, voltages and whatever else sensors measure: `/sys/class/hwmon`.

mod chip;
mod sensor;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::device_filter::DeviceFilter;
use super::options::{HwmonOptions, OptionsError};
use super::sources::{Sources, if_there};
use crate::families::{Description, Families, gauge};
use crate::gather::CollectorError;

use sensor::Readings;

const CHIP_NAMES: Description = gauge(
    "node_hwmon_chip_names",
    "Annotation metric for human-readable chip names",
);

#[derive(Debug)]
pub(crate) struct Hwmon {
    chips: DeviceFilter,
    sensors: DeviceFilter,
}

impl Hwmon {
    pub(crate) fn new(options: &HwmonOptions) -> Result<Self, OptionsError> {
        Ok(Self {
            chips: filter(
                ("collector.hwmon.chip-exclude", &options.chip.exclude),
                ("collector.hwmon.chip-include", &options.chip.include),
            )?,
            sensors: filter(
                ("collector.hwmon.sensor-exclude", &options.sensor.exclude),
                ("collector.hwmon.sensor-include", &options.sensor.include),
            )?,
        })
    }

    pub(crate) fn collect(
        &self,
        sources: &mut Sources<'_>,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let folder = sources.sys_path("class/hwmon");
        let names = if_there(sources.names(&folder))?.ok_or(CollectorError::NoData)?;
        let folders = names.iter().map(|name| folder.join(name));
        let is_folder =
            |path: &PathBuf| sources.fs().metadata(path).is_ok_and(|entry| entry.is_dir);
        let folders: Vec<_> = folders.filter(is_folder).collect();
        for (chip, folder) in chip_names(sources, &folders).iter().zip(&folders) {
            if !self.chips.ignores(chip) {
                self.collect_chip(sources, chip, folder, families)?;
            }
        }
        Ok(())
    }

    fn collect_chip(
        &self,
        sources: &mut Sources<'_>,
        chip: &str,
        folder: &Path,
        families: &mut Families,
    ) -> Result<(), CollectorError> {
        let mut sensors = BTreeMap::new();
        read_sensors(sources, folder, &mut sensors)?;
        // Old drivers put the files beside the device instead.
        if sources.fs().metadata(&folder.join("device")).is_ok() {
            read_sensors(sources, &folder.join("device"), &mut sensors)?;
        }
        if let Some(name) = chip::readable_name(sources, folder) {
            let labels = [("chip", chip), ("chip_name", &name)];
            families.push(&CHIP_NAMES, &labels, 1.0);
        }
        for (sensor, readings) in &sensors {
            if !self.sensors.ignores(&format!("{chip};{sensor}")) {
                readings.tell(chip, sensor, families);
            }
        }
        Ok(())
    }
}

type Given<'a> = (&'static str, &'a Option<String>);

/// Unlike with other collectors, both patterns may be given.
fn filter(exclude: Given<'_>, include: Given<'_>) -> Result<DeviceFilter, OptionsError> {
    let [exclude, include] =
        [exclude, include].map(|(flag, given)| (flag, given.as_deref().unwrap_or_default()));
    DeviceFilter::new(exclude, include)
}

/// A name for each folder. Chips of one device would have one name; then their own is added.
fn chip_names(sources: &mut Sources<'_>, folders: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<_> = folders
        .iter()
        .map(|folder| chip::stable_name(sources, folder))
        .collect();
    let mut count: HashMap<String, usize> = HashMap::new();
    for name in &names {
        *count.entry(name.clone()).or_default() += 1;
    }
    for (name, folder) in names.iter_mut().zip(folders) {
        if count.get(name).is_some_and(|count| *count > 1) {
            let own = chip::readable_name(sources, folder);
            let own = own.unwrap_or_else(|| chip::folder_name(sources, folder));
            name.push('_');
            name.push_str(&own);
        }
    }
    names
}

/// Reads all files of a folder that are named as those of sensors are.
fn read_sensors(
    sources: &mut Sources<'_>,
    folder: &Path,
    sensors: &mut BTreeMap<String, Readings>,
) -> Result<(), CollectorError> {
    for file in sources.names(folder)? {
        let Some(name) = sensor::parse_file_name(&file) else {
            continue;
        };
        // Drivers that cannot read now say so by an error.
        if let Ok(text) = sources.text(&folder.join(&file)) {
            let readings = sensors.entry(name.sensor()).or_insert_with(|| Readings {
                kind: name.kind,
                elements: BTreeMap::new(),
            });
            let value = text.trim_matches('\n').to_owned();
            readings.elements.insert(name.element.to_owned(), value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    fn page(change: impl FnOnce(&mut HwmonOptions)) -> String {
        let mut options = HwmonOptions::default();
        change(&mut options);
        let hwmon = Hwmon::new(&options).unwrap();
        let files = [
            ("/sys/class/hwmon/hwmon0/name", "Core Temp\n"),
            ("/sys/class/hwmon/hwmon0/temp1_input", "45500\n"),
            ("/sys/class/hwmon/hwmon0/temp1_label", "Core 0\n"),
            ("/sys/class/hwmon/hwmon0/temp2_input", "none\n"),
            ("/sys/class/hwmon/hwmon1/fan1_input", "900\n"),
            ("/sys/class/hwmon/hwmon2/name", "acpi\n"),
            ("/sys/class/hwmon/hwmon3/name", "acpi\n"),
        ];
        said(&files, |sources, families| hwmon.collect(sources, families))
    }

    #[test]
    fn sensors_of_each_chip() {
        assert_eq!(
            page(|options| options.chip.exclude = Some("acpi".to_owned())),
            "node_hwmon_chip_names{chip=\"core_temp\",chip_name=\"core_temp\"} 1\n\
             node_hwmon_fan_rpm{chip=\"hwmon1\",sensor=\"fan1\"} 900\n\
             node_hwmon_sensor_label{chip=\"core_temp\",label=\"Core 0\",sensor=\"temp1\"} 1\n\
             node_hwmon_temp_celsius{chip=\"core_temp\",sensor=\"temp1\"} 45.5\n"
        );
    }

    #[test]
    fn flags_choose_chips_and_sensors() {
        let page = page(|options| {
            options.chip.include = Some("core|hwmon1".to_owned());
            options.sensor.exclude = Some("^core_temp;".to_owned());
        });
        assert_eq!(
            page,
            "node_hwmon_chip_names{chip=\"core_temp\",chip_name=\"core_temp\"} 1\n\
             node_hwmon_fan_rpm{chip=\"hwmon1\",sensor=\"fan1\"} 900\n"
        );
    }

    #[test]
    fn names_that_are_not_unique_get_longer() {
        let page = page(|_| {});
        assert!(
            page.contains("{chip=\"acpi_acpi\",chip_name=\"acpi\"}"),
            "{page}"
        );
    }

    #[test]
    fn machines_without_sensors_have_no_data() {
        let hwmon = Hwmon::new(&HwmonOptions::default()).unwrap();
        let page = said(&[], |sources, families| hwmon.collect(sources, families));
        assert_eq!(page, "! collector returned no data\n");
    }
}
