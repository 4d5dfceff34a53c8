//! XML as some APIs answer with it, Amazon's and Eureka's: elements, attributes and text.

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The name without its namespace.
    pub name: String,
    /// Attributes in their order, names without namespaces.
    pub attributes: Vec<(String, String)>,
    /// The elements directly inside.
    pub children: Vec<Element>,
    /// All text directly inside, without the space around it.
    pub text: String,
}

/// The text is no XML document, from this byte on.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("XML syntax error at byte {at}: {reason}")]
pub struct XmlError {
    at: usize,
    reason: &'static str,
}

impl Element {
    /// The first child with this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child with this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The items of a list: the children `item` of the child with this name.
    pub fn items<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.all(name).flat_map(|list| list.all("item"))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads a document: its root element.
///
/// # Errors
/// Tags do not fit together, something is cut off, or elements are nested deeper than anything that
/// means well.
pub fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_prolog()?;
    reader.element(0)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, reason: &'static str) -> Result<T, XmlError> {
        Err(XmlError {
            at: self.at,
            reason,
        })
    }

    /// Takes what comes before `end`, and `end`.
    fn until(&mut self, end: &str) -> Result<&'a str, XmlError> {
        let Some(length) = self.rest().find(end) else {
            return self.fail("unexpected end");
        };
        let taken = &self.rest()[..length];
        self.at += length + end.len();
        Ok(taken)
    }

    /// Skips declarations, comments and space before an element.
    fn skip_prolog(&mut self) -> Result<(), XmlError> {
        loop {
            let rest = self.rest();
            self.at += rest.len()
                - rest
                    .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
                    .len();
            let rest = self.rest();
            if rest.starts_with("<?") {
                self.until("?>")?;
            } else if rest.starts_with("<!--") {
                self.until("-->")?;
            } else if rest.starts_with("<!") {
                self.until(">")?;
            } else {
                return Ok(());
            }
        }
    }

    fn element(&mut self, depth: usize) -> Result<Element, XmlError> {
        if depth > MAX_DEPTH {
            return self.fail("too deeply nested");
        }
        if !self.rest().starts_with('<') {
            return self.fail("expected an element");
        }
        self.at += 1;
        let tag = self.tag()?;
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(end);
        if name.is_empty() {
            return self.fail("expected a name");
        }
        let mut element = Element {
            name: local(name).to_owned(),
            attributes: self.attributes(attributes)?,
            ..Element::default()
        };
        if !is_empty {
            self.contents(&mut element, name, depth)?;
        }
        Ok(element)
    }

    /// The inside of a tag, in which a quoted value may hold `>`.
    fn tag(&mut self) -> Result<&'a str, XmlError> {
        let mut quote = None;
        for (index, c) in self.rest().char_indices() {
            match (quote, c) {
                (None, '>') => {
                    let tag = &self.rest()[..index];
                    self.at += index + 1;
                    return Ok(tag);
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                _ => {}
            }
        }
        self.fail("unexpected end")
    }

    fn attributes(&self, mut text: &str) -> Result<Vec<(String, String)>, XmlError> {
        let mut attributes = Vec::new();
        loop {
            text = text.trim_start();
            if text.is_empty() {
                return Ok(attributes);
            }
            let Some((name, value)) = text.split_once('=') else {
                return self.fail("attribute without a value");
            };
            let value = value.trim_start();
            let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                return self.fail("attribute without quotes");
            };
            let Some((value, rest)) = value[1..].split_once(quote) else {
                return self.fail("unexpected end");
            };
            attributes.push((local(name.trim()).to_owned(), unescaped(value)));
            text = rest;
        }
    }

    fn contents(
        &mut self,
        element: &mut Element,
        name: &str,
        depth: usize,
    ) -> Result<(), XmlError> {
        loop {
            let Some(length) = self.rest().find('<') else {
                return self.fail("unexpected end");
            };
            element.text.push_str(&unescaped(&self.rest()[..length]));
            self.at += length;
            let rest = self.rest();
            if let Some(end) = rest.strip_prefix("</") {
                let end = end.split('>').next().unwrap_or_default();
                if end.trim() != name {
                    return self.fail("end tag of another element");
                }
                self.until(">")?;
                let trimmed = element.text.trim();
                element.text = trimmed.to_owned();
                return Ok(());
            } else if rest.starts_with("<![CDATA[") {
                self.at += "<![CDATA[".len();
                element.text.push_str(self.until("]]>")?);
            } else if rest.starts_with("<!--") {
                self.until("-->")?;
            } else if rest.starts_with("<?") {
                self.until("?>")?;
            } else {
                element.children.push(self.element(depth + 1)?);
            }
        }
    }
}

/// A name without its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after
            .split_once(';')
            .and_then(|(entity, after)| Some((character(entity)?, after)));
        match entity {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Answers of APIs are a handful of levels deep.
const MAX_DEPTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read() {
        let root = parse(
            "<?xml version=\"1.0\"?>\n<!-- x --><a xmlns='http://x/' b=\"1 &gt; 2>\">\n\
             <ns:c>t&amp;&#x41;&unknown;</ns:c><c/><l><item>1</item><item><![CDATA[<2>]]></item></l></a>",
        )
        .unwrap();
        assert_eq!(root.attribute("b"), Some("1 > 2>"));
        assert_eq!(root.text_of("c"), Some("t&A&unknown;"));
        assert_eq!(root.all("c").count(), 2);
        let items: Vec<&str> = root.items("l").map(|item| item.text.as_str()).collect();
        assert_eq!(items, ["1", "<2>"]);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(10_000);
        let bad = [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=1></a>",
            "<a",
            "<>x</>",
            "<a b='",
            &deep,
        ];
        for text in bad {
            assert!(parse(text).is_err(), "{text:.20}");
        }
    }
}
