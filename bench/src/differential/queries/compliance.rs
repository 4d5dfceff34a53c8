//! The templates of the PromQL compliance tester, expanded.

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// What the tester puts in for each name.
const VALUES: [(&str, &[&str]); 14] = [
    ("range", &["1s", "15s", "1m", "5m", "15m", "1h"]),
    ("offset", &["1m", "5m", "10m"]),
    (
        "simpleAggrOp",
        &["sum", "avg", "max", "min", "count", "stddev", "stdvar"],
    ),
    ("topBottomOp", &["topk", "bottomk"]),
    (
        "quantile",
        &[
            "-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5",
        ],
    ),
    ("arithBinOp", &["+", "-", "*", "/", "%", "^"]),
    ("compBinOp", &["==", "!=", "<", ">", "<=", ">="]),
    (
        "binOp",
        &[
            "+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=",
        ],
    ),
    (
        "simpleTimeAggrOp",
        &[
            "sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last", "present",
        ],
    ),
    (
        "simpleMathFunc",
        &[
            "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round",
        ],
    ),
    ("extrapolatedRateFunc", &["delta", "rate", "increase"]),
    ("clampFunc", &["clamp_min", "clamp_max"]),
    ("instantRateFunc", &["idelta", "irate"]),
    (
        "dateFunc",
        &[
            "day_of_month",
            "day_of_week",
            "days_in_month",
            "hour",
            "minute",
            "month",
            "year",
        ],
    ),
];

#[derive(Deserialize)]
struct Page {
    test_cases: Vec<Template>,
}

#[derive(Deserialize)]
struct Template {
    query: String,
    #[serde(default)]
    variant_args: Vec<String>,
}

/// All queries that a page of templates stands for.
pub(super) fn expand(page: &str) -> Result<Vec<String>> {
    let page: Page = serde_saphyr::from_str(page).context("reading the compliance queries")?;
    let mut all = Vec::new();
    for template in page.test_cases {
        let mut texts = vec![template.query];
        for name in &template.variant_args {
            let values = VALUES.iter().find(|(known, _)| known == name);
            let (_, values) = values.with_context(|| format!("no values for {name}"))?;
            let place = format!("{{{{.{name}}}}}");
            let expand = |text: &String| {
                let put = |value: &&str| text.replace(&place, value);
                values.iter().map(put).collect::<Vec<_>>()
            };
            texts = texts.iter().flat_map(expand).collect();
        }
        all.extend(texts);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn every_combination_is_asked() {
        let page = "test_cases:\n- query: '42'\n- query: 'f({{.quantile}}, x[{{.range}}])'\n  \
                    variant_args: [quantile, range]\n";
        let all = expand(page).unwrap();
        assert_eq!(all.len(), 1 + 9 * 6);
        assert_eq!(all[1], "f(-0.5, x[1s])");
    }
}
