//! URLs as Go reads them: what it accepts is accepted, what it refuses is refused in its words.

use std::fmt;

use model::quote::quoted;

use crate::secret::Secret;

/// A URL. It prints with `xxxxx` in place of a password, as upstream shows it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Url {
    /// Lower case, without the colon; empty for a relative reference.
    scheme: String,
    user: Option<User>,
    /// Host and port as written, an IPv6 address in brackets.
    host: String,
    /// From the path on: path, query, without the fragment.
    path_and_query: String,
    fragment: String,
}

/// Who asks, as a URL says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The name, decoded.
    pub name: String,
    /// The password, decoded.
    pub password: Option<Secret>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// What Go's `url.Parse` says of it: `parse "::": missing protocol scheme`.
    pub fn parse(text: &str) -> Result<Self, String> {
        read(text).map_err(|reason| format!("parse {}: {reason}", quoted(text)))
    }

    /// The scheme in lower case; empty if none is stated.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Name and password, if the URL has them.
    pub fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Host, and port if one is stated: `example.org:8080`, `[::1]`.
    pub fn authority(&self) -> &str {
        &self.host
    }

    /// The host alone, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        split_port(&self.host).0
    }

    /// The port that is stated.
    pub fn port(&self) -> Option<&str> {
        split_port(&self.host).1
    }

    /// Path and query, as a request for an origin has them: at least `/`.
    pub fn path_and_query(&self) -> String {
        match self.path_and_query.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'?') => format!("/{}", self.path_and_query),
            Some(_) => self.path_and_query.clone(),
        }
    }

    /// The path alone, as written; it may be empty.
    pub fn path(&self) -> &str {
        let path = &self.path_and_query;
        path.split_once('?').map_or(path, |(path, _)| path)
    }

    /// The query alone, as written.
    pub fn query(&self) -> Option<&str> {
        self.path_and_query.split_once('?').map(|(_, query)| query)
    }

    /// The URL that `reference` names, seen from here: a whole one, or a path.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn join(&self, reference: &str) -> Result<Self, String> {
        let mut url = Self::parse(reference)?;
        if !url.scheme.is_empty() {
            return Ok(url);
        }
        url.scheme.clone_from(&self.scheme);
        if !url.host.is_empty() {
            return Ok(url);
        }
        url.host.clone_from(&self.host);
        url.user.clone_from(&self.user);
        let (path, query) = match url.path_and_query.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (url.path_and_query.clone(), None),
        };
        let (path, query) = if path.is_empty() {
            let inherited = || self.query().map(str::to_owned);
            (self.path().to_owned(), query.or_else(inherited))
        } else if path.starts_with('/') {
            (without_dots(&path), query)
        } else {
            let folder = self
                .path()
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            (without_dots(&format!("{folder}/{path}")), query)
        };
        url.path_and_query = match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        Ok(url)
    }

    /// The whole URL with its password, for those who send it on.
    pub fn expose(&self) -> String {
        let password = |secret: &Secret| encode_user_info(secret.expose());
        self.print(&password)
    }

    fn print(&self, password: &dyn Fn(&Secret) -> String) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if !self.host.is_empty() || self.user.is_some() {
            out.push_str("//");
        }
        if let Some(user) = &self.user {
            out.push_str(&encode_user_info(&user.name));
            if let Some(secret) = &user.password {
                out.push(':');
                out.push_str(&password(secret));
            }
            out.push('@');
        }
        out.push_str(&self.host);
        out.push_str(&self.path_and_query);
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&self.fragment);
        }
        out
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print(&|_| "xxxxx".to_owned()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn read(text: &str) -> Result<Url, String> {
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    check_escapes(fragment)?;
    let (scheme, rest) = take_scheme(text)?;
    let mut url = Url {
        scheme: scheme.to_ascii_lowercase(),
        fragment: fragment.to_owned(),
        ..Url::default()
    };
    let before_query = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            // Opaque, as `mailto:someone`.
            url.path_and_query = rest.to_owned();
            return Ok(url);
        }
        let first_segment = before_query.split('/').next().unwrap_or_default();
        if first_segment.contains(':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let mut path = rest;
    let has_authority = rest.starts_with("//") && (!scheme.is_empty() || !rest.starts_with("///"));
    if has_authority {
        let after = rest.strip_prefix("//").unwrap_or_default();
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, remaining) = after.split_at(end);
        (url.user, url.host) = read_authority(authority)?;
        path = remaining;
    }
    check_escapes(path.split('?').next().unwrap_or_default())?;
    url.path_and_query = path.to_owned();
    Ok(url)
}

/// The scheme before the first colon, if what stands there can be one.
fn take_scheme(text: &str) -> Result<(&str, &str), String> {
    for (index, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => {
                let (scheme, rest) = text.split_at(index);
                return Ok((scheme, rest.strip_prefix(':').unwrap_or_default()));
            }
            _ => break,
        }
    }
    Ok(("", text))
}

