//! Selectors, literals, durations and label names.

use crate::differential::queries::random::Generator;

/// Metrics that have series; the first ones come most often.
const METRICS: [&str; 30] = [
    "t_counter_total",
    "t_gauge",
    "t_step",
    "demo_memory_usage_bytes",
    "demo_cpu_usage_seconds_total",
    "t_native",
    "t_special",
    "t_spiked",
    "t_gap",
    "t_stale",
    "t_churn_total",
    "t_seconds",
    "t_idle_total",
    "t_text",
    "t_natural",
    "t_joined",
    "target_info",
    "t_build_info",
    "demo_num_cpus",
    "demo_intermittent_metric",
    "demo_api_request_duration_seconds_count",
    "demo_batch_last_success_timestamp_seconds",
    "t_classic_bucket",
    "t_native_float",
    "t_native_coarser",
    "t_native_gauge",
    "t_native_custom",
    "t_mixed",
    "t_native_stale",
    "nonexistent_metric",
];

const MATCHERS: [&str; 20] = [
    "zone=\"a\"",
    "zone!=\"a\"",
    "zone=~\"a|b\"",
    "zone!~\"b.*\"",
    "zone=\"\"",
    "zone!=\"\"",
    "kind=\"x\"",
    "kind=~\"[xy]\"",
    "kind=~\".+\"",
    "kind=~\".*\"",
    "instance=~\"one.*\"",
    "instance=~\".*:1\"",
    "instance=~\"(?i)ONE:.\"",
    "missing=\"\"",
    "missing=\"there\"",
    "mode=~\"idle|user\"",
    "type!=\"free\"",
    "pod=~\"web-0[1-5]\"",
    "text=~\"(new|tab).*\"",
    "__name__=~\"t_.*\"",
];

const LABELS: [&str; 12] = [
    "zone", "kind", "instance", "job", "mode", "type", "le", "pod", "value", "missing", "__name__",
    "text",
];

impl Generator {
    /// A selector, perhaps with an offset or a time.
    pub(super) fn selector(&mut self) -> String {
        let plain = self.plain_selector();
        self.with_modifiers(plain)
    }

    /// A selector without modifiers.
    pub(super) fn plain_selector(&mut self) -> String {
        let bound = METRICS.len() / (1 + self.random.below(3));
        let name = METRICS[self.random.below(bound.max(1))];
        match self.random.below(14) {
            0..=6 => name.to_owned(),
            7..=10 => format!("{name}{{{}}}", self.random.pick(&MATCHERS)),
            11 => {
                let (one, other) = (self.random.pick(&MATCHERS), self.random.pick(&MATCHERS));
                format!("{name}{{{one},{other}}}")
            }
            12 => {
                let pattern = [
                    "t_g.*",
                    "t_counter_total|t_idle_total",
                    "t_s.+|t_gap",
                    "demo_.*_bytes",
                ];
                format!("{{__name__=~\"{}\"}}", self.random.pick(&pattern))
            }
            _ => "{\"utf8.temperature.°C\"}".to_owned(),
        }
    }

    /// Sometimes an offset, a fixed time or both.
    pub(super) fn with_modifiers(&mut self, base: String) -> String {
        let offset = |generator: &mut Self| {
            let sign = if generator.random.chance(1, 4) {
                "-"
            } else {
                ""
            };
            let length = match generator.random.below(8) {
                0 => generator.duration(),
                _ => generator
                    .random
                    .pick(&["30s", "1m", "5m", "17m", "1h"])
                    .to_owned(),
            };
            format!(" offset {sign}{length}")
        };
        let at = |generator: &mut Self| match generator.random.below(4) {
            0 => " @ start()".to_owned(),
            1 => " @ end()".to_owned(),
            2 => " @ 1767230000".to_owned(),
            _ => " @ 1767232345.678".to_owned(),
        };
        match self.random.below(12) {
            0 => base + &offset(self),
            1 => base + &at(self),
            2 => {
                let (offset, at) = (offset(self), at(self));
                format!("{base}{at}{offset}")
            }
            _ => base,
        }
    }

    /// A number literal.
    pub(super) fn number(&mut self) -> String {
        let numbers = [
            "0", "1", "2", "0.5", "-1", "10", "3.7", "100", "1e3", "0x1f", "NaN", "Inf", "-Inf",
            "1e-9", "1_000", "5m", "0.1", "1e308",
        ];
        self.random.pick(&numbers).to_owned()
    }

    /// A number for `topk` and its like.
    pub(super) fn small_number(&mut self) -> String {
        self.random
            .pick(&["1", "2", "3", "5", "0", "-1", "1.9", "100"])
            .to_owned()
    }

    /// A range or offset.
    pub(super) fn duration(&mut self) -> String {
        if self.random.chance(1, 12) {
            let computed = [
                "step() * 3",
                "5m / 2",
                "(1m + 30s)",
                "2 ^ 7",
                "max_of(step(), 1m)",
                "range() / 4",
                "90",
                "(range() + step()) % 7m",
                "min_of(range(), 10m) - 5s",
                "-(1m)",
                "+1m",
            ];
            return self.random.pick(&computed).to_owned();
        }
        let plain = [
            "1m", "2m", "5m", "5m", "10m", "30m", "1h", "15s", "45s", "1m30s", "14s", "299s", "7m",
        ];
        self.random.pick(&plain).to_owned()
    }

    /// A label name.
    pub(super) fn label(&mut self) -> String {
        self.random.pick(&LABELS).to_owned()
    }

    /// None to three label names.
    pub(super) fn labels(&mut self) -> String {
        let labels: Vec<String> = (0..self.random.below(4)).map(|_| self.label()).collect();
        labels.join(", ")
    }

    /// A text literal.
    pub(super) fn text(&mut self) -> String {
        let texts = [
            "\"plain\"",
            "'single'",
            "`raw\\n`",
            "\"tab\\tnew\\n\"",
            "\"\"",
            "\"\\u00e9\"",
        ];
        self.random.pick(&texts).to_owned()
    }
}
