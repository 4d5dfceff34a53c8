//! Expressions to which Prometheus 3.14 has other answers than the test scripts of later versions want,
//! which we pass, and sums whose last digits depend on the order of a Go map.

use serde_json::Value as Json;

use crate::differential::compare::Kind;

/// True if a difference of that kind comes from something in the expression's tree.
pub(super) fn is_known(kind: Kind, tree: &Json) -> bool {
    let is_of_info = INFO_DIFFERS_IN.contains(&kind) && has_node(tree, &is_special_info);
    let is_of_subquery = !matches!(kind, Kind::Status | Kind::Error | Kind::Data);
    let is_of_order = kind == Kind::LastDigits && has_node(tree, &sums_in_any_order);
    is_of_info || is_of_order || is_of_subquery && has_node(tree, &reads_fixed_subquery)
}

/// True for `info()` of
/// - Series at another time, with `offset` or `@`: 3.14 takes the info series' samples from that time
///   and looks at them from the query's, from where it may see few of them or none.
/// - With delayed name removal, series whose name is to go: in 3.14 it stays.
fn is_special_info(node: &Json) -> bool {
    let is_special = |node: &Json| is_elsewhere(node) || is_result(node);
    node["func"]["name"] == "info" && has_node(&node["args"][0], &is_special)
}

/// True for a call that has a value of its own at every step and reads a subquery with `@`: 3.14 does
/// not see that there is a subquery and has no series.
fn reads_fixed_subquery(node: &Json) -> bool {
    let is_fixed = |arg: &Json| {
        let mut arg = arg;
        while arg["type"] == "parenExpr" {
            arg = &arg["expr"];
        }
        let has_time = !arg["timestamp"].is_null() || !arg["startOrEnd"].is_null();
        arg["type"] == "subquery" && has_time
    };
    let args = node["args"].as_array();
    let reads_fixed = args.is_some_and(|args| args.iter().any(is_fixed));
    let function = node["func"]["name"].as_str();
    reads_fixed && matches!(function, Some("predict_linear" | "quantile_over_time"))
}

/// True for an aggregation that adds up what 3.14 has in the order of a Go map: results of operators, of
/// aggregations and of classic histograms. Asked again and again it mostly gives several answers, but
/// ours may be one of a rare order.
fn sums_in_any_order(node: &Json) -> bool {
    let is_unordered = |node: &Json| {
        let function = node["func"]["name"].as_str();
        matches!(node["type"].as_str(), Some("aggregation" | "binaryExpr"))
            || function.is_some_and(|name| name.starts_with("histogram_"))
    };
    let adds_up = matches!(
        node["op"].as_str(),
        Some("sum" | "avg" | "stddev" | "stdvar")
    );
    node["type"] == "aggregation" && adds_up && has_node(&node["expr"], &is_unordered)
}

/// True for a selector or subquery with `offset` or `@`.
fn is_elsewhere(node: &Json) -> bool {
    let is_set = |name: &str| !matches!(&node[name], Json::Null) && node[name] != 0;
    is_set("offset") || is_set("offsetExpr") || is_set("timestamp") || is_set("startOrEnd")
}

/// True for what yields series without names.
fn is_result(node: &Json) -> bool {
    matches!(
        node["type"].as_str(),
        Some("call" | "binaryExpr" | "unaryExpr")
    )
}

fn has_node(node: &Json, wanted: &dyn Fn(&Json) -> bool) -> bool {
    let below = |node: &Json| has_node(node, wanted);
    wanted(node)
        || node.as_object().is_some_and(|it| it.values().any(below))
        || node.as_array().is_some_and(|it| it.iter().any(below))
}

/// What may differ in the results of such an `info()`.
const INFO_DIFFERS_IN: [Kind; 2] = [Kind::Labels, Kind::Times];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Kind, is_known};

    #[test]
    fn known_differences_are_told_from_others() {
        let selector = json!({"type": "vectorSelector", "offset": 0, "timestamp": null});
        let moved = json!({"type": "vectorSelector", "offset": 60_000, "timestamp": null});
        let fixed = json!({"type": "subquery", "offset": 0, "timestamp": 7, "expr": selector});
        let call = |name: &str, arg: &serde_json::Value| json!({"type": "call", "func": {"name": name}, "args": [arg]});
        let cases = [
            (call("info", &selector), Kind::Labels, false),
            (call("info", &moved), Kind::Labels, true),
            (call("info", &moved), Kind::Warnings, false),
            (call("info", &call("rate", &selector)), Kind::Labels, true),
            (call("rate", &fixed), Kind::Labels, false),
            (call("predict_linear", &fixed), Kind::Labels, true),
            (call("predict_linear", &fixed), Kind::Error, false),
        ];
        let sum =
            |expr: &serde_json::Value| json!({"type": "aggregation", "op": "sum", "expr": expr});
        let cases = cases.into_iter().chain([
            (sum(&call("rate", &selector)), Kind::LastDigits, false),
            (sum(&sum(&selector)), Kind::LastDigits, true),
            (sum(&sum(&selector)), Kind::NearValue, false),
        ]);
        for (tree, kind, want) in cases {
            assert_eq!(is_known(kind, &json!({"expr": tree})), want, "{tree}");
        }
    }
}
