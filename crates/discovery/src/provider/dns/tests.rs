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
