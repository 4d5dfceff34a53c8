//! The few fields of a certificate that the TLS library does not tell: its validity and its names.

use std::net::IpAddr;

/// What is read of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// First and last second of validity, since 1970.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    /// Subject alternative names: host names, addresses, e-mail addresses, URIs.
    pub(super) names: Vec<String>,
}

/// Reads a certificate in DER. `None` if it has not the form of one.
pub(super) fn read(der: &[u8]) -> Option<Fields> {
    let mut certificate = Der(Der(der).expect(SEQUENCE)?);
    let mut body = Der(certificate.expect(SEQUENCE)?);
    body.skip_if(VERSION);
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        body.expect(tag)?; // serial number, algorithm, issuer
    }
    let mut validity = Der(body.expect(SEQUENCE)?);
    let not_before = read_time(validity.next()?)?;
    let not_after = read_time(validity.next()?)?;
    let mut names = Vec::new();
    while let Some((tag, content)) = body.next() {
        if tag == EXTENSIONS {
            names = read_names(content).unwrap_or_default();
        }
    }
    Some(Fields {
        not_before,
        not_after,
        names,
    })
}

fn read_names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut extensions = Der(Der(extensions).expect(SEQUENCE)?);
    while let Some((_, extension)) = extensions.next() {
        let mut extension = Der(extension);
        if extension.expect(OBJECT_IDENTIFIER)? != ALTERNATIVE_NAMES {
            continue;
        }
        extension.skip_if(BOOLEAN);
        let mut names = Der(Der(extension.expect(OCTET_STRING)?).expect(SEQUENCE)?);
        return Some(
            std::iter::from_fn(|| names.next())
                .filter_map(read_name)
                .collect(),
        );
    }
    Some(Vec::new())
}

fn read_name((tag, content): (u8, &[u8])) -> Option<String> {
    let text = || String::from_utf8(content.to_vec()).ok();
    match tag {
        EMAIL | HOST_NAME | URI => text(),
        ADDRESS => match content.len() {
            4 => <[u8; 4]>::try_from(content)
                .ok()
                .map(|four| IpAddr::from(four).to_string()),
            _ => <[u8; 16]>::try_from(content)
                .ok()
                .map(|all| IpAddr::from(all).to_string()),
        },
        _ => None,
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` as seconds since 1970.
fn read_time((tag, content): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let short: i64 = text.get(..2)?.parse().ok()?;
            (short + if short < 50 { 2000 } else { 1900 }, text.get(2..)?)
        }
        GENERALIZED_TIME => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let field = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i64>().ok();
    let text = format!(
        "{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        field(0)?,
        field(1)?,
        field(2)?,
        field(3)?,
        field(4)?
    );
    model::date::parse_rfc3339(&text).map(|millis| millis.div_euclid(1000))
}

/// Tagged values, one behind the other.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value with its tag.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, content)| content)
    }

    fn skip_if(&mut self, tag: u8) {
        if self.0.first() == Some(&tag) {
            self.next();
        }
    }
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const EMAIL: u8 = 0x81;
const HOST_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const ADDRESS: u8 = 0x87;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// 2.5.29.17
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_validity_are_read() {
        let names = [
            "example.org".to_owned(),
            "10.1.2.3".to_owned(),
            "::1".to_owned(),
        ];
        let certificate = rcgen::generate_simple_self_signed(names).unwrap();
        let fields = read(certificate.cert.der()).unwrap();
        assert_eq!(fields.names, ["example.org", "10.1.2.3", "::1"]);
        // 1975-01-01 to 4096-01-01
        assert_eq!(
            (fields.not_before, fields.not_after),
            (157_766_400, 67_090_118_400)
        );
        for length in 0..certificate.cert.der().len() {
            assert_eq!(read(&certificate.cert.der()[..length]), None);
        }
    }
}
