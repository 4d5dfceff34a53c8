//! `basic_auth`, `authorization` and `bearer_token`: who we say we are.

use std::path::Path;

use super::{OAuth2, Source, oauth2, stated, stated_text};
use crate::document::{Node, Schema, Section, YamlWriter};

/// How requests are authorised. A configuration can state one way only.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// `basic_auth`.
    Basic(BasicAuth),
    /// `authorization`, or the older `bearer_token`.
    Authorization(Authorization),
    /// `oauth2`.
    OAuth2(Box<OAuth2>),
}

/// `basic_auth`: name and password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BasicAuth {
    /// `username`, `username_file`.
    pub username: Source,
    /// `password`, `password_file`.
    pub password: Source,
}

/// `authorization`: the value of the header `Authorization`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authorization {
    /// `type`: `Bearer` unless stated.
    pub kind: String,
    /// `credentials`, `credentials_file`.
    pub credentials: Source,
}

impl Credentials {
    pub(super) fn set_directory(&mut self, folder: &Path) {
        match self {
            Self::None => {}
            Self::Basic(basic) => {
                basic.username.set_directory(folder);
                basic.password.set_directory(folder);
            }
            Self::Authorization(authorization) => authorization.credentials.set_directory(folder),
            Self::OAuth2(oauth2) => oauth2.set_directory(folder),
        }
    }
}

const BASIC_AUTH: Schema = Schema {
    type_name: "config.plain",
    keys: &[
        "username",
        "username_file",
        "username_ref",
        "password",
        "password_file",
        "password_ref",
    ],
};

const AUTHORIZATION: Schema = Schema {
    type_name: "config.Authorization",
    keys: &["type", "credentials", "credentials_file", "credentials_ref"],
};

const USERNAME: [&str; 3] = ["username", "username_file", "username_ref"];
const PASSWORD: [&str; 3] = ["password", "password_file", "password_ref"];
const CREDENTIALS: [&str; 3] = ["credentials", "credentials_file", "credentials_ref"];

/// Reads the one way that the section states; more than one is a problem.
pub(super) fn read(section: &Section<'_>) -> Credentials {
    let bearer = read_bearer(section);
    let basic_auth = stated(section, "basic_auth");
    let authorization = stated(section, "authorization");
    let oauth2 = stated(section, "oauth2");
    if let Some((key, message)) = conflict(
        bearer.is_some(),
        basic_auth.is_some(),
        authorization.is_some(),
        oauth2.is_some(),
    ) {
        section.reader.invalid(section.blame(key).place, message);
    }
    let read = basic_auth
        .and_then(|node| read_basic_auth(section, node))
        .map(Credentials::Basic)
        .or_else(|| {
            let node = authorization?;
            read_authorization(section, node).map(Credentials::Authorization)
        })
        .or_else(|| {
            let oauth2 = oauth2::read(section.reader, oauth2?)?;
            Some(Credentials::OAuth2(Box::new(oauth2)))
        });
    read.or(bearer.map(Credentials::Authorization))
        .unwrap_or_default()
}

/// What upstream says when several ways are stated, and of which key.
fn conflict(
    bearer: bool,
    basic_auth: bool,
    authorization: bool,
    oauth2: bool,
) -> Option<(&'static str, &'static str)> {
    if (basic_auth || oauth2) && bearer {
        let message = "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured";
        return Some((if basic_auth { "basic_auth" } else { "oauth2" }, message));
    }
    if authorization && bearer {
        let message = "authorization is not compatible with bearer_token & bearer_token_file";
        return Some(("authorization", message));
    }
    let several = [basic_auth, authorization, oauth2]
        .iter()
        .filter(|stated| **stated)
        .count()
        > 1;
    let message = "at most one of basic_auth, oauth2 & authorization must be configured";
    several.then_some((
        if authorization {
            "authorization"
        } else {
            "oauth2"
        },
        message,
    ))
}

fn read_bearer(section: &Section<'_>) -> Option<Authorization> {
    let token = Some(section.secret("bearer_token")).filter(|token| !token.is_empty());
    let file = stated_text(section, "bearer_token_file").map(Source::File);
    if token.is_some() && file.is_some() {
        section.reader.invalid(
            section.blame("bearer_token_file").place,
            "at most one of bearer_token & bearer_token_file must be configured",
        );
    }
    Some(Authorization {
        kind: BEARER.to_owned(),
        credentials: file.or(token.map(Source::Inline))?,
    })
}

fn read_basic_auth(outer: &Section<'_>, node: &Node) -> Option<BasicAuth> {
    let section = Section::open(outer.reader, node, &BASIC_AUTH)?;
    let username = Source::read(
        &section,
        USERNAME,
        "at most one of basic_auth username, username_file & username_ref must be configured",
    );
    let password = Source::read(
        &section,
        PASSWORD,
        "at most one of basic_auth password, password_file & password_ref must be configured",
    );
    Some(BasicAuth { username, password })
}

fn read_authorization(outer: &Section<'_>, node: &Node) -> Option<Authorization> {
    let section = Section::open(outer.reader, node, &AUTHORIZATION)?;
    let kind = section.text("type").unwrap_or_default();
    let kind = match kind.trim() {
        "" => BEARER,
        stated => stated,
    };
    if kind.eq_ignore_ascii_case("basic") {
        let message = "authorization type cannot be set to \"basic\", use \"basic_auth\" instead";
        section.reader.invalid(section.blame("type").place, message);
    }
    let excess = "at most one of authorization credentials & credentials_file must be configured";
    Some(Authorization {
        kind: kind.to_owned(),
        credentials: Source::read(&section, CREDENTIALS, excess),
    })
}

/// Writes what is stated.
pub(super) fn write(yaml: &mut YamlWriter, credentials: &Credentials) {
    match credentials {
        Credentials::None => {}
        Credentials::Basic(BasicAuth { username, password }) => {
            if username.is_none() && password.is_none() {
                return yaml.bare("basic_auth", "{}");
            }
            yaml.mapping("basic_auth", |yaml| {
                username.write(yaml, USERNAME, false);
                password.write(yaml, PASSWORD, true);
            });
        }
        Credentials::Authorization(authorization) => yaml.mapping("authorization", |yaml| {
            yaml.entry("type", &authorization.kind);
            authorization.credentials.write(yaml, CREDENTIALS, true);
        }),
        Credentials::OAuth2(oauth2) => yaml.mapping("oauth2", |yaml| oauth2::write(yaml, oauth2)),
    }
}

const BEARER: &str = "Bearer";
