//! What this server can do, in upstream's words: clients switch their own abilities by it.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use promql::EngineOptions;
use promql::functions::Function;

use crate::response::success;
use crate::services::Services;

type Flags = BTreeMap<&'static str, bool>;

/// `/api/v1/features`
pub(crate) async fn list(State(services): State<Services>) -> Response<Body> {
    let options = services.engine_options();
    let features: BTreeMap<&str, Flags> = BTreeMap::from([
        ("api", api(&services)),
        ("prometheus", Flags::from(SERVER)),
        ("promql", language(options)),
        ("promql_functions", functions(options)),
        ("promql_operators", operators(options)),
        ("service_discovery_providers", Flags::from(DISCOVERY)),
        ("tsdb", storage(&services)),
    ]);
    success(&features)
}

fn api(services: &Services) -> Flags {
    Flags::from([
        ("admin", services.is_admin_enabled()),
        ("label_values_match", true),
        ("lifecycle", services.lifecycle().is_enabled()),
        ("otlp_write_receiver", false),
        ("query_stats", true),
        ("query_warnings", true),
        ("remote_write_receiver", services.receiver().is_some()),
        ("search", false),
        ("time_range_labels", true),
        ("time_range_series", true),
    ])
}

fn language(options: &EngineOptions) -> Flags {
    let parse = &options.parse;
    let always = [
        "at_modifier",
        "bool",
        "by",
        "group_left",
        "group_right",
        "ignoring",
        "negative_offset",
        "offset",
        "on",
        "per_query_lookback_delta",
        "subqueries",
        "without",
    ];
    let mut flags: Flags = always.map(|name| (name, true)).into();
    flags.extend([
        ("anchored", parse.extended_range_selectors),
        ("delayed_name_removal", options.delayed_name_removal),
        ("duration_expr", parse.duration_expressions),
        ("fill", parse.fill_modifiers),
        ("fill_left", parse.fill_modifiers),
        ("fill_right", parse.fill_modifiers),
        ("per_step_stats", options.per_step_statistics),
        ("smoothed", parse.extended_range_selectors),
        ("type_and_unit_labels", false),
    ]);
    flags
}

fn functions(options: &EngineOptions) -> Flags {
    let experimental = options.parse.experimental_functions;
    let is_on = |function: &Function| experimental || !function.is_experimental();
    Function::ALL
        .iter()
        .map(|function| (function.name(), is_on(function)))
        .collect()
}

fn operators(options: &EngineOptions) -> Flags {
    let mut flags: Flags = OPERATORS.iter().map(|&name| (name, true)).collect();
    let experimental = options.parse.experimental_functions;
    flags.extend([("limitk", experimental), ("limit_ratio", experimental)]);
    flags
}

fn storage(services: &Services) -> Flags {
    let mut flags = Flags::from(STORAGE);
    flags.insert("exemplar_storage", services.facts().keeps_exemplars);
    flags
}

const SERVER: [(&str, bool); 3] = [
    ("agent_mode", false),
    ("auto_reload_config", false),
    ("server_mode", true),
];
const DISCOVERY: [(&str, bool); 14] = [
    ("aws", true),
    ("azure", true),
    ("consul", true),
    ("dns", true),
    ("docker", true),
    ("dockerswarm", true),
    ("ec2", true),
    ("eureka", true),
    ("file", true),
    ("gce", true),
    ("http", true),
    ("nomad", true),
    ("puppetdb", true),
    ("static", true),
];
const STORAGE: [(&str, bool); 3] = [
    ("delayed_compaction", false),
    ("isolation", true),
    ("native_histograms", true),
];
/// Operators and aggregations that are always on.
const OPERATORS: [&str; 33] = [
    "!=",
    "!~",
    "%",
    "*",
    "+",
    "-",
    "/",
    "<",
    "</",
    "<=",
    "==",
    "=~",
    ">",
    ">/",
    ">=",
    "@",
    "^",
    "and",
    "atan2",
    "avg",
    "bottomk",
    "count",
    "count_values",
    "group",
    "max",
    "min",
    "or",
    "quantile",
    "stddev",
    "stdvar",
    "sum",
    "topk",
    "unless",
];
