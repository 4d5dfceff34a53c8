//! Machines as the API describes them.

use std::sync::Arc;

use super::*;
use crate::labels::shown;
use config::discovery::Discovery;
use exposition::Registry;
use host::clock::SimulatedClock;
use host::fs::SimulatedFs;
use host::pool::Pool;

fn provider(entry: &str) -> Ec2Provider {
    let entry = crate::provider::tests::entry(&format!("ec2_sd_configs: [{entry}]"));
    let Discovery::Ec2(discovery) = entry else {
        panic!("{entry:?}");
    };
    let world = World::new(
        Arc::new(SimulatedFs::default()),
        Arc::new(SimulatedClock::at(0)),
        Arc::new(Pool::new("ec2-test", 1).unwrap()),
        &Registry::new(),
        |_| None,
    );
    Ec2Provider::new(discovery, &world)
}

const INSTANCES: &str = r#"<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
<reservationSet><item><ownerId>owner-id</ownerId><instancesSet><item>
 <instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
 <privateDnsName>ip-10-0-0-1.internal</privateDnsName><dnsName>ec2-1.test</dnsName><instanceType>m5.large</instanceType>
 <placement><availabilityZone>eu-west-1a</availabilityZone></placement><privateIpAddress>10.0.0.1</privateIpAddress>
 <ipAddress>52.0.0.1</ipAddress><architecture>x86_64</architecture><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId>
 <networkInterfaceSet>
  <item><subnetId>subnet-1</subnetId><attachment><deviceIndex>0</deviceIndex></attachment>
   <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item></ipv6AddressesSet></item>
  <item><subnetId>subnet-2</subnetId><attachment><deviceIndex>1</deviceIndex></attachment>
   <ipv6AddressesSet><item><ipv6Address>2001:db8::2</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
  <item><subnetId>subnet-1</subnetId></item>
 </networkInterfaceSet>
 <tagSet><item><key>Name</key><value>web &amp; db</value></item><item><key>a:b</key><value>c</value></item></tagSet>
</item>
<item><instanceId>i-2</instanceId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>"#;

#[test]
fn machines_become_targets() {
    let mut provider = provider("{region: eu-west-1, port: 9100}");
    provider.zones = Some(HashMap::from([(
        "eu-west-1a".to_owned(),
        "euw1-az2".to_owned(),
    )]));
    let root = xml::parse(INSTANCES).unwrap();
    let reservation = root.items("reservationSet").next().unwrap();
    let owner = reservation.text_of("ownerId");
    let instances = reservation.items("instancesSet");
    let group = TargetGroup {
        targets: instances
            .filter_map(|instance| provider.target(instance, owner, "eu-west-1"))
            .collect(),
        ..TargetGroup::default()
    };
    assert_eq!(
        shown(&[group])[1..],
        [
            "__address__=10.0.0.1:9100 ec2_ami=ami-1 ec2_architecture=x86_64 \
          ec2_availability_zone=eu-west-1a ec2_availability_zone_id=euw1-az2 ec2_instance_id=i-1 \
          ec2_instance_state=running ec2_instance_type=m5.large \
          ec2_ipv6_addresses=,2001:db8::1,2001:db8::2, ec2_owner_id=owner-id \
          ec2_primary_ipv6_addresses=,,2001:db8::2, ec2_primary_subnet_id=subnet-1 \
          ec2_private_dns_name=ip-10-0-0-1.internal ec2_private_ip=10.0.0.1 \
          ec2_public_dns_name=ec2-1.test ec2_public_ip=52.0.0.1 ec2_region=eu-west-1 \
          ec2_subnet_id=,subnet-1,subnet-2, ec2_tag_Name=web & db ec2_tag_a_b=c ec2_vpc_id=vpc-1"
        ]
    );
}

#[test]
fn filters_become_parameters() {
    let provider = provider(
        "{region: a, filters: [{name: tag:x, values: [b, c]}, {name: state, values: [d]}]}",
    );
    let filters: Vec<String> = provider
        .filters()
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        filters,
        [
            "Filter.1.Name=tag:x",
            "Filter.1.Value.1=b",
            "Filter.1.Value.2=c",
            "Filter.2.Name=state",
            "Filter.2.Value.1=d",
        ]
    );
}
