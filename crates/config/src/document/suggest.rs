//! The nearest valid key for one that is mistyped.

use model::spelling::distance;

/// The candidate nearest to `key`, if one is near enough to have been meant.
pub(super) fn nearest<'a>(key: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most_edits = key.chars().count().div_ceil(3);
    let by_distance = candidates.map(|candidate| (distance(key, candidate), candidate));
    by_distance
        .filter(|(edits, _)| *edits <= most_edits)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_keys_are_suggested() {
        let keys = ["scrape_interval", "scrape_timeout", "job_name", "global"];
        let cases = [
            ("scrape_intervall", Some("scrape_interval")),
            ("scrapeinterval", Some("scrape_interval")),
            ("jobname", Some("job_name")),
            ("globe", Some("global")),
            ("nonsense", None),
        ];
        for (key, want) in cases {
            assert_eq!(nearest(key, keys.into_iter()), want, "{key}");
        }
    }
}