fn read_authority(authority: &str) -> Result<(Option<User>, String), String> {
    let Some((user_info, host)) = authority.rsplit_once('@') else {
        check_host(authority)?;
        return Ok((None, authority.to_owned()));
    };
    check_host(host)?;
    let is_valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user_info.chars().all(is_valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let (name, password) = match user_info.split_once(':') {
        Some((name, password)) => (name, Some(Secret::new(decode(password)?))),
        None => (user_info, None),
    };
    let user = User {
        name: decode(name)?,
        password,
    };
    Ok((Some(user), host.to_owned()))
}

fn check_host(host: &str) -> Result<(), String> {
    let after_host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let end = bracketed.rfind(']');
            let end = end.ok_or_else(|| "missing ']' in host".to_owned())?;
            bracketed.get(end + 1..).unwrap_or_default()
        }
        None => host.rfind(':').map_or("", |colon| {
            let (_, port) = host.split_at(colon);
            port
        }),
    };
    let is_port = after_host.is_empty()
        || after_host
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    if !is_port {
        return Err(format!("invalid port {} after host", quoted(after_host)));
    }
    if host.contains('%') {
        check_escapes(host)?;
    }
    let is_valid = |c: char| {
        !c.is_ascii() || c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:[]<>\"%".contains(c)
    };
    match host.chars().find(|c| !is_valid(*c)) {
        Some(c) => Err(format!(
            "invalid character {} in host name",
            quoted(&c.to_string())
        )),
        None => Ok(()),
    }
}

fn check_escapes(text: &str) -> Result<(), String> {
    decode(text).map(|_| ())
}

/// Decodes `%41`.
fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |index: usize| {
            let byte = after.get(index).copied()?;
            char::from(byte)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            let shown: Vec<u8> = [b'%'].iter().chain(after).copied().take(3).collect();
            let shown = String::from_utf8_lossy(&shown).into_owned();
            return Err(format!("invalid URL escape {}", quoted(&shown)));
        };
        bytes.push(high << 4 | low);
        rest = after.get(2..).unwrap_or_default();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

fn encode_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~$&+,;=".contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Host without brackets, and port.
fn split_port(host: &str) -> (&str, Option<&str>) {
    if let Some(bracketed) = host.strip_prefix('[') {
        return match bracketed.rsplit_once(']') {
            Some((address, port)) => (address, port.strip_prefix(':')),
            None => (bracketed, None),
        };
    }
    match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_accepts_is_taken_apart() {
        let url = Url::parse("HTTPS://us%20er:p%40ss@[::1]:80/a/b?c=d#e").unwrap();
        assert_eq!(url.scheme(), "https");
        let user = url.user().unwrap();
        assert_eq!(user.name, "us er");
        assert_eq!(user.password.as_ref().unwrap().expose(), "p@ss");
        assert_eq!((url.host(), url.port()), ("::1", Some("80")));
        assert_eq!(url.authority(), "[::1]:80");
        assert_eq!(url.path_and_query(), "/a/b?c=d");
        assert_eq!((url.path(), url.query()), ("/a/b", Some("c=d")));
        assert_eq!(url.to_string(), "https://us%20er:xxxxx@[::1]:80/a/b?c=d#e");
        assert_eq!(url.expose(), "https://us%20er:p%40ss@[::1]:80/a/b?c=d#e");
        let shown = [
            "",
            "a/b",
            "http://a\"b:80/",
            "a:b@c/d",
            "http://a?x",
            "/x",
            "ftp://x",
        ];
        for text in shown {
            assert_eq!(Url::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Url::parse("http://a?x").unwrap().path_and_query(), "/?x");
    }

    #[test]
    fn references_are_seen_from_where_we_are() {
        let here = Url::parse("http://web:80/a/b?c=d").unwrap();
        let cases = [
            ("http://other:1/x?y=z", "http://other:1/x?y=z"),
            ("HTTPS://other", "https://other"),
            ("//other/x", "http://other/x"),
            ("/x", "http://web:80/x"),
            ("x", "http://web:80/a/x"),
            ("../x/./y/..", "http://web:80/x/"),
            ("?x=y", "http://web:80/a/b?x=y"),
            ("", "http://web:80/a/b?c=d"),
        ];
        for (reference, want) in cases {
            assert_eq!(here.join(reference).unwrap().to_string(), want);
        }
    }

    #[test]
    fn what_go_refuses_is_refused_in_its_words() {
        let cases = [
            ("::", "missing protocol scheme"),
            ("http://[::1", "missing ']' in host"),
            ("1a:80", "first path segment in URL cannot contain colon"),
            ("http://a%zz/", "invalid URL escape \"%zz\""),
            ("http://a/%z", "invalid URL escape \"%z\""),
            ("http://a b/", "invalid character \" \" in host name"),
            ("http://u u:p@b:80/", "net/url: invalid userinfo"),
            (
                "http://b\u{1}:80/",
                "net/url: invalid control character in URL",
            ),
            ("http://b:8a", "invalid port \":8a\" after host"),
            ("http://a b:%zz", "invalid port \":%zz\" after host"),
        ];
        for (text, want) in cases {
            let want = format!("parse {}: {want}", quoted(text));
            assert_eq!(Url::parse(text).unwrap_err(), want);
        }
    }
}
