//! The tokens and how messages name them.

use model::quote::quoted;

use crate::ast::{AggregateOp, BinaryOp, Span};

/// A piece of the text with its meaning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// As written.
    pub(crate) text: &'a str,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind {
    EndOfInput,
    /// The text cannot be read on; what is wrong.
    Error(String),
    Identifier,
    /// A name with colons.
    MetricIdentifier,
    Text,
    Number,
    Duration,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    /// `=`
    Assign,
    /// `=~`
    EqualRegex,
    /// `!~`
    NotRegex,
    Operator(BinaryOp),
    Aggregate(AggregateOp),
    Keyword(Keyword),
}

/// Words with a meaning of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Offset,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Bool,
    Anchored,
    Smoothed,
    /// These three only in front of a parenthesis.
    Fill,
    FillLeft,
    FillRight,
    Start,
    End,
    Step,
    Range,
    MinOf,
    MaxOf,
}

impl Keyword {
    /// True for what fills in for missing series.
    pub(crate) const fn is_fill(self) -> bool {
        matches!(self, Self::Fill | Self::FillLeft | Self::FillRight)
    }

    /// True for words that are called like functions.
    pub(crate) const fn is_callable(self) -> bool {
        matches!(
            self,
            Self::Start | Self::End | Self::Step | Self::Range | Self::MinOf | Self::MaxOf
        )
    }
}

/// The token that `word` stands for, in any case, if it is more than a name.
pub(crate) fn keyword(word: &str) -> Option<TokenKind> {
    let lower = word.to_ascii_lowercase();
    let keyword = match lower.as_str() {
        "inf" | "nan" => return Some(TokenKind::Number),
        "and" => return Some(TokenKind::Operator(BinaryOp::And)),
        "or" => return Some(TokenKind::Operator(BinaryOp::Or)),
        "unless" => return Some(TokenKind::Operator(BinaryOp::Unless)),
        "atan2" => return Some(TokenKind::Operator(BinaryOp::Atan2)),
        "offset" => Keyword::Offset,
        "by" => Keyword::By,
        "without" => Keyword::Without,
        "on" => Keyword::On,
        "ignoring" => Keyword::Ignoring,
        "group_left" => Keyword::GroupLeft,
        "group_right" => Keyword::GroupRight,
        "bool" => Keyword::Bool,
        "anchored" => Keyword::Anchored,
        "smoothed" => Keyword::Smoothed,
        "fill" => Keyword::Fill,
        "fill_left" => Keyword::FillLeft,
        "fill_right" => Keyword::FillRight,
        "start" => Keyword::Start,
        "end" => Keyword::End,
        "step" => Keyword::Step,
        "range" => Keyword::Range,
        "min_of" => Keyword::MinOf,
        "max_of" => Keyword::MaxOf,
        other => {
            let op = AggregateOp::ALL
                .into_iter()
                .find(|op| op.as_str() == other)?;
            return Some(TokenKind::Aggregate(op));
        }
    };
    Some(TokenKind::Keyword(keyword))
}

impl Token<'_> {
    /// How messages name the token.
    pub(crate) fn description(&self) -> String {
        match &self.kind {
            TokenKind::EndOfInput => "end of input".to_owned(),
            TokenKind::Error(message) => message.clone(),
            TokenKind::Identifier => format!("identifier {}", quoted(self.text)),
            TokenKind::MetricIdentifier => format!("metric identifier {}", quoted(self.text)),
            TokenKind::Text => format!("string {}", shortened(self.text)),
            TokenKind::Number => format!("number {}", shortened(self.text)),
            TokenKind::Duration => format!("duration {}", shortened(self.text)),
            TokenKind::Keyword(word) if word.is_callable() => quoted(self.text),
            TokenKind::Keyword(_) => format!("<{}>", self.text),
            TokenKind::Aggregate(_) => format!("<aggr:{}>", self.text),
            TokenKind::Operator(_)
            | TokenKind::At
            | TokenKind::EqualRegex
            | TokenKind::NotRegex => format!("<op:{}>", self.text),
            TokenKind::LeftParen
            | TokenKind::RightParen
            | TokenKind::LeftBrace
            | TokenKind::RightBrace
            | TokenKind::LeftBracket
            | TokenKind::RightBracket
            | TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Assign => shortened(self.text),
        }
    }

    /// True if the token may stand as a metric's name outside braces.
    pub(crate) fn is_metric_name(&self) -> bool {
        match &self.kind {
            TokenKind::Identifier | TokenKind::MetricIdentifier | TokenKind::Aggregate(_) => true,
            TokenKind::Operator(op) => op.is_set(),
            TokenKind::Keyword(keyword) => {
                keyword.is_callable()
                    || keyword.is_fill()
                    || matches!(
                        keyword,
                        Keyword::Offset
                            | Keyword::By
                            | Keyword::Without
                            | Keyword::Anchored
                            | Keyword::Smoothed
                    )
            }
            _ => false,
        }
    }

    /// True if the token may stand as a label's name in a grouping.
    pub(crate) fn is_grouping_label(&self) -> bool {
        match &self.kind {
            TokenKind::Operator(op) => op.is_set() || *op == BinaryOp::Atan2,
            TokenKind::Keyword(keyword) => *keyword != Keyword::Without,
            _ => self.is_metric_name(),
        }
    }
}

/// Quoted, and cut after ten characters if over ten bytes long.
fn shortened(text: &str) -> String {
    if text.len() <= SHORT_TEXT {
        return quoted(text);
    }
    let cut: String = text.chars().take(SHORT_TEXT).collect();
    format!("{}...", quoted(&cut))
}

/// Messages show this many characters of a token.
const SHORT_TEXT: usize = 10;
