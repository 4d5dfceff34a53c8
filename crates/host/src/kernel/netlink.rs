//! Network links and their addresses, asked for over a netlink socket (rtnetlink(7)).

use std::io;
use std::net::IpAddr;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// A network link, as the kernel describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Number of the link.
    pub index: i32,
    /// Hardware type (`ARPHRD_*`).
    pub hardware_type: u16,
    /// State bits (`IFF_*`).
    pub flags: u32,
    /// Name.
    pub name: String,
    /// Hardware address.
    pub address: Vec<u8>,
    /// Hardware address for all.
    pub broadcast: Vec<u8>,
    /// Second name, given by the administrator.
    pub alias: String,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Number of the link below, where that is another.
    pub lower: Option<u32>,
    /// Length of the queue of packets to send.
    pub queue_length: u32,
    /// Operational state by RFC 2863; 6 is up.
    pub operational_state: u8,
    /// Link mode.
    pub link_mode: u8,
    /// Group that the link was put into.
    pub group: u32,
    /// 1 if there is a carrier.
    pub carrier: Option<u8>,
    /// How often the carrier came or went.
    pub carrier_changes: Option<u32>,
    /// How often the carrier came.
    pub carrier_up_count: Option<u32>,
    /// How often the carrier went.
    pub carrier_down_count: Option<u32>,
    /// What went through; none for links that do not count.
    pub statistics: Option<LinkStatistics>,
}

/// What went through a link since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names are those of `struct rtnl_link_stats64`, which documents them"
)]
pub struct LinkStatistics {
    pub receive_packets: u64,
    pub transmit_packets: u64,
    pub receive_bytes: u64,
    pub transmit_bytes: u64,
    pub receive_errors: u64,
    pub transmit_errors: u64,
    pub receive_dropped: u64,
    pub transmit_dropped: u64,
    pub multicast: u64,
    pub collisions: u64,
    pub receive_length_errors: u64,
    pub receive_over_errors: u64,
    pub receive_crc_errors: u64,
    pub receive_frame_errors: u64,
    pub receive_fifo_errors: u64,
    pub receive_missed_errors: u64,
    pub transmit_aborted_errors: u64,
    pub transmit_carrier_errors: u64,
    pub transmit_fifo_errors: u64,
    pub transmit_heartbeat_errors: u64,
    pub transmit_window_errors: u64,
    pub receive_compressed: u64,
    pub transmit_compressed: u64,
    pub receive_nohandler: u64,
}

/// An address that a link has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkAddress {
    /// Number of the link.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Leading bits that name the network.
    pub prefix_length: u8,
}

/// All links of this network namespace with their statistics.
///
/// # Errors
/// As the operating system says, or `InvalidData` if the answer makes no sense.
pub fn links() -> io::Result<Vec<Link>> {
    let mut links = Vec::new();
    // Body: struct ifinfomsg of zeros, for all links of all families.
    dump(GET_LINK, &[0; 16], |kind, body| {
        if kind == NEW_LINK {
            links.extend(parse_link(body));
        }
    })?;
    Ok(links)
}

/// All addresses of all links of this network namespace.
///
/// # Errors
/// As the operating system says, or `InvalidData` if the answer makes no sense.
pub fn link_addresses() -> io::Result<Vec<LinkAddress>> {
    let mut addresses = Vec::new();
    // Body: struct ifaddrmsg of zeros, for all families.
    dump(GET_ADDRESS, &[0; 8], |kind, body| {
        if kind == NEW_ADDRESS {
            addresses.extend(parse_address(body));
        }
    })?;
    Ok(addresses)
}

// Message types and flags of linux/netlink.h and linux/rtnetlink.h.
const MESSAGE_ERROR: u16 = 2;
const MESSAGE_DONE: u16 = 3;
const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const REQUEST_DUMP: u16 = 0x301;
/// The kernel fills up to 32 KiB in one answer if the reader has room.
const ANSWER_SIZE: usize = 32 << 10;

