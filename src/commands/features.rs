//! What `--enable-feature` switches on: upstream's names, each with what upstream switches.

use promql::EngineOptions;

use crate::wiring::ScrapingFeatures;

/// What names switch on beside the query engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Switches {
    /// Exemplars are kept.
    pub(super) keeps_exemplars: bool,
    /// Metadata of series is written to the log.
    pub(super) logs_metadata: bool,
    /// Blocks of the head are cut a little later than they are due.
    pub(super) delays_compaction: bool,
    /// Rules of a group that have nothing to do with each other are evaluated at once.
    pub(super) evaluates_rules_at_once: bool,
    /// The configuration is taken anew when its files change.
    pub(super) reloads_by_itself: bool,
    /// What concerns all scrapes.
    pub(super) scraping: ScrapingFeatures,
}

/// Switches on what these names mean; says in the log what has no effect.
pub(super) fn switch_on(names: &[String], engine: &mut EngineOptions) -> Switches {
    let mut switches = Switches::default();
    for name in names.iter().filter(|name| !name.is_empty()) {
        match meaning(name) {
            Meaning::Engine(switch) => switch(engine),
            Meaning::Switch(switch) => switch(&mut switches),
            Meaning::AlwaysOn => {
                tracing::warn!(
                    option = name,
                    "this option for --enable-feature is always on"
                );
            }
            Meaning::NotYet => {
                tracing::warn!(
                    option = name,
                    "this option for --enable-feature has no effect yet"
                );
            }
            Meaning::Unknown => {
                tracing::warn!(option = name, "unknown option for --enable-feature");
            }
        }
    }
    switches
}

/// What a name is for.
enum Meaning {
    /// A setting of the query engine.
    Engine(fn(&mut EngineOptions)),
    /// Something of another component.
    Switch(fn(&mut Switches)),
    /// Something that upstream once had to switch on, and that is on here, too.
    AlwaysOn,
    /// Something of a component that does not heed it yet.
    NotYet,
    /// Nothing.
    Unknown,
}

fn meaning(name: &str) -> Meaning {
    match name {
        "promql-binop-fill-modifiers" => Meaning::Engine(|engine| {
            engine.parse.fill_modifiers = true;
        }),
        "promql-delayed-name-removal" => Meaning::Engine(|engine| {
            engine.delayed_name_removal = true;
        }),
        "promql-experimental-functions" => Meaning::Engine(|engine| {
            engine.parse.experimental_functions = true;
        }),
        "promql-extended-range-selectors" => Meaning::Engine(|engine| {
            engine.parse.extended_range_selectors = true;
        }),
        "promql-per-step-stats" => Meaning::Engine(|engine| {
            engine.per_step_statistics = true;
        }),
        "type-and-unit-labels" => Meaning::Engine(|engine| {
            engine.type_and_unit_labels = true;
        }),
        "use-start-timestamps" => Meaning::Engine(|engine| {
            engine.use_start_timestamps = true;
        }),
        "exemplar-storage" => Meaning::Switch(|switches| switches.keeps_exemplars = true),
        "metadata-wal-records" => Meaning::Switch(|switches| switches.logs_metadata = true),
        "delayed-compaction" => Meaning::Switch(|switches| switches.delays_compaction = true),
        "concurrent-rule-eval" => {
            Meaning::Switch(|switches| switches.evaluates_rules_at_once = true)
        }
        "auto-reload-config" => Meaning::Switch(|switches| switches.reloads_by_itself = true),
        "memory-snapshot-on-shutdown" | "promql-duration-expr" | "native-histograms" => {
            Meaning::AlwaysOn
        }
        "created-timestamp-zero-ingestion" => {
            Meaning::Switch(|switches| switches.scraping.adds_zeros = true)
        }
        "extra-scrape-metrics" => {
            Meaning::Switch(|switches| switches.scraping.extra_scrape_metrics = true)
        }
        name if NOT_YET.contains(&name) => Meaning::NotYet,
        _ => Meaning::Unknown,
    }
}

/// Names of upstream's for what is not in this program yet.
const NOT_YET: [&str; 11] = [
    "fast-startup",
    "histograms-st-encoding",
    "old-ui",
    "ooo-native-histograms",
    "otlp-deltatocumulative",
    "otlp-native-delta-ingestion",
    "search-api",
    "st-storage",
    "st-synthesis",
    "use-uncached-io",
    "xor2-encoding",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_switch_what_upstream_switches() {
        let mut engine = EngineOptions::default();
        let all = [
            "promql-binop-fill-modifiers",
            "promql-delayed-name-removal",
            "promql-experimental-functions",
            "promql-extended-range-selectors",
            "promql-per-step-stats",
            "type-and-unit-labels",
            "use-start-timestamps",
            "exemplar-storage",
            "metadata-wal-records",
            "delayed-compaction",
            "concurrent-rule-eval",
            "created-timestamp-zero-ingestion",
            "extra-scrape-metrics",
            "auto-reload-config",
            "nonsense",
            "",
        ];
        let switches = switch_on(&all.map(str::to_owned), &mut engine);
        let want = Switches {
            keeps_exemplars: true,
            logs_metadata: true,
            delays_compaction: true,
            evaluates_rules_at_once: true,
            reloads_by_itself: true,
            scraping: ScrapingFeatures {
                adds_zeros: true,
                extra_scrape_metrics: true,
            },
        };
        assert_eq!(switches, want);
        let want = EngineOptions {
            delayed_name_removal: true,
            per_step_statistics: true,
            type_and_unit_labels: true,
            use_start_timestamps: true,
            parse: promql::parser::ParseOptions::all(),
            ..EngineOptions::default()
        };
        assert_eq!(engine, want);
        assert!(matches!(meaning("st-storage"), Meaning::NotYet));
        assert!(matches!(meaning("promql-at-modifier"), Meaning::Unknown));
    }
}
