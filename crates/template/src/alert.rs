//! Templates in the labels and annotations of alerting rules.

use std::sync::{Arc, LazyLock};

use model::Labels;

use crate::environment::Environment;
use crate::functions::FunctionSet;
use crate::parse::ParseError;
use crate::template::Template;
use crate::value::{Map, Struct, StructType, Type, Value};

/// A label or an annotation of an alerting rule.
#[derive(Clone, Debug)]
pub struct AlertTemplate {
    name: String,
    template: Template,
}

/// The template could not be expanded.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("error executing template {name}: {error}")]
pub struct AlertTemplateError {
    name: String,
    error: crate::ExpandError,
}

impl AlertTemplate {
    /// Reads a label or an annotation of the rule called `alert`.
    ///
    /// # Errors
    /// The text is not a template, in the words of upstream's rule check.
    pub fn parse(alert: &str, text: &str) -> Result<Self, ParseError> {
        let name = format!("__alert_{alert}");
        let text = format!("{PREFIX}{text}");
        let template = Template::parse(&name, &text, FunctionSet::Prometheus)?;
        Ok(Self { name, template })
    }

    /// The text for an alert.
    ///
    /// # Errors
    /// The template does not fit its data, a function fails, or a limit is passed. Upstream shows
    /// the message as the annotation, in `<error expanding template: …>`.
    pub fn expand(
        &self,
        data: &AlertData,
        environment: &Environment<'_>,
    ) -> Result<String, AlertTemplateError> {
        let expanded = self.template.expand(&data.0, environment);
        expanded.map_err(|error| AlertTemplateError {
            name: self.name.clone(),
            error,
        })
    }
}

/// What the templates of an alert see; made once for all of its labels and annotations.
#[derive(Clone, Debug)]
pub struct AlertData(Value);

impl AlertData {
    /// From the labels and the value of the alert's expression.
    pub fn new(labels: &Labels, external_labels: &Labels, external_url: &str, value: f64) -> Self {
        Self::with_value(labels, external_labels, external_url, Value::Float(value))
    }

    /// The same for an expression that gave a histogram, of which the text is shown.
    pub fn of_histogram(
        labels: &Labels,
        external_labels: &Labels,
        external_url: &str,
        histogram: &str,
    ) -> Self {
        let text = Value::from(histogram);
        let value = Value::Struct(Struct::new(Arc::clone(&HISTOGRAM), [text])).pointer();
        Self::with_value(labels, external_labels, external_url, value)
    }

    fn with_value(
        labels: &Labels,
        external_labels: &Labels,
        external_url: &str,
        value: Value,
    ) -> Self {
        let fields = [
            Value::Map(Map::of_texts(labels.iter())),
            Value::Map(Map::of_texts(external_labels.iter())),
            Value::from(external_url),
            value,
        ];
        Self(Value::Struct(Struct::new(Arc::clone(&DATA), fields)))
    }
}

static DATA: LazyLock<Arc<StructType>> = LazyLock::new(|| {
    Arc::new(StructType {
        name: None,
        fields: vec![
            ("Labels", Type::map_of(Type::Text)),
            ("ExternalLabels", Type::map_of(Type::Text)),
            ("ExternalURL", Type::Text),
            ("Value", Type::Interface),
        ],
        methods: Vec::new(),
        text: None,
    })
});

/// A histogram, which templates can only print.
static HISTOGRAM: LazyLock<Arc<StructType>> = LazyLock::new(|| {
    Arc::new(StructType {
        name: Some("histogram.FloatHistogram"),
        fields: vec![("text", Type::Text)],
        methods: Vec::new(),
        text: Some(|value| match value {
            Value::Struct(fields) => fields
                .fields()
                .first()
                .and_then(Value::as_text)
                .map(|text| text.to_str().into_owned())
                .unwrap_or_default(),
            _ => String::new(),
        }),
    })
});

/// What upstream puts in front, so that there are variables. Columns in messages count it.
const PREFIX: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
{{$externalURL := .ExternalURL}}{{$value := .Value}}";
