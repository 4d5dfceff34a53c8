//! Records and the targets that they become.

use super::*;
use crate::labels::shown;
use config::discovery::Discovery;
use hickory_proto::rr::Name;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, SRV};
use std::str::FromStr as _;

fn targets(entry: &str, records: &[RData]) -> Vec<String> {
    let entry = crate::provider::tests::entry(&format!("dns_sd_configs: [{entry}]"));
    let Discovery::Dns(discovery) = entry else {
        panic!("{entry:?}");
    };
    shown(&[group(&discovery, &discovery.names[0], records)])
}

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

#[test]
fn records_become_targets() {
    let records = [
        RData::SRV(SRV::new(0, 0, 3306, name("db1.example.com."))),
        RData::CNAME(CNAME(name("other."))),
    ];
    assert_eq!(
        targets("{names: [_mysql._tcp.db.example.com.]}", &records),
        [
            "[_mysql._tcp.db.example.com.]",
            "__address__=db1.example.com:3306 dns_name=_mysql._tcp.db.example.com. \
             dns_srv_record_port=3306 dns_srv_record_target=db1.example.com.",
        ]
    );
    let cases = [
        (
            "A",
            RData::A(A("192.0.2.2".parse().unwrap())),
            "__address__=192.0.2.2:80 dns_name=web",
        ),
        (
            "AAAA",
            RData::AAAA(AAAA("::1".parse().unwrap())),
            "__address__=[::1]:80 dns_name=web",
        ),
        (
            "MX",
            RData::MX(MX::new(0, name("mail.example.com."))),
            "__address__=mail.example.com:80 dns_mx_record_target=mail.example.com. dns_name=web",
        ),
        (
            "ns",
            RData::NS(NS(name("ns1."))),
            "__address__=ns1:80 dns_name=web dns_ns_record_target=ns1.",
        ),
    ];
    for (kind, record, want) in cases {
        let entry = format!("{{names: [web], type: {kind}, port: 80}}");
        assert_eq!(targets(&entry, &[record])[1], want, "{kind}");
    }
}

/// A name server: short answers by datagram, those about `big.` cut off there and whole over a
/// stream, failure for `broken.`, nothing for others.
async fn name_server() -> (std::net::SocketAddr, host::tasks::TaskGroup) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = host::net::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = tokio::net::UdpSocket::bind(address).await.unwrap();
    let mut tasks = host::tasks::TaskGroup::new();
    tasks.spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let answer = answer(&buffer[..length], true);
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    tasks.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let length = stream.read_u16().await.unwrap();
            let mut query = vec![0; usize::from(length)];
            stream.read_exact(&mut query).await.unwrap();
            let answer = answer(&query, false);
            let length = u16::try_from(answer.len()).unwrap();
            stream.write_u16(length).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    (address, tasks)
}

fn answer(query: &[u8], by_datagram: bool) -> Vec<u8> {
    use hickory_proto::op::{Message, OpCode, ResponseCode};
    use hickory_proto::rr::Record;
    let query = Message::from_vec(query).unwrap();
    let asked = query.queries[0].clone();
    let mut message = Message::response(query.metadata.id, OpCode::Query);
    let record = |last: u8| {
        let data = RData::A(A(std::net::Ipv4Addr::new(10, 0, 0, last)));
        Record::from_rdata(asked.name().clone(), 60, data)
    };
    match asked.name().to_utf8().as_str() {
        "web.test." => drop(message.add_answer(record(1))),
        "big." if by_datagram => message.metadata.truncation = true,
        "big." => drop(message.add_answers([record(2), record(3)])),
        "broken." => message.metadata.response_code = ResponseCode::ServFail,
        _ => message.metadata.response_code = ResponseCode::NXDomain,
    }
    message.add_query(asked);
    message.to_vec().unwrap()
}

#[tokio::test]
async fn names_are_looked_up() {
    let (address, _tasks) = name_server().await;
    let mut config = resolv::ResolverConfig::parse("search nowhere.test test\n");
    config.servers = vec![address];
    let find = |name: &'static str| lookup::find(&config, name, Asked::A);
    let shown =
        |records: Vec<RData>| -> Vec<String> { records.iter().map(ToString::to_string).collect() };
    assert_eq!(shown(find("web").await.unwrap()), ["10.0.0.1"]);
    assert_eq!(shown(find("big.").await.unwrap()), ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(shown(find("none.").await.unwrap()), Vec::<String>::new());
    let told = find("broken.").await.unwrap_err().to_string();
    let want = "could not resolve \"broken.\": all servers responded with errors to at least one search domain";
    assert_eq!(told, want);
}
