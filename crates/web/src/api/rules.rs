//! Rules and alerts, and how they stand.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use http::Response;
use model::date::format_rfc3339;
use model::{Labels, Matcher};
use promql::parser::parse_selector;
use rules::{AlertStatus, AlertingStatus, GroupStatus, RuleStatus};
use serde::Serialize;

use crate::parameters::Parameters;
use crate::response::{ApiError, ErrorKind, success};
use crate::services::Services;

/// Texts by name, as an object.
type Texts = BTreeMap<String, String>;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    groups: Vec<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    file: String,
    rules: Vec<Rule>,
    interval: f64,
    limit: usize,
    evaluation_time: f64,
    last_evaluation: String,
}

/// A rule; what only alerting rules have is absent from the others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    name: String,
    query: String,
    #[serde(flatten)]
    times: Option<Times>,
    labels: Texts,
    #[serde(flatten)]
    raised: Option<Raised>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    evaluation_time: f64,
    last_evaluation: String,
    r#type: &'static str,
}

/// How long the expression of an alerting rule must be true and false, in seconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    duration: f64,
    keep_firing_for: f64,
}

/// What an alerting rule says, and what it has raised.
#[derive(Debug, Serialize)]
struct Raised {
    annotations: Texts,
    /// Null if they were not wanted, as upstream.
    alerts: Option<Vec<Alert>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    labels: Texts,
    annotations: Texts,
    state: &'static str,
    active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_firing_since: Option<String>,
    value: String,
}

/// `/api/v1/alerts`
pub(crate) async fn alerts(State(services): State<Services>) -> Response<Body> {
    #[derive(Debug, Serialize)]
    struct Alerts {
        alerts: Vec<Alert>,
    }
    let groups = services.rules().status();
    let rules = groups.into_iter().flat_map(|group| group.rules);
    let alerting = rules.filter_map(|rule| rule.alerting);
    let alerts = alerting.flat_map(|alerting| alerting.alerts);
    success(&Alerts {
        alerts: alerts.map(alert).collect(),
    })
}

/// `/api/v1/alertmanagers`
pub(crate) async fn alertmanagers(State(services): State<Services>) -> Response<Body> {
    #[derive(Debug, Serialize)]
    struct Alertmanager {
        url: String,
    }
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Alertmanagers {
        active_alertmanagers: Vec<Alertmanager>,
        dropped_alertmanagers: Vec<Alertmanager>,
    }
    let known = services.notifier().alertmanagers();
    let shown = |urls: Vec<String>| urls.into_iter().map(|url| Alertmanager { url }).collect();
    success(&Alertmanagers {
        active_alertmanagers: shown(known.active),
        dropped_alertmanagers: shown(known.dropped),
    })
}

/// `/api/v1/rules`
pub(crate) async fn list(
    State(services): State<Services>,
    parameters: Parameters,
) -> Result<Response<Body>, ApiError> {
    parameters.check()?;
    let filter = Filter::read(&parameters)?;
    let page = Page::read(&parameters)?;
    let groups = services.rules().status();
    Ok(success(&page.cut(groups, &filter)?))
}

/// Which rules are wanted.
struct Filter {
    names: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    matchers: Vec<Vec<Matcher>>,
    alerting: bool,
    recording: bool,
    excludes_alerts: bool,
}

