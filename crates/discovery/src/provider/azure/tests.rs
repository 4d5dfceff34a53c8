//! Machines and interfaces as the API describes them.

use super::*;
use crate::labels::shown;
use config::discovery::Discovery;

const MACHINE: &str = r#"{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web",
  "name": "web", "location": "westeurope", "type": "x", "instanceId": "7", "tags": {"env-x": "prod"},
  "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}, "osProfile": {"computerName": "web-host"},
    "hardwareProfile": {"vmSize": "Standard_D2"},
    "networkProfile": {"networkInterfaces": [{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic"}]}}}"#;
const PRIMARY: &str = r#"{"properties": {"primary": true, "ipConfigurations": [{"properties": {"privateIPAddress": "10.0.0.4",
  "publicIPAddress": {"properties": {"ipAddress": "20.0.0.1"}}}}]}}"#;

fn discovery() -> AzureDiscovery {
    let entry = "azure_sd_configs: [{subscription_id: s, tenant_id: t, client_id: c, client_secret: x, port: 9100}]";
    let Discovery::Azure(discovery) = crate::provider::tests::entry(entry) else {
        panic!("{entry}");
    };
    discovery
}

#[test]
fn machines_become_targets() {
    let machine: Machine = serde_json::from_str(MACHINE).unwrap();
    let machine = machine.of_scale_set("set");
    let mut labels = machine.labels(&discovery()).unwrap();
    let interface: Interface = serde_json::from_str(PRIMARY).unwrap();
    assert_eq!(
        interface.add_to(&mut labels, "web", 9100).unwrap(),
        Outcome::Complete
    );
    let group = TargetGroup {
        targets: vec![labels.build()],
        ..TargetGroup::default()
    };
    assert_eq!(
        shown(&[group])[1],
        "__address__=10.0.0.4:9100 azure_machine_computer_name=web-host \
         azure_machine_id=/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web \
         azure_machine_location=westeurope azure_machine_name=web azure_machine_os_type=Linux \
         azure_machine_private_ip=10.0.0.4 azure_machine_public_ip=20.0.0.1 \
         azure_machine_resource_group=rg azure_machine_scale_set=set azure_machine_size=Standard_D2 \
         azure_machine_tag_env_x=prod azure_subscription_id=s azure_tenant_id=t"
    );
    let id = machine.interfaces().next().unwrap();
    assert_eq!(
        machine.interface_path("s", id).unwrap(),
        "/subscriptions/s/resourceGroups/rg/providers/microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/7/networkInterfaces/nic"
    );
}

#[test]
fn only_a_primary_interface_with_an_address_makes_a_target() {
    let cases = [
        (r#"{}"#, Ok(Outcome::Secondary)),
        (r#"{"properties": {}}"#, Ok(Outcome::Deallocated)),
        (
            r#"{"properties": {"primary": false}}"#,
            Ok(Outcome::Secondary),
        ),
        (
            r#"{"properties": {"primary": true, "ipConfigurations": [{"properties": {}}]}}"#,
            Err("unable to find a private IP for VM web".to_owned()),
        ),
    ];
    for (json, want) in cases {
        let machine: Machine = serde_json::from_str(MACHINE).unwrap();
        let mut labels = machine.labels(&discovery()).unwrap();
        let interface: Interface = serde_json::from_str(json).unwrap();
        let got = interface.add_to(&mut labels, "web", 80);
        assert_eq!(got.map_err(|error| error.to_string()), want, "{json}");
    }
    assert!(resource_group("/subscriptions/s").is_err());
}
