//! What kind each processor is: `/proc/cpuinfo`.

use regex::Regex;

use crate::families::{Description, Families, gauge};

const INFO: Description = gauge("node_cpu_info", "CPU information from /proc/cpuinfo.");
const FREQUENCY: Description = gauge(
    "node_cpu_frequency_hertz",
    "CPU frequency in hertz from /proc/cpuinfo.",
);
const FLAGS: Description = gauge(
    "node_cpu_flag_info",
    "The `flags` field of CPU information from /proc/cpuinfo taken from the first core.",
);
const BUGS: Description = gauge(
    "node_cpu_bug_info",
    "The `bugs` field of CPU information from /proc/cpuinfo taken from the first core.",
);

/// What one block of the file says; what it does not say is empty.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Processor<'a> {
    number: &'a str,
    package: &'a str,
    core: &'a str,
    vendor: &'a str,
    family: &'a str,
    model: &'a str,
    model_name: &'a str,
    microcode: &'a str,
    stepping: &'a str,
    cache_size: &'a str,
    megahertz: &'a str,
    flags: &'a str,
    bugs: &'a str,
}

/// Reads all blocks. Each starts with the processor's number; what comes before the first, or after
/// an empty line, speaks of the whole machine.
pub(super) fn parse(text: &str) -> Vec<Processor<'_>> {
    let mut processors: Vec<Processor<'_>> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key == "processor" {
            processors.push(Processor {
                number: value,
                ..Processor::default()
            });
        } else if let Some(processor) = processors.last_mut() {
            set(processor, key, value);
        }
    }
    processors
}

fn set<'a>(processor: &mut Processor<'a>, key: &str, value: &'a str) {
    let field = match key {
        "physical id" => &mut processor.package,
        "core id" => &mut processor.core,
        "vendor_id" | "CPU implementer" => &mut processor.vendor,
        "cpu family" | "CPU architecture" => &mut processor.family,
        "model" | "CPU part" => &mut processor.model,
        "model name" => &mut processor.model_name,
        "microcode" => &mut processor.microcode,
        "stepping" | "CPU revision" => &mut processor.stepping,
        "cache size" => &mut processor.cache_size,
        "cpu MHz" => &mut processor.megahertz,
        "flags" | "Features" => &mut processor.flags,
        "bugs" => &mut processor.bugs,
        _ => return,
    };
    *field = value;
}

/// Adds the processors to the families, and of the first the flags and bugs that are asked for.
pub(super) fn tell(
    processors: &[Processor<'_>],
    (flags, bugs): (Option<&Regex>, Option<&Regex>),
    families: &mut Families,
) {
    for processor in processors {
        let labels = [
            ("cachesize", processor.cache_size),
            ("core", processor.core),
            ("cpu", processor.number),
            ("family", processor.family),
            ("microcode", processor.microcode),
            ("model", processor.model),
            ("model_name", processor.model_name),
            ("package", processor.package),
            ("stepping", processor.stepping),
            ("vendor", processor.vendor),
        ];
        families.push(&INFO, &labels, 1.0);
        let labels = [
            ("core", processor.core),
            ("cpu", processor.number),
            ("package", processor.package),
        ];
        let megahertz: f64 = processor.megahertz.parse().unwrap_or_default();
        families.push(&FREQUENCY, &labels, megahertz * 1e6);
    }
    if let Some(first) = processors.first() {
        tell_words((&FLAGS, "flag"), first.flags, flags, families);
        tell_words((&BUGS, "bug"), first.bugs, bugs, families);
    }
}

fn tell_words(
    (description, label): (&Description, &'static str),
    words: &str,
    include: Option<&Regex>,
    families: &mut Families,
) {
    let Some(include) = include else { return };
    let words = words.split_ascii_whitespace();
    for word in words.filter(|word| include.is_match(word)) {
        families.push(description, &[(label, word)], 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::tests::said;

    #[test]
    fn blocks_start_with_the_number() {
        let text = "processor\t: 0\nvendor_id\t: V\ncpu MHz\t\t: 1.5\nflags\t: a b ab\nbugs\t: c\n\n\
                    processor\t: 1\nmodel name\t: M N\n\nHardware : H\n";
        let processors = parse(text);
        assert_eq!(processors.len(), 2);
        let a = Regex::new("^a").unwrap();
        let page = said(&[], |_, families| {
            tell(&processors, (Some(&a), None), families);
            Ok(())
        });
        assert_eq!(
            page,
            "node_cpu_flag_info{flag=\"a\"} 1\n\
             node_cpu_flag_info{flag=\"ab\"} 1\n\
             node_cpu_frequency_hertz{core=\"\",cpu=\"0\",package=\"\"} 1.5e+06\n\
             node_cpu_frequency_hertz{core=\"\",cpu=\"1\",package=\"\"} 0\n\
             node_cpu_info{cachesize=\"\",core=\"\",cpu=\"0\",family=\"\",microcode=\"\",\
             model=\"\",model_name=\"\",package=\"\",stepping=\"\",vendor=\"V\"} 1\n\
             node_cpu_info{cachesize=\"\",core=\"\",cpu=\"1\",family=\"\",microcode=\"\",\
             model=\"\",model_name=\"M N\",package=\"\",stepping=\"\",vendor=\"\"} 1\n"
        );
        assert!(parse("no colon\nvendor_id : V\n").is_empty());
    }
}
