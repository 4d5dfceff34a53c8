//! Log lines in the forms that Prometheus writes: logfmt or JSON, on standard error.

mod line;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use line::LineLayer;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `time=… level=INFO target=… msg="…" key=value`
    #[default]
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// From which level on lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Debug,
    /// What an operator wants to know.
    #[default]
    Info,
    /// What may need attention.
    Warn,
    /// What failed.
    Error,
}

impl Level {
    /// Reads the value of `--log.level`.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" => Self::Warn,
            "error" => Self::Error,
            _ => return None,
        })
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl Format {
    /// Reads the value of `--log.format`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "logfmt" => Some(Self::Logfmt),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Begins to write log lines for the whole process. A second call changes nothing.
pub fn start(level: Level, format: Format) {
    let filter = EnvFilter::new(level.as_str());
    let subscriber = tracing_subscriber::registry()
        .with(filter)
        .with(LineLayer::new(format));
    drop(subscriber.try_init());
}
