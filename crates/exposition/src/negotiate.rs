//! Which format a page is asked for in, and which one it says that it is in.

/// A format that pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text format, version 0.0.4.
    #[default]
    Text,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
    /// Delimited messages of `io.prometheus.client.MetricFamily`.
    Protobuf,
}

impl Format {
    /// The `Content-Type` of a page in this format, as Prometheus' client libraries write it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
            Self::OpenMetrics => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
            }
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
                 encoding=delimited; escaping=underscores"
            }
        }
    }

    /// Chooses by an `Accept` header: what is wanted most of what we write; text when nothing fits.
    pub fn negotiate(accept: &str) -> Self {
        let mut best = (Self::Text, 0.0);
        for range in accept.split(',').map(MediaRange::parse) {
            let Some(format) = range.format() else {
                continue;
            };
            if range.quality > best.1 {
                best = (format, range.quality);
            }
        }
        best.0
    }
}

/// One element of an `Accept` header, or a `Content-Type`.
#[derive(Clone, Copy, Debug)]
pub struct MediaRange<'a> {
    /// `text/plain`, as written.
    pub media_type: &'a str,
    /// Value of the parameter `version`, if there is one.
    pub version: Option<&'a str>,
    /// Value of the parameter `q`; 1 unless stated.
    pub quality: f64,
    /// Value of the parameter `proto`: the kind of messages.
    pub message: Option<&'a str>,
    /// Value of the parameter `encoding`: how messages are parted.
    pub encoding: Option<&'a str>,
}

impl<'a> MediaRange<'a> {
    /// Reads the element. Unknown parameters are passed over.
    pub fn parse(text: &'a str) -> Self {
        let mut words = text.split(';').map(str::trim);
        let mut range = Self {
            media_type: words.next().unwrap_or_default(),
            version: None,
            quality: 1.0,
            message: None,
            encoding: None,
        };
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            match name.trim() {
                "version" => range.version = Some(value.trim().trim_matches('"')),
                "proto" => range.message = Some(value.trim().trim_matches('"')),
                "encoding" => range.encoding = Some(value.trim().trim_matches('"')),
                "q" => range.quality = value.trim().parse().unwrap_or(0.0),
                _ => {}
            }
        }
        range
    }

    fn format(&self) -> Option<Format> {
        match (self.media_type, self.version) {
            ("application/openmetrics-text", None | Some("" | "0.0.1" | "1.0.0")) => {
                Some(Format::OpenMetrics)
            }
            ("text/plain", None | Some("" | "0.0.4" | "1.0.0")) => Some(Format::Text),
            ("application/vnd.google.protobuf", _) if self.is_delimited() => Some(Format::Protobuf),
            _ => None,
        }
    }

    /// True if metric families are meant, each behind its length.
    pub fn is_delimited(&self) -> bool {
        self.message == Some("io.prometheus.client.MetricFamily")
            && self.encoding == Some("delimited")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_what_is_wanted_most() {
        use Format::{OpenMetrics, Protobuf, Text};
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
             encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let cases = [
            ("", Text),
            ("*/*", Text),
            ("text/html", Text),
            (prometheus, OpenMetrics),
            (native, Protobuf),
            ("application/vnd.google.protobuf", Text),
            ("text/plain;version=0.0.4", Text),
            (
                "text/plain;q=0.5, application/openmetrics-text; version=1.0.0; q=0.4",
                Text,
            ),
            (
                "application/openmetrics-text; version=\"1.0.0\"",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=2.0.0,text/plain",
                Text,
            ),
            ("application/openmetrics-text;q=0", Text),
            (";;q=x,,", Text),
        ];
        for (accept, want) in cases {
            assert_eq!(Format::negotiate(accept), want, "{accept}");
        }
    }
}