impl Filter {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        let all = |name: &str| parameters.all(name).map(str::to_owned).collect();
        let matchers = parameters.all("match[]").map(|text| {
            let selector = parse_selector(text);
            selector.map_err(|error| ApiError::new(ErrorKind::BadData, error.to_string()))
        });
        let matchers = matchers.collect::<Result<_, _>>()?;
        let kind = parameters.get("type").to_lowercase();
        if !["", "alert", "record"].contains(&kind.as_str()) {
            let reason = format!("not supported value {kind:?}");
            return Err(ApiError::parameter("type", reason));
        }
        Ok(Self {
            names: all("rule_name[]"),
            groups: all("rule_group[]"),
            files: all("file[]"),
            matchers,
            alerting: kind != "record",
            recording: kind != "alert",
            excludes_alerts: excludes_alerts(parameters.get("exclude_alerts"))?,
        })
    }

    fn wants_group(&self, group: &GroupStatus) -> bool {
        (self.groups.is_empty() || self.groups.contains(&group.name))
            && (self.files.is_empty() || self.files.contains(&group.file))
    }

    fn wants(&self, rule: &RuleStatus) -> bool {
        let is_of_type = match rule.alerting {
            Some(_) => self.alerting,
            None => self.recording,
        };
        let value = |name: &str| rule.labels.get(name).map_or("", String::as_str);
        let fits = |matchers: &Vec<Matcher>| matchers.iter().all(|m| m.matches(value(m.name())));
        is_of_type
            && (self.names.is_empty() || self.names.contains(&rule.name))
            && (self.matchers.is_empty() || self.matchers.iter().any(fits))
    }
}

/// Reads a truth value as Go does.
fn excludes_alerts(text: &str) -> Result<bool, ApiError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(ApiError::parameter(
            "exclude_alerts",
            format!(
                "error converting exclude_alerts: strconv.ParseBool: parsing {text:?}: invalid syntax"
            ),
        )),
    }
}

/// Which part of the groups is wanted.
struct Page {
    /// Most groups; none: all.
    limit: Option<usize>,
    /// The first group, as the page before has named it.
    token: String,
}

impl Page {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        let (limit, token) = (
            parameters.get("group_limit"),
            parameters.get("group_next_token").to_owned(),
        );
        let refuse = |name, reason: &str| Err(ApiError::parameter(name, reason));
        if limit.is_empty() {
            return match token.is_empty() {
                true => Ok(Self { limit: None, token }),
                false => refuse(
                    "group_next_token",
                    "group_limit needs to be present in order to paginate over the groups",
                ),
            };
        }
        match limit.parse::<i32>() {
            Ok(number) => match usize::try_from(number) {
                Ok(number) if number > 0 => Ok(Self {
                    limit: Some(number),
                    token,
                }),
                _ => refuse("group_limit", "group_limit needs to be greater than 0"),
            },
            Err(_) => refuse(
                "group_limit",
                &format!(
                    "group_limit needs to be a valid number: strconv.ParseInt: parsing {limit:?}: invalid syntax"
                ),
            ),
        }
    }

    /// The groups of this page that have a wanted rule.
    fn cut(&self, groups: Vec<GroupStatus>, filter: &Filter) -> Result<Groups, ApiError> {
        let mut page = Groups {
            groups: Vec::new(),
            group_next_token: None,
        };
        let mut is_found = self.token.is_empty();
        for group in groups {
            is_found |= self.token == token(&group);
            if !is_found || !filter.wants_group(&group) {
                continue;
            }
            let token = token(&group);
            let shown = shown(group, filter);
            if shown.rules.is_empty() {
                continue;
            }
            if self.limit.is_some_and(|limit| page.groups.len() == limit) {
                page.group_next_token = Some(token);
                break;
            }
            page.groups.push(shown);
        }
        if !is_found {
            let token = &self.token;
            return Err(ApiError::parameter(
                "group_next_token",
                format!("invalid group_next_token '{token}'. were rule groups changed?"),
            ));
        }
        Ok(page)
    }
}

/// What a page names the group by that the next one begins with.
fn token(group: &GroupStatus) -> String {
    let labels = Labels::from_pairs([("file", &group.file), ("name", &group.name)]);
    format!("{:016x}", labels.stable_hash())
}

