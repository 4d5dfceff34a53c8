//! How long each processor was in which mode.

use std::collections::BTreeMap;

use crate::families::{Description, Families, counter};

const SECONDS: Description = counter(
    "node_cpu_seconds_total",
    "Seconds the CPUs spent in each mode.",
);
const GUEST_SECONDS: Description = counter(
    "node_cpu_guest_seconds_total",
    "Seconds the CPUs spent in guests (VMs) for each mode.",
);

/// Columns of a line of `/proc/stat`; the last two are also part of the first two.
const COLUMNS: usize = 10;
const MODES: [&str; 8] = [
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
];
const GUEST_MODES: [&str; 2] = ["user", "nice"];
/// Ticks of a second in `/proc/stat`, the same on all processors that Linux runs on.
const TICKS: f64 = 100.0;
/// If the idle time falls by so many seconds, the processor was taken out and put back.
const JUMP_BACK: f64 = 3.0;

/// Seconds in each mode, in the order of the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Times([f64; COLUMNS]);

impl Times {
    fn idle(&self) -> f64 {
        let [_, _, _, idle, ..] = self.0;
        idle
    }

    /// Adds what this processor did to the families.
    pub(super) fn tell(&self, processor: &str, guest: bool, families: &mut Families) {
        let (own, in_guests) = self.0.split_at(MODES.len());
        for (mode, seconds) in MODES.iter().zip(own) {
            families.push(&SECONDS, &[("cpu", processor), ("mode", mode)], *seconds);
        }
        for (mode, seconds) in GUEST_MODES.iter().zip(in_guests).filter(|_| guest) {
            let labels = [("cpu", processor), ("mode", mode)];
            families.push(&GUEST_SECONDS, &labels, *seconds);
        }
    }
}

/// Reads the lines of single processors. Old kernels have fewer columns, the rest is 0.
pub(super) fn parse(text: &str) -> Result<BTreeMap<u32, Times>, String> {
    let mut processors = BTreeMap::new();
    for line in text.lines() {
        let Some((name, numbers)) = line.split_once(' ') else {
            continue;
        };
        let Some(Ok(processor)) = name.strip_prefix("cpu").map(str::parse) else {
            continue;
        };
        let mut times = Times::default();
        for (time, ticks) in times.0.iter_mut().zip(numbers.split_ascii_whitespace()) {
            let ticks: f64 = ticks.parse().map_err(|_| format!("line {line:?}"))?;
            *time = ticks / TICKS;
        }
        processors.insert(processor, times);
    }
    Ok(processors)
}

/// Lets no time fall, but for processors that start anew; forgets processors that are gone.
pub(super) fn advance(highest: &mut BTreeMap<u32, Times>, now: BTreeMap<u32, Times>) {
    highest.retain(|processor, _| now.contains_key(processor));
    for (processor, now) in now {
        let highest = highest.entry(processor).or_default();
        if highest.idle() - now.idle() >= JUMP_BACK {
            *highest = Times::default();
        }
        for (highest, now) in highest.0.iter_mut().zip(now.0) {
            *highest = highest.max(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_processors_are_read() {
        let text = "cpu  9 9 9 9\ncpu0 100 200 300 400 500 600 700 800 900 1000 1100\ncpu12 1\n\
                    intr 5\ncpuset 1\n";
        let times = parse(text).unwrap();
        let all = Times([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
        assert_eq!(times.get(&0), Some(&all));
        assert_eq!(times.get(&12).map(|times| times.0[0]), Some(0.01));
        assert_eq!(times.len(), 2);
        assert_eq!(parse("cpu0 1 x\n"), Err("line \"cpu0 1 x\"".to_owned()));
    }

    fn times(user: f64, idle: f64) -> Times {
        let mut times = Times::default();
        times.0[0] = user;
        times.0[3] = idle;
        times
    }

    #[test]
    fn times_do_not_fall_but_start_anew() {
        let mut highest = BTreeMap::new();
        for (now, expected) in [
            (times(5.0, 10.0), times(5.0, 10.0)),
            (times(4.0, 9.0), times(5.0, 10.0)),
            (times(6.0, 9.5), times(6.0, 10.0)),
            (times(1.0, 7.0), times(1.0, 7.0)),
        ] {
            advance(&mut highest, BTreeMap::from([(0, now)]));
            assert_eq!(highest.get(&0), Some(&expected));
        }
        advance(&mut highest, BTreeMap::new());
        assert!(highest.is_empty());
    }
}
