//! One sensor: which files it has, and in which units their numbers are told.

use std::collections::BTreeMap;

use model::MetricType;

use super::chip::clean;
use crate::families::{Description, Families, gauge};

const SENSOR_LABEL: Description =
    gauge("node_hwmon_sensor_label", "Label for given chip and sensor");
const BEEP: Description = gauge("node_hwmon_beep_enabled", "Hardware beep enabled");
const REGULATOR: Description = gauge(
    "node_hwmon_voltage_regulator_version",
    "Hardware voltage regulator",
);
const INTERVAL: Description = gauge(
    "node_hwmon_update_interval_seconds",
    "Hardware monitor update interval",
);

/// Kinds of sensors that are told.
const KINDS: [&str; 14] = [
    "vrm",
    "beep_enable",
    "update_interval",
    "in",
    "cpu",
    "fan",
    "pwm",
    "temp",
    "curr",
    "power",
    "energy",
    "humidity",
    "intrusion",
    "freq",
];
const MILLI: f64 = 0.001;
const MICRO: f64 = 1_000_000.0;

/// A file name such as `temp1_crit_alarm`, in its parts.
#[derive(Debug, PartialEq)]
pub(super) struct FileName<'a> {
    pub(super) kind: &'static str,
    number: u32,
    pub(super) element: &'a str,
}

impl FileName<'_> {
    /// The sensor that the file belongs to, as `temp1`.
    pub(super) fn sensor(&self) -> String {
        format!("{}{}", self.kind, self.number)
    }
}

/// Splits a file name. A missing number is 0; names of other kinds are none.
pub(super) fn parse_file_name(name: &str) -> Option<FileName<'_>> {
    let digits = name.find(|character: char| character.is_ascii_digit());
    let (kind, rest) = name.split_at_checked(digits.unwrap_or(name.len()))?;
    let end = rest.find(|character: char| !character.is_ascii_digit());
    let (number, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
    let element = match rest {
        "" => "",
        rest => rest
            .strip_prefix('_')
            .filter(|element| !element.is_empty())?,
    };
    Some(FileName {
        kind: KINDS.into_iter().find(|known| *known == kind)?,
        number: match number {
            "" => 0,
            number => number.parse().ok()?,
        },
        element,
    })
}

/// What the files of one sensor hold, by the last part of their names.
#[derive(Debug)]
pub(super) struct Readings {
    pub(super) kind: &'static str,
    pub(super) elements: BTreeMap<String, String>,
}

/// Name, type, help text and value that a reading is told with.
type Told = (String, MetricType, String, f64);

impl Readings {
    /// Adds what the sensor measures to the families.
    pub(super) fn tell(&self, chip: &str, sensor: &str, families: &mut Families) {
        if let Some(label) = self.elements.get("label") {
            let labels = [("chip", chip), ("label", label), ("sensor", sensor)];
            families.push(&SENSOR_LABEL, &labels, 1.0);
        }
        let labels = [("chip", chip), ("sensor", sensor)];
        let whole = || self.elements.get("")?.parse::<f64>().ok();
        match self.kind {
            "beep_enable" => {
                let enabled = self.elements.get("").is_some_and(|text| text == "1");
                families.push(&BEEP, &labels, f64::from(u8::from(enabled)));
            }
            "vrm" => {
                if let Some(value) = whole() {
                    families.push(&REGULATOR, &labels, value);
                }
            }
            "update_interval" => {
                if let Some(value) = whole() {
                    families.push(&INTERVAL, &labels, value * MILLI);
                }
            }
            _ => self.tell_elements(chip, sensor, families),
        }
    }

    fn tell_elements(&self, chip: &str, sensor: &str, families: &mut Families) {
        for (element, text) in &self.elements {
            let Ok(value) = text.parse() else { continue };
            if element == "label" {
                continue;
            }
            // Frequencies are told under what the chip calls them, if it does.
            let is_frequency = self.kind == "freq" && element == "input";
            let sensor = match (is_frequency, self.elements.get("label")) {
                (true, Some(label)) => &clean(label),
                (true, None) => continue,
                (false, _) => sensor,
            };
            let (name, metric_type, help, value) = self.unit(element, value);
            let labels = [("chip", chip), ("sensor", sensor)];
            families.push_named((&name, metric_type), || help, &labels, value);
        }
    }

    /// How a number is told: the unit depends on the kind of sensor and on the element.
    fn unit(&self, element: &str, value: f64) -> Told {
        let kind = self.kind;
        let name = self.base_name(element);
        let gauge = |name: String, help: String, value: f64| (name, MetricType::Gauge, help, value);
        let suffixed = |unit: &str| format!("{name}_{unit}");
        match (kind, element) {
            (_, "fault" | "alarm") => {
                let help = format!("Hardware sensor {element} status ({kind})");
                gauge(name, help, value)
            }
            (_, "beep") => {
                let help = "Hardware monitor sensor has beeping enabled".to_owned();
                gauge(suffixed("enabled"), help, value)
            }
            ("in" | "cpu", _) => {
                let help = format!("Hardware monitor for voltage ({element})");
                gauge(suffixed("volts"), help, value * MILLI)
            }
            ("temp", element) if element != "type" => {
                let element = if element.is_empty() { "input" } else { element };
                let help = format!("Hardware monitor for temperature ({element})");
                gauge(suffixed("celsius"), help, value * MILLI)
            }
            ("curr", _) => {
                let help = format!("Hardware monitor for current ({element})");
                gauge(suffixed("amps"), help, value * MILLI)
            }
            ("energy", _) => {
                let help = format!("Hardware monitor for joules used so far ({element})");
                (
                    suffixed("joule_total"),
                    MetricType::Counter,
                    help,
                    value / MICRO,
                )
            }
            ("power", _) => power(name, element, value),
            ("humidity", _) => {
                let help = format!(
                    "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the \
                     humidity as a percentage) ({element})"
                );
                gauge(name, help, value / MICRO)
            }
            ("fan", "input" | "min" | "max" | "target") => {
                let help = format!("Hardware monitor for fan revolutions per minute ({element})");
                gauge(suffixed("rpm"), help, value)
            }
            ("freq", "input") => {
                let help = "Hardware monitor for GPU frequency in MHz".to_owned();
                gauge(suffixed("freq_mhz"), help, value / MICRO)
            }
            _ => {
                let help = format!("Hardware monitor {kind} element {element}");
                gauge(name, help, value)
            }
        }
    }

