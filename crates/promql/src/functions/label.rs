//! `label_replace`, `label_join`, and the labels that `absent` makes up: functions of label sets.

use model::label::METRIC_NAME;
use model::matcher::CaptureRegex;
use model::relabel::Template;
use model::{Labels, LabelsBuilder, MatchOp, Matcher};

use crate::query::QueryError;

/// A text that is to name a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    /// The text, with replacement characters for bytes that are not UTF-8.
    pub(crate) text: &'a str,
    /// False for a text that cannot name a label.
    pub(crate) is_valid: bool,
}

/// `label_replace` with its texts read.
pub(crate) struct Replacement {
    target: String,
    template: Template,
    source: String,
    pattern: CaptureRegex,
}

impl Replacement {
    /// Reads the texts.
    ///
    /// # Errors
    /// The pattern is no regular expression or the target no label name.
    pub(crate) fn new(
        target: Name<'_>,
        template: &str,
        source: &str,
        pattern: &str,
    ) -> Result<Self, QueryError> {
        let pattern = CaptureRegex::new(pattern).map_err(|_| {
            let message = format!("invalid regular expression in label_replace(): {pattern}");
            QueryError::Execution(message)
        })?;
        check_name(target, "destination", "label_replace")?;
        Ok(Self {
            target: target.text.to_owned(),
            template: Template::parse(template, &pattern),
            source: source.to_owned(),
            pattern,
        })
    }

    /// The changed labels; none if the source's value does not match.
    ///
    /// # Errors
    /// There is no room for them: `make_room` is asked before they are made, with their bytes.
    pub(crate) fn apply<E>(
        &self,
        labels: &Labels,
        builder: &mut LabelsBuilder,
        make_room: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Option<Labels>, E> {
        let value = labels.get(&self.source).unwrap_or_default();
        let Some(captures) = self.pattern.captures(value) else {
            return Ok(None);
        };
        make_room(labels.heap_bytes() + self.template.expanded_len(&captures))?;
        builder.reset(labels);
        builder.set(&self.target, &self.template.expand(&captures));
        Ok(Some(builder.build()))
    }

    /// True if the label that changes is the metric name.
    pub(crate) fn sets_name(&self) -> bool {
        self.target == METRIC_NAME
    }
}

/// `label_join` with its texts read.
pub(crate) struct Join {
    target: String,
    separator: String,
    sources: Vec<String>,
}

impl Join {
    /// Reads the texts.
    ///
    /// # Errors
    /// One of the label names is none.
    pub(crate) fn new(
        target: Name<'_>,
        separator: &str,
        sources: Vec<Name<'_>>,
    ) -> Result<Self, QueryError> {
        for &source in &sources {
            check_name(source, "source", "label_join")?;
        }
        check_name(target, "destination", "label_join")?;
        Ok(Self {
            target: target.text.to_owned(),
            separator: separator.to_owned(),
            sources: sources.iter().map(|name| name.text.to_owned()).collect(),
        })
    }

