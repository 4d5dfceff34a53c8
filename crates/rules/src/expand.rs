//! Labels and annotations of alerts are templates: read once, expanded for each alert.

use std::collections::BTreeMap;

use config::rules::AlertSpec;
use model::Labels;
use promql::SampleValue;
use template::{AlertData, AlertTemplate, Environment, ParseError, QuerySample, QueryTemplateData};

use crate::rule::Moment;
use crate::spec::RuleSpec;

/// The texts of an alerting rule.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) labels: Vec<(String, Text)>,
    pub(crate) annotations: Vec<(String, Text)>,
}

/// A label or an annotation.
#[derive(Debug)]
pub(crate) enum Text {
    /// The same for every alert.
    Plain(String),
    /// A template.
    Template(Box<AlertTemplate>),
}

impl Texts {
    /// Reads the texts of a rule.
    pub(crate) fn new(spec: &RuleSpec, alert: &AlertSpec) -> Self {
        let read = |texts: &BTreeMap<String, String>| {
            let texts = texts.iter();
            let texts = texts.map(|(name, text)| (name.clone(), Text::new(&spec.name, text)));
            texts.collect()
        };
        Self {
            labels: read(&spec.labels),
            annotations: read(&alert.annotations),
        }
    }
}

impl Text {
    fn new(alert: &str, text: &str) -> Self {
        if !text.contains("{{") {
            return Self::Plain(text.to_owned());
        }
        match AlertTemplate::parse(alert, text) {
            Ok(template) => Self::Template(Box::new(template)),
            // Only labels of a group come here unchecked.
            Err(error) => Self::Plain(format!("<error expanding template: {error}>")),
        }
    }
}

/// Expands the texts of a rule at one moment.
pub(crate) struct Expander<'a> {
    moment: &'a Moment<'a>,
}

impl<'a> Expander<'a> {
    pub(crate) fn new(moment: &'a Moment<'a>) -> Self {
        Self { moment }
    }

    /// What templates see of a sample.
    pub(crate) fn data(&self, labels: &Labels, value: &SampleValue) -> AlertData {
        let context = self.moment.context;
        let (external, url) = (&context.external_labels, &context.external_url);
        match value {
            SampleValue::Float(value) => AlertData::new(labels, external, url, *value),
            SampleValue::Histogram(histogram) => {
                AlertData::of_histogram(labels, external, url, &histogram.to_string())
            }
        }
    }

    /// The text for an alert. What goes wrong stands in the text, as upstream has it.
    pub(crate) fn expand(&self, text: &Text, data: &AlertData) -> String {
        let template = match text {
            Text::Plain(text) => return text.clone(),
            Text::Template(template) => template,
        };
        let queries = Queries {
            moment: self.moment,
        };
        let environment = Environment {
            queries: &queries,
            timestamp: self.moment.time,
            external_url: &self.moment.context.external_url,
            ..Environment::default()
        };
        template.expand(data, &environment).unwrap_or_else(|error| {
            tracing::warn!(%error, "expanding alert template failed");
            format!("<error expanding template: {error}>")
        })
    }
}

/// Answers the queries of templates.
struct Queries<'a> {
    moment: &'a Moment<'a>,
}

impl QueryTemplateData for Queries<'_> {
    fn query(&self, expression: &str, timestamp: i64) -> Result<Vec<QuerySample>, String> {
        let moment = self.moment;
        let vector = moment
            .source
            .instant(expression, timestamp, moment.interrupt);
        let vector = vector.map_err(|error| error.to_string())?;
        let samples = vector.into_iter().map(|sample| QuerySample {
            labels: sample.labels,
            value: sample.value.float().unwrap_or_default(),
        });
        Ok(samples.collect())
    }
}

/// Checks that a text is a template.
///
/// # Errors
/// It is not.
pub(crate) fn check(alert: &str, text: &str) -> Result<(), ParseError> {
    match text.contains("{{") {
        true => AlertTemplate::parse(alert, text).map(drop),
        false => Ok(()),
    }
}