fn shown(group: GroupStatus, filter: &Filter) -> Group {
    let rules = group.rules.into_iter().filter(|rule| filter.wants(rule));
    Group {
        rules: rules
            .map(|shown| rule(shown, filter.excludes_alerts))
            .collect(),
        name: group.name,
        file: group.file,
        interval: group.interval.as_secs_f64(),
        limit: group.limit,
        evaluation_time: group.evaluation_time.as_secs_f64(),
        last_evaluation: time(group.last_evaluation),
    }
}

fn rule(rule: RuleStatus, excludes_alerts: bool) -> Rule {
    let alerting = rule.alerting;
    Rule {
        state: alerting.as_ref().map(|alerting| alerting.state.as_str()),
        name: rule.name,
        query: rule.query,
        times: alerting.as_ref().map(|alerting| Times {
            duration: alerting.hold_duration.as_secs_f64(),
            keep_firing_for: alerting.keep_firing_for.as_secs_f64(),
        }),
        labels: rule.labels,
        health: rule.health.as_str(),
        last_error: rule.last_error,
        evaluation_time: rule.evaluation_time.as_secs_f64(),
        last_evaluation: time(rule.last_evaluation),
        r#type: match alerting {
            Some(_) => "alerting",
            None => "recording",
        },
        raised: alerting.map(|alerting| raised(alerting, excludes_alerts)),
    }
}

fn raised(alerting: AlertingStatus, excludes_alerts: bool) -> Raised {
    let alerts = alerting.alerts.into_iter().map(alert);
    Raised {
        annotations: alerting.annotations,
        alerts: (!excludes_alerts).then(|| alerts.collect()),
    }
}

fn alert(alert: AlertStatus) -> Alert {
    let labels = alert.labels.iter();
    Alert {
        labels: labels.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        annotations: alert.annotations,
        state: alert.state.as_str(),
        active_at: format_rfc3339(alert.active_at),
        keep_firing_since: alert.keep_firing_since.map(format_rfc3339),
        value: exponent(alert.value),
    }
}

/// A time; Go's zero time if there is none.
fn time(millis: Option<i64>) -> String {
    millis.map_or("0001-01-01T00:00:00Z".to_owned(), format_rfc3339)
}