    /// The name before the unit. What a sensor reads has no more name than the sensor, unless a
    /// file without element has that name already.
    fn base_name(&self, element: &str) -> String {
        let kind = self.kind;
        match element {
            "" => format!("node_hwmon_{kind}"),
            "input" if self.elements.contains_key("") => format!("node_hwmon_{kind}_input"),
            "input" => format!("node_hwmon_{kind}"),
            element => format!("node_hwmon_{kind}_{}", clean(element)),
        }
    }
}

fn power(name: String, element: &str, value: f64) -> Told {
    let (name, help, value) = match element {
        "accuracy" => {
            let help = "Hardware monitor power meter accuracy, as a ratio".to_owned();
            (name, help, value / MICRO)
        }
        "average_interval" | "average_interval_min" | "average_interval_max" => {
            let help = format!("Hardware monitor power usage update interval ({element})");
            (format!("{name}_seconds"), help, value * MILLI)
        }
        _ => {
            let help = format!("Hardware monitor for power usage in watts ({element})");
            (format!("{name}_watt"), help, value / MICRO)
        }
    };
    (name, MetricType::Gauge, help, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn file_names_have_parts() {
        for (name, expected) in [
            ("temp1_input", Some(("temp1", "input"))),
            ("temp1_crit_alarm", Some(("temp1", "crit_alarm"))),
            ("pwm12", Some(("pwm12", ""))),
            ("beep_enable", Some(("beep_enable0", ""))),
            ("in0", Some(("in0", ""))),
            ("temp1_", None),
            ("temp1x", None),
            ("bogus1_input", None),
            ("name", None),
            ("1", None),
            ("temp99999999999_input", None),
            ("", None),
        ] {
            let parsed = parse_file_name(name).map(|name| (name.sensor(), name.element));
            let expected = expected.map(|(sensor, element)| (sensor.to_owned(), element));
            assert_eq!(parsed, expected, "{name}");
        }
    }

    fn page(kind: &'static str, elements: &[(&str, &str)]) -> String {
        let owned = |(element, text): &(&str, &str)| ((*element).to_owned(), (*text).to_owned());
        let elements = elements.iter().map(owned).collect();
        let page = said(&[], |_, families| {
            Readings { kind, elements }.tell("c", "s", families);
            Ok(())
        });
        page.replace("{chip=\"c\",sensor=\"s\"}", "")
            .replace("node_hwmon_", "")
    }

    #[test]
    fn units() {
        for (kind, element, text, expected) in [
            ("in", "input", "1500", "in_volts 1.5\n"),
            ("temp", "input", "45000", "temp_celsius 45\n"),
            ("temp", "crit_alarm", "0", "temp_crit_alarm_celsius 0\n"),
            ("temp", "type", "4", "temp_type 4\n"),
            ("temp", "fault", "1", "temp_fault 1\n"),
            ("fan", "input", "900", "fan_rpm 900\n"),
            ("fan", "div", "2", "fan_div 2\n"),
            ("fan", "beep", "1", "fan_beep_enabled 1\n"),
            ("curr", "max", "500", "curr_max_amps 0.5\n"),
            ("energy", "input", "2000000", "energy_joule_total 2\n"),
            ("power", "average", "3000000", "power_average_watt 3\n"),
            ("power", "accuracy", "500000", "power_accuracy 0.5\n"),
            (
                "power",
                "average_interval",
                "1000",
                "power_average_interval_seconds 1\n",
            ),
            ("humidity", "input", "500000", "humidity 0.5\n"),
            ("pwm", "", "128", "pwm 128\n"),
            ("vrm", "", "90", "voltage_regulator_version 90\n"),
            (
                "update_interval",
                "",
                "1500",
                "update_interval_seconds 1.5\n",
            ),
            ("beep_enable", "", "1", "beep_enabled 1\n"),
            ("freq", "input", "300000000", ""),
            ("temp", "input", "N/A", ""),
        ] {
            assert_eq!(page(kind, &[(element, text)]), expected, "{kind} {element}");
        }
    }

    #[test]
    fn labels_and_names_that_are_taken() {
        assert_eq!(
            page("freq", &[("input", "300000000"), ("label", "mclk")]),
            "freq_freq_mhz{chip=\"c\",sensor=\"mclk\"} 300\n\
             sensor_label{chip=\"c\",label=\"mclk\",sensor=\"s\"} 1\n"
        );
        assert_eq!(
            page("pwm", &[("", "1"), ("input", "2")]),
            "pwm 1\npwm_input 2\n"
        );
    }
}
