//! Where in a page the escaper stands.

use std::fmt;

/// Everything that decides how the next value is to be escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) state: State,
    pub(super) delimiter: Delimiter,
    pub(super) url_part: UrlPart,
    /// What a slash would begin.
    pub(super) slash: Slash,
    /// Braces that are open in each `${…}` of a script's template text.
    pub(super) braces: Option<Vec<i64>>,
    pub(super) attribute: Attribute,
    pub(super) element: Element,
    /// Where a loop was left.
    pub(super) node: Option<Place>,
    pub(super) fault: Option<Box<Fault>>,
}

/// What is wrong with a page.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) place: Option<Place>,
    pub(super) text: String,
}

/// A place in a template, as messages name it.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) String);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Outside of tags, comments and special elements.
    #[default]
    Text,
    /// Before an attribute or the end of a tag.
    Tag,
    AttributeName,
    /// Behind the name of an attribute, before an equals sign.
    AfterName,
    /// Behind the equals sign.
    BeforeValue,
    HtmlComment,
    /// In `textarea` and `title`.
    RawText,
    /// In the value of an attribute that is text.
    Attribute,
    Url,
    SourceSet,
    Script,
    ScriptDouble,
    ScriptSingle,
    ScriptTemplate,
    ScriptRegex,
    ScriptBlockComment,
    ScriptLineComment,
    ScriptHtmlOpen,
    ScriptHtmlClose,
    Style,
    StyleDouble,
    StyleSingle,
    StyleDoubleUrl,
    StyleSingleUrl,
    StyleUrl,
    StyleBlockComment,
    StyleLineComment,
    Error,
    MetaContent,
    MetaContentUrl,
    /// Behind a break or continue.
    Dead,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delimiter {
    #[default]
    None,
    Double,
    Single,
    SpaceOrTagEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum UrlPart {
    #[default]
    None,
    BeforeQuery,
    QueryOrFragment,
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Slash {
    #[default]
    Regex,
    Division,
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Attribute {
    #[default]
    None,
    Script,
    ScriptType,
    Style,
    Url,
    SourceSet,
    MetaContent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Element {
    #[default]
    None,
    Script,
    Style,
    Textarea,
    Title,
    Meta,
}

impl Context {
    pub(super) fn of(state: State) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }

    /// A context in which nothing makes sense any more.
    pub(super) fn fault(place: Option<&Place>, text: impl Into<String>) -> Self {
        Self {
            state: State::Error,
            fault: Some(Box::new(Fault {
                place: place.cloned(),
                text: text.into(),
            })),
            ..Self::default()
        }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        let braces = |context: &Self| context.braces.clone().unwrap_or_default();
        self.state == other.state
            && self.delimiter == other.delimiter
            && self.url_part == other.url_part
            && self.slash == other.slash
            && braces(self) == braces(other)
            && self.attribute == other.attribute
            && self.element == other.element
    }

    /// The name of a template as it is when it is called here.
    pub(super) fn name_of(&self, template: &str) -> String {
        if self.state == State::Text {
            return template.to_owned();
        }
        let mut name = format!("{template}$htmltemplate_{}", self.state.name());
        let parts = [
            (self.delimiter != Delimiter::None).then(|| self.delimiter.name().to_owned()),
            (self.url_part != UrlPart::None).then(|| self.url_part.name().to_owned()),
            (self.slash != Slash::Regex).then(|| self.slash.name().to_owned()),
            self.braces
                .as_deref()
                .map(|braces| format!("jsBraceDepth({})", list(braces))),
            (self.attribute != Attribute::None).then(|| self.attribute.name().to_owned()),
            (self.element != Element::None).then(|| self.element.name().to_owned()),
        ];
        for part in parts.iter().flatten() {
            name.push('_');
            name.push_str(part);
        }
        name
    }

    /// The context in which a value that stands here is: past what begins without a character.
    pub(super) fn nudged(mut self) -> Self {
        match self.state {
            State::Tag => self.state = State::AttributeName,
            State::BeforeValue => {
                self.state = self.attribute.start();
                self.delimiter = Delimiter::SpaceOrTagEnd;
                self.attribute = Attribute::None;
            }
            State::AfterName => {
                self.state = State::AttributeName;
                self.attribute = Attribute::None;
            }
            _ => {}
        }
        self
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match &self.fault {
            Some(fault) => fault.message(""),
            None => "<nil>".to_owned(),
        };
        write!(
            f,
            "{{{} {} {} {} {} {} {} {fault}}}",
            self.state.name(),
            self.delimiter.name(),
            self.url_part.name(),
            self.slash.name(),
            list(self.braces.as_deref().unwrap_or_default()),
            self.attribute.name(),
            self.element.name(),
        )
    }
}

impl Fault {
    /// The message, in a template of this name.
    pub(super) fn message(&self, name: &str) -> String {
        let text = &self.text;
        match (&self.place, name) {
            (Some(Place(place)), _) => format!("html/template:{place}: {text}"),
            (None, "") => format!("html/template: {text}"),
            (None, name) => format!("html/template:{name}: {text}"),
        }
    }
}

fn list(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(" "))
}

impl State {
    pub(super) fn is_comment(self) -> bool {
        matches!(
            self,
            Self::HtmlComment
                | Self::ScriptBlockComment
                | Self::ScriptLineComment
                | Self::ScriptHtmlOpen
                | Self::ScriptHtmlClose
                | Self::StyleBlockComment
                | Self::StyleLineComment
        )
    }

    pub(super) fn is_in_tag(self) -> bool {
        matches!(
            self,
            Self::Tag | Self::AttributeName | Self::AfterName | Self::BeforeValue | Self::Attribute
        )
    }

    pub(super) fn is_in_script_literal(self) -> bool {
        matches!(
            self,
            Self::ScriptDouble | Self::ScriptSingle | Self::ScriptTemplate | Self::ScriptRegex
        )
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "stateText",
            Self::Tag => "stateTag",
            Self::AttributeName => "stateAttrName",
            Self::AfterName => "stateAfterName",
            Self::BeforeValue => "stateBeforeValue",
            Self::HtmlComment => "stateHTMLCmt",
            Self::RawText => "stateRCDATA",
            Self::Attribute => "stateAttr",
            Self::Url => "stateURL",
            Self::SourceSet => "stateSrcset",
            Self::Script => "stateJS",
            Self::ScriptDouble => "stateJSDqStr",
            Self::ScriptSingle => "stateJSSqStr",
            Self::ScriptTemplate => "stateJSTmplLit",
            Self::ScriptRegex => "stateJSRegexp",
            Self::ScriptBlockComment => "stateJSBlockCmt",
            Self::ScriptLineComment => "stateJSLineCmt",
            Self::ScriptHtmlOpen => "stateJSHTMLOpenCmt",
            Self::ScriptHtmlClose => "stateJSHTMLCloseCmt",
            Self::Style => "stateCSS",
            Self::StyleDouble => "stateCSSDqStr",
            Self::StyleSingle => "stateCSSSqStr",
            Self::StyleDoubleUrl => "stateCSSDqURL",
            Self::StyleSingleUrl => "stateCSSSqURL",
            Self::StyleUrl => "stateCSSURL",
            Self::StyleBlockComment => "stateCSSBlockCmt",
            Self::StyleLineComment => "stateCSSLineCmt",
            Self::Error => "stateError",
            Self::MetaContent => "stateMetaContent",
            Self::MetaContentUrl => "stateMetaContentURL",
            Self::Dead => "stateDead",
        }
    }
}

impl Delimiter {
    /// Characters that end the value.
    pub(super) fn ends(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Double => b"\"",
            Self::Single => b"'",
            Self::SpaceOrTagEnd => b" \t\n\x0c\r>",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "delimNone",
            Self::Double => "delimDoubleQuote",
            Self::Single => "delimSingleQuote",
            Self::SpaceOrTagEnd => "delimSpaceOrTagEnd",
        }
    }
}