/// A number with an exponent of two digits at least, as Go's format `e` with the digits that it
/// needs.
fn exponent(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rules::Health;

    use super::*;

    #[test]
    fn values_are_printed_as_go_does() {
        let cases = [
            (1.0, "1e+00"),
            (0.0, "0e+00"),
            (-0.25, "-2.5e-01"),
            (123.5, "1.235e+02"),
            (1e100, "1e+100"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ];
        for (value, want) in cases {
            assert_eq!(exponent(value), want);
        }
    }

    fn group(name: &str, rules: &[(&str, bool)]) -> GroupStatus {
        let rule = |&(name, is_alerting): &(&str, bool)| RuleStatus {
            name: name.to_owned(),
            query: "up".to_owned(),
            labels: BTreeMap::from([("team".to_owned(), name.to_owned())]),
            health: Health::Good,
            last_error: None,
            evaluation_time: Duration::ZERO,
            last_evaluation: None,
            alerting: is_alerting.then(|| AlertingStatus {
                state: rules::AlertState::Inactive,
                hold_duration: Duration::ZERO,
                keep_firing_for: Duration::ZERO,
                annotations: BTreeMap::new(),
                alerts: Vec::new(),
            }),
        };
        GroupStatus {
            name: name.to_owned(),
            file: format!("{name}.yml"),
            interval: Duration::from_secs(60),
            limit: 0,
            evaluation_time: Duration::ZERO,
            last_evaluation: None,
            rules: rules.iter().map(rule).collect(),
        }
    }

    fn all() -> Vec<GroupStatus> {
        vec![
            group("a", &[("r", false), ("A", true)]),
            group("b", &[]),
            group("c", &[("s", false)]),
            group("d", &[("B", true)]),
        ]
    }

    /// Names of groups and rules that a request shows, and the token that follows.
    fn ask(query: &str) -> Result<(String, Option<String>), String> {
        let parameters = Parameters::of_query(query);
        let told = |error: ApiError| error.to_string();
        let filter = Filter::read(&parameters).map_err(told)?;
        let page = Page::read(&parameters).map_err(told)?;
        let groups = page.cut(all(), &filter).map_err(told)?;
        let shown = groups.groups.iter().map(|group| {
            let rules = group.rules.iter().map(|rule| rule.name.as_str());
            format!("{}:{}", group.name, rules.collect::<String>())
        });
        Ok((shown.collect::<Vec<_>>().join(" "), groups.group_next_token))
    }

    #[test]
    fn rules_are_chosen() {
        let cases = [
            ("", "a:rA c:s d:B"),
            ("type=alert", "a:A d:B"),
            ("type=RECORD", "a:r c:s"),
            ("rule_name[]=r&rule_name[]=B", "a:r d:B"),
            ("rule_group[]=c", "c:s"),
            ("file[]=d.yml&file[]=x", "d:B"),
            ("match[]={team=\"A\"}&match[]={team=\"s\"}", "a:A c:s"),
        ];
        for (query, want) in cases {
            assert_eq!(ask(query).unwrap().0, want, "{query}");
        }
    }

    #[test]
    fn rules_are_shown_with_what_their_kind_has() {
        let rules = Page {
            limit: None,
            token: String::new(),
        };
        let filter = Filter::read(&Parameters::of_query("rule_group[]=a")).unwrap();
        let shown = rules.cut(all(), &filter).unwrap();
        let rules = serde_json::to_string(&shown.groups[0].rules).unwrap();
        let rest = r#""health":"ok","evaluationTime":0.0,"lastEvaluation":"0001-01-01T00:00:00Z""#;
        let recording = format!(
            r#"{{"name":"r","query":"up","labels":{{"team":"r"}},{rest},"type":"recording"}}"#
        );
        let alerting = format!(
            r#"{{"state":"inactive","name":"A","query":"up","duration":0.0,"keepFiringFor":0.0,"labels":{{"team":"A"}},"annotations":{{}},"alerts":[],{rest},"type":"alerting"}}"#
        );
        assert_eq!(rules, format!("[{recording},{alerting}]"));
    }

    #[test]
    fn pages_follow_each_other() {
        let mut query = "group_limit=1".to_owned();
        let mut seen = Vec::new();
        loop {
            let (shown, token) = ask(&query).unwrap();
            seen.push(shown);
            let Some(token) = token else { break };
            query = format!("group_limit=1&group_next_token={token}");
        }
        assert_eq!(seen, ["a:rA", "c:s", "d:B"]);
    }

    #[test]
    fn odd_requests_are_refused_in_upstreams_words() {
        let cases = [
            (
                "type=x",
                "invalid parameter \"type\": not supported value \"x\"",
            ),
            (
                "group_limit=0",
                "invalid parameter \"group_limit\": group_limit needs to be greater than 0",
            ),
            (
                "group_limit=z",
                "invalid parameter \"group_limit\": group_limit needs to be a valid number: \
                 strconv.ParseInt: parsing \"z\": invalid syntax",
            ),
            (
                "group_next_token=x",
                "invalid parameter \"group_next_token\": group_limit needs to be present in order to \
                 paginate over the groups",
            ),
            (
                "group_limit=1&group_next_token=x",
                "invalid parameter \"group_next_token\": invalid group_next_token 'x'. were rule groups \
                 changed?",
            ),
            (
                "exclude_alerts=maybe",
                "invalid parameter \"exclude_alerts\": error converting exclude_alerts: \
                 strconv.ParseBool: parsing \"maybe\": invalid syntax",
            ),
            (
                "match[]={",
                "1:2: parse error: unexpected end of input inside braces",
            ),
        ];
        for (query, want) in cases {
            assert_eq!(ask(query).unwrap_err(), want, "{query}");
        }
    }
}
