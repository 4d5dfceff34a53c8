//! Looks names up: all names of the search list, at any of the servers.

use std::net::SocketAddr;
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use host::net::name_server::{ask_by_datagram, ask_by_stream};

use super::resolv::ResolverConfig;
use crate::world::World;

/// Looks names up as the machine's configuration says.
#[derive(Debug)]
pub(super) struct Lookup {
    world: World,
}

/// Why nothing is known about a name.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    #[error("could not load resolv.conf: {0}")]
    Configuration(String),
    #[error(
        "could not resolve {0:?}: all servers responded with errors to at least one search domain"
    )]
    Name(String),
}

impl Lookup {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// The records of a name; none if it has none.
    pub(super) async fn find(
        &self,
        name: &str,
        record_type: RecordType,
    ) -> Result<Vec<RData>, LookupError> {
        let text = self.world.read(RESOLV_CONF).await;
        let config = ResolverConfig::parse(&text.map_err(LookupError::Configuration)?);
        find(&config, name, record_type).await
    }
}

/// Asks for all names of the search list, until one has records. Nothing is only nothing when every
/// one of them was answered.
pub(super) async fn find(
    config: &ResolverConfig,
    name: &str,
    record_type: RecordType,
) -> Result<Vec<RData>, LookupError> {
    let mut all_answered = true;
    for full in config.names(name) {
        match ask_any(&config.servers, &full, record_type).await {
            Some(message) if !message.answers.is_empty() => {
                let answers = message.answers.into_iter();
                return Ok(answers.map(|record| record.data).collect());
            }
            Some(_) => {}
            None => all_answered = false,
        }
    }
    if all_answered {
        Ok(Vec::new())
    } else {
        Err(LookupError::Name(name.to_owned()))
    }
}

/// The first answer that says something: records, or that there is no such name.
async fn ask_any(servers: &[SocketAddr], name: &str, record_type: RecordType) -> Option<Message> {
    for server in servers {
        let answer = Box::pin(ask(*server, name, record_type)).await;
        match answer {
            Ok(message) => match message.metadata.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => return Some(message),
                code => tracing::debug!(%server, name, %code, "no usable answer"),
            },
            Err(error) => tracing::debug!(%server, name, %error, "no answer"),
        }
    }
    None
}

async fn ask(server: SocketAddr, name: &str, record_type: RecordType) -> Result<Message, String> {
    let name = Name::from_str(name).map_err(|error| error.to_string())?;
    let mut query = Message::query();
    query.metadata.recursion_desired = true;
    query.add_query(Query::query(name, record_type));
    let mut edns = Edns::new();
    edns.set_max_payload(MAX_PAYLOAD);
    query.set_edns(edns);
    let id = query.metadata.id;
    let bytes = query.to_vec().map_err(|error| error.to_string())?;
    let is_ours = |answer: &[u8]| answer.get(..2) == Some(&id.to_be_bytes());
    let answer = ask_by_datagram(server, &bytes, TIMEOUT, is_ours).await;
    let answer = decode(&answer.map_err(|error| error.to_string())?)?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    // Over a stream there is room for all of it, and no need to say how much we take.
    query.edns = None;
    let bytes = query.to_vec().map_err(|error| error.to_string())?;
    let answer = ask_by_stream(server, &bytes, TIMEOUT).await;
    let answer = decode(&answer.map_err(|error| error.to_string())?)?;
    if answer.metadata.truncation {
        return Err("got truncated message on TCP (64kiB limit exceeded?)".to_owned());
    }
    Ok(answer)
}

fn decode(bytes: &[u8]) -> Result<Message, String> {
    Message::from_vec(bytes).map_err(|error| error.to_string())
}

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of an answer in a datagram.
const MAX_PAYLOAD: u16 = 4096;