    /// The changed labels.
    ///
    /// # Errors
    /// There is no room for them: `make_room` is asked before they are made, with their bytes.
    pub(crate) fn apply<E>(
        &self,
        labels: &Labels,
        builder: &mut LabelsBuilder,
        make_room: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Labels, E> {
        let values: Vec<&str> = self
            .sources
            .iter()
            .map(|source| labels.get(source).unwrap_or_default())
            .collect();
        let lengths = values
            .iter()
            .map(|value| value.len() + self.separator.len());
        make_room(labels.heap_bytes() + lengths.fold(0, usize::saturating_add))?;
        builder.reset(labels);
        builder.set(&self.target, &values.join(&self.separator));
        Ok(builder.build())
    }

    /// True if the label that changes is the metric name.
    pub(crate) fn sets_name(&self) -> bool {
        self.target == METRIC_NAME
    }
}

fn check_name(name: Name<'_>, role: &str, function: &str) -> Result<(), QueryError> {
    if name.is_valid {
        return Ok(());
    }
    let text = name.text;
    let message = format!("invalid {role} label name in {function}(): {text}");
    Err(QueryError::Execution(message))
}

/// Labels of what `absent` reports: those that the selector wants to be equal to something, each
/// wanted once only.
pub(crate) fn wanted_by(matchers: &[Matcher]) -> Labels {
    let mut builder = LabelsBuilder::new();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|m| m.name() != METRIC_NAME) {
        if matcher.op() == MatchOp::Equal && !seen.contains(&matcher.name()) {
            builder.set(matcher.name(), matcher.value());
            seen.push(matcher.name());
        } else {
            builder.delete(matcher.name());
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn name(text: &str) -> Name<'_> {
        Name {
            text,
            is_valid: !text.is_empty(),
        }
    }

    fn room(_: usize) -> Result<(), Infallible> {
        Ok(())
    }

    #[test]
    fn labels_are_replaced_where_the_source_matches() {
        let labels = Labels::from_pairs([("src", "source-10"), ("dst", "old")]);
        let cases = [
            ("dst", "new-$1", "src", "source-(.*)", Some("new-10")),
            ("dst", "$1", "src", "urce-(.*)", None),
            ("dst", "value-$1", "nowhere", "(.*)", Some("value-")),
            ("dst", "", "dst", ".*", Some("")),
            (
                "dst",
                "${a}$b",
                "src",
                "(?P<a>.*)-(?P<b>.*)",
                Some("source10"),
            ),
        ];
        let mut builder = LabelsBuilder::new();
        for (target, template, source, pattern, want) in cases {
            let replacement = Replacement::new(name(target), template, source, pattern).unwrap();
            let got = replacement.apply(&labels, &mut builder, room);
            let got = got
                .unwrap()
                .map(|labels| labels.get(target).unwrap_or_default().to_owned());
            assert_eq!(got.as_deref(), want, "{template} of {pattern}");
        }
    }

    #[test]
    fn room_is_asked_for_before_labels_are_made() {
        let labels = Labels::from_pairs([("a", "x".repeat(1_000)), ("b", "y".to_owned())]);
        let mut builder = LabelsBuilder::new();
        let refuse = |bytes: usize| Err::<(), _>(bytes);
        let replacement = Replacement::new(name("b"), &"$0".repeat(500), "a", ".*").unwrap();
        let asked = replacement.apply(&labels, &mut builder, refuse);
        assert!(asked.unwrap_err() >= 501_000);
        let join = Join::new(name("b"), "", vec![name("a"); 500]).unwrap();
        let asked = join.apply(&labels, &mut builder, refuse);
        assert!(asked.unwrap_err() >= 501_000);
    }

    #[test]
    fn wrong_texts_have_upstreams_words() {
        let error = |result: Result<Replacement, QueryError>| result.err().unwrap().to_string();
        assert_eq!(
            error(Replacement::new(name("dst"), "", "src", "(.*")),
            "invalid regular expression in label_replace(): (.*"
        );
        assert_eq!(
            error(Replacement::new(name(""), "", "src", ".*")),
            "invalid destination label name in label_replace(): "
        );
        let join = Join::new(name("dst"), "", vec![name("")]);
        assert_eq!(
            join.err().unwrap().to_string(),
            "invalid source label name in label_join(): "
        );
    }

    #[test]
    fn values_are_joined() {
        let labels = Labels::from_pairs([("a", "x"), ("b", "y")]);
        let sources = ["a", "c", "b"].map(name).to_vec();
        let join = Join::new(name("dst"), "-", sources).unwrap();
        let joined = join.apply(&labels, &mut LabelsBuilder::new(), room);
        assert_eq!(joined.unwrap().get("dst"), Some("x--y"));
    }

    #[test]
    fn only_labels_that_are_wanted_once_are_made_up() {
        let matchers = [
            Matcher::equal("job", "a"),
            Matcher::equal("job", "b"),
            Matcher::equal("foo", "bar"),
            Matcher::new("method", MatchOp::Regex, ".x").unwrap(),
            Matcher::equal(METRIC_NAME, "up"),
        ];
        assert_eq!(wanted_by(&matchers), Labels::from_pairs([("foo", "bar")]));
    }
}