/// Asks for a table and hands each message of the answer to `take`, by type and body.
fn dump(kind: u16, body: &[u8], mut take: impl FnMut(u16, &[u8])) -> io::Result<()> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::net::send(&socket, &request(kind, body), SendFlags::empty())?;
    let mut answer = vec![0; ANSWER_SIZE];
    loop {
        let (length, _) = rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
        let part = answer.get(..length).unwrap_or_default();
        if part.is_empty() || read_messages(part, &mut take)? {
            return Ok(());
        }
    }
}

fn request(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap_or_default();
    let mut message = Vec::with_capacity(16 + body.len());
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(REQUEST_DUMP.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes()); // sequence number
    message.extend(0_u32.to_ne_bytes()); // sender: the kernel fills it in
    message.extend(body);
    message
}

/// Reads the messages of one part; true after the last message of all.
fn read_messages(mut part: &[u8], take: &mut impl FnMut(u16, &[u8])) -> io::Result<bool> {
    while let (Some(length), Some(kind)) = (u32_at(part, 0), u16_at(part, 4)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let body = part.get(16..length).ok_or(io::ErrorKind::InvalidData)?;
        match kind {
            MESSAGE_DONE => return Ok(true),
            MESSAGE_ERROR => {
                let code = u32_at(body, 0).map_or(0, u32::cast_signed);
                return Err(io::Error::from_raw_os_error(code.saturating_neg()));
            }
            _ => take(kind, body),
        }
        part = part.get(aligned(length)..).unwrap_or_default();
    }
    Ok(false)
}

fn parse_link(body: &[u8]) -> Option<Link> {
    let mut link = Link {
        hardware_type: u16_at(body, 2)?,
        index: u32_at(body, 4)?.cast_signed(),
        flags: u32_at(body, 8)?,
        ..Link::default()
    };
    for (kind, value) in attributes(body.get(16..)?) {
        match kind {
            1 => link.address = value.to_vec(),
            2 => link.broadcast = value.to_vec(),
            3 => link.name = text(value),
            4 => link.mtu = u32_at(value, 0)?,
            5 => link.lower = u32_at(value, 0),
            13 => link.queue_length = u32_at(value, 0)?,
            16 => link.operational_state = *value.first()?,
            17 => link.link_mode = *value.first()?,
            20 => link.alias = text(value),
            23 => link.statistics = Some(parse_statistics(value)),
            27 => link.group = u32_at(value, 0)?,
            33 => link.carrier = value.first().copied(),
            35 => link.carrier_changes = u32_at(value, 0),
            47 => link.carrier_up_count = u32_at(value, 0),
            48 => link.carrier_down_count = u32_at(value, 0),
            _ => {}
        }
    }
    (!link.name.is_empty()).then_some(link)
}

/// Reads the counters that the kernel knows; older kernels send fewer, which stay 0.
fn parse_statistics(value: &[u8]) -> LinkStatistics {
    let mut numbers = value.chunks_exact(8).map(|chunk| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        u64::from_ne_bytes(bytes)
    });
    let mut next = || numbers.next().unwrap_or_default();
    // Fields are evaluated in the order written, which is the order of the kernel's structure.
    LinkStatistics {
        receive_packets: next(),
        transmit_packets: next(),
        receive_bytes: next(),
        transmit_bytes: next(),
        receive_errors: next(),
        transmit_errors: next(),
        receive_dropped: next(),
        transmit_dropped: next(),
        multicast: next(),
        collisions: next(),
        receive_length_errors: next(),
        receive_over_errors: next(),
        receive_crc_errors: next(),
        receive_frame_errors: next(),
        receive_fifo_errors: next(),
        receive_missed_errors: next(),
        transmit_aborted_errors: next(),
        transmit_carrier_errors: next(),
        transmit_fifo_errors: next(),
        transmit_heartbeat_errors: next(),
        transmit_window_errors: next(),
        receive_compressed: next(),
        transmit_compressed: next(),
        receive_nohandler: next(),
    }
}