impl UrlPart {
    fn name(self) -> &'static str {
        match self {
            Self::None => "urlPartNone",
            Self::BeforeQuery => "urlPartPreQuery",
            Self::QueryOrFragment => "urlPartQueryOrFrag",
            Self::Unknown => "urlPartUnknown",
        }
    }
}

impl Slash {
    fn name(self) -> &'static str {
        match self {
            Self::Regex => "jsCtxRegexp",
            Self::Division => "jsCtxDivOp",
            Self::Unknown => "jsCtxUnknown",
        }
    }
}

impl Attribute {
    /// The state at the beginning of the value.
    pub(super) fn start(self) -> State {
        match self {
            Self::None | Self::ScriptType => State::Attribute,
            Self::Script => State::Script,
            Self::Style => State::Style,
            Self::Url => State::Url,
            Self::SourceSet => State::SourceSet,
            Self::MetaContent => State::MetaContent,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "attrNone",
            Self::Script => "attrScript",
            Self::ScriptType => "attrScriptType",
            Self::Style => "attrStyle",
            Self::Url => "attrURL",
            Self::SourceSet => "attrSrcset",
            Self::MetaContent => "attrMetaContent",
        }
    }
}

impl Element {
    pub(super) fn of_name(name: &[u8]) -> Self {
        match name.to_ascii_lowercase().as_slice() {
            b"script" => Self::Script,
            b"style" => Self::Style,
            b"textarea" => Self::Textarea,
            b"title" => Self::Title,
            b"meta" => Self::Meta,
            _ => Self::None,
        }
    }

    /// The tag that ends the element.
    pub(super) fn end_tag(self) -> &'static [u8] {
        match self {
            Self::None | Self::Meta => b"",
            Self::Script => b"script",
            Self::Style => b"style",
            Self::Textarea => b"textarea",
            Self::Title => b"title",
        }
    }

    /// The state inside of the element.
    pub(super) fn content(self) -> State {
        match self {
            Self::None | Self::Meta => State::Text,
            Self::Script => State::Script,
            Self::Style => State::Style,
            Self::Textarea | Self::Title => State::RawText,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "elementNone",
            Self::Script => "elementScript",
            Self::Style => "elementStyle",
            Self::Textarea => "elementTextarea",
            Self::Title => "elementTitle",
            Self::Meta => "elementMeta",
        }
    }
}