/// The local address if the message has one (point-to-point links), else the address.
fn parse_address(body: &[u8]) -> Option<LinkAddress> {
    let mut address = None;
    for (kind, value) in attributes(body.get(8..)?) {
        match kind {
            1 => address = address.or(ip(value)),
            2 => address = ip(value).or(address),
            _ => {}
        }
    }
    Some(LinkAddress {
        index: u32_at(body, 4)?,
        prefix_length: *body.get(1)?,
        address: address?,
    })
}

/// Type and value of each attribute, up to the first that is cut off.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        // The two highest bits are flags.
        let kind = u16_at(bytes, 2)? & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_ne_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

fn text(value: &[u8]) -> String {
    let value = value.strip_suffix(b"\0").unwrap_or(value);
    String::from_utf8_lossy(value).into_owned()
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(value) {
        return Some(IpAddr::from(bytes));
    }
    <[u8; 16]>::try_from(value).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = request(kind, body);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn link_body() -> Vec<u8> {
        let mut body = vec![0, 0];
        body.extend(1_u16.to_ne_bytes());
        body.extend(7_i32.to_ne_bytes());
        body.extend(0x43_u32.to_ne_bytes());
        body.extend(0_u32.to_ne_bytes());
        body.extend(attribute(3, b"eth0\0"));
        body.extend(attribute(1, &[2, 0, 0, 0, 0, 1]));
        body.extend(attribute(4, &1500_u32.to_ne_bytes()));
        body.extend(attribute(33, &[1]));
        let counters: Vec<u8> = (1..=24_u64).flat_map(u64::to_ne_bytes).collect();
        body.extend(attribute(23, &counters));
        body
    }

    #[test]
    fn a_link_is_read_with_its_statistics() {
        let link = parse_link(&link_body()).unwrap();
        assert_eq!(
            (link.name.as_str(), link.index, link.mtu),
            ("eth0", 7, 1500)
        );
        assert_eq!(link.carrier, Some(1));
        let statistics = link.statistics.unwrap();
        assert_eq!(statistics.receive_packets, 1);
        assert_eq!(statistics.collisions, 10);
        assert_eq!(statistics.receive_nohandler, 24);
    }

    #[test]
    fn an_address_prefers_the_local_side() {
        let mut body = vec![2, 24, 0, 0];
        body.extend(3_u32.to_ne_bytes());
        let far = [body.clone(), attribute(1, &[10, 0, 0, 1])].concat();
        assert_eq!(parse_address(&far).unwrap().address.to_string(), "10.0.0.1");
        let near = [far, attribute(2, &[10, 0, 0, 2])].concat();
        let address = parse_address(&near).unwrap();
        assert_eq!(address.address.to_string(), "10.0.0.2");
        assert_eq!((address.index, address.prefix_length), (3, 24));
        assert_eq!(parse_address(&body), None);
    }

    #[test]
    fn messages_end_with_done_and_errors_are_told() {
        let mut kinds = Vec::new();
        let mut take = |kind, _: &[u8]| kinds.push(kind);
        let part = [message(NEW_LINK, &[1]), message(NEW_LINK, &[])].concat();
        assert!(!read_messages(&part, &mut take).unwrap());
        assert!(read_messages(&message(MESSAGE_DONE, &[]), &mut take).unwrap());
        let error = message(MESSAGE_ERROR, &(-1_i32).to_ne_bytes());
        let error = read_messages(&error, &mut take).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(kinds, [NEW_LINK, NEW_LINK]);
    }

    #[test]
    fn cut_bytes_are_errors_never_panics() {
        let body = link_body();
        let whole = message(NEW_LINK, &body);
        for end in 0..whole.len() {
            let cut = whole.get(..end).unwrap();
            let outcome = read_messages(cut, &mut |_, body| drop(parse_link(body)));
            assert_eq!(outcome.is_err(), end >= 6, "{end}");
        }
        for end in 0..body.len() {
            drop(parse_link(body.get(..end).unwrap()));
        }
        assert_eq!(attributes(&[0; 16]).count(), 0);
    }

    #[test]
    fn this_machine_has_a_loopback_link() {
        let links = links().unwrap();
        assert!(
            links
                .iter()
                .any(|link| link.name == "lo" && link.statistics.is_some())
        );
        drop(link_addresses().unwrap());
    }
}
