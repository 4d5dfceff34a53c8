//! Machines and their network interfaces as the API describes them.

use std::collections::BTreeMap;

use config::discovery::AzureDiscovery;
use serde::Deserialize;

use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

/// A machine, which a scale set may have made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Machine {
    id: String,
    pub(super) name: String,
    location: String,
    instance_id: String,
    tags: Option<BTreeMap<String, String>>,
    properties: Properties,
    #[serde(skip)]
    scale_set: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    storage_profile: StorageProfile,
    network_profile: NetworkProfile,
    os_profile: OsProfile,
    hardware_profile: HardwareProfile,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StorageProfile {
    os_disk: OsDisk,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OsDisk {
    os_type: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NetworkProfile {
    network_interfaces: Vec<Reference>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Reference {
    id: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OsProfile {
    computer_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HardwareProfile {
    vm_size: String,
}

/// A network interface.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Interface {
    properties: Option<InterfaceProperties>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct InterfaceProperties {
    primary: Option<bool>,
    #[serde(rename = "ipConfigurations")]
    configurations: Vec<IpConfiguration>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct IpConfiguration {
    properties: IpProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct IpProperties {
    #[serde(rename = "privateIPAddress")]
    private: Option<String>,
    #[serde(rename = "publicIPAddress")]
    public: Option<PublicAddress>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PublicAddress {
    properties: PublicProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PublicProperties {
    #[serde(rename = "ipAddress")]
    address: Option<String>,
}

/// What an interface says about its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The labels have its address now.
    Complete,
    /// The machine does not run.
    Deallocated,
    /// Another interface has the address.
    Secondary,
}

impl Machine {
    pub(super) fn of_scale_set(mut self, name: &str) -> Self {
        self.scale_set = Some(name.to_owned());
        self
    }

    pub(super) fn interfaces(&self) -> impl Iterator<Item = &str> {
        let interfaces = self.properties.network_profile.network_interfaces.iter();
        interfaces.map(|interface| interface.id.as_str())
    }

    /// All labels but those of its addresses.
    pub(super) fn labels(&self, discovery: &AzureDiscovery) -> Result<TargetLabels, RefreshError> {
        let mut labels = TargetLabels::new("__meta_azure_");
        let properties = &self.properties;
        labels.set("subscription_id", &discovery.subscription_id);
        labels.set("tenant_id", &discovery.tenant_id);
        labels.set("machine_id", &self.id);
        labels.set("machine_name", &self.name);
        labels.set(
            "machine_computer_name",
            &properties.os_profile.computer_name,
        );
        labels.set(
            "machine_os_type",
            &properties.storage_profile.os_disk.os_type,
        );
        labels.set("machine_location", &self.location);
        labels.set("machine_resource_group", resource_group(&self.id)?);
        labels.set("machine_size", &properties.hardware_profile.vm_size);
        labels.set_some("machine_scale_set", self.scale_set.as_ref());
        if let Some(tags) = &self.tags {
            labels.set_all("machine_tag_", tags);
        }
        Ok(labels)
    }

    /// Where the API has an interface of this machine.
    pub(super) fn interface_path(
        &self,
        subscription: &str,
        id: &str,
    ) -> Result<String, RefreshError> {
        let group = resource_group(id)?;
        let name = id.rsplit('/').next().unwrap_or_default();
        let base = format!("/subscriptions/{subscription}/resourceGroups/{group}/providers");
        Ok(match &self.scale_set {
            None => format!("{base}/Microsoft.Network/networkInterfaces/{name}"),
            Some(set) => format!(
                "{base}/microsoft.Compute/virtualMachineScaleSets/{set}/virtualMachines/{}/networkInterfaces/{name}",
                self.instance_id
            ),
        })
    }

    /// The version of that part of the API.
    pub(super) fn interface_version(&self) -> &'static str {
        match self.scale_set {
            None => "2023-05-01",
            Some(_) => "2018-10-01",
        }
    }
}

impl Interface {
    /// Adds the addresses of the primary interface.
    pub(super) fn add_to(
        &self,
        labels: &mut TargetLabels,
        machine: &str,
        port: i64,
    ) -> Result<Outcome, RefreshError> {
        let Some(properties) = &self.properties else {
            return Ok(Outcome::Secondary);
        };
        // The API does not say whether a machine runs, but leaves this out for one that does not.
        let Some(is_primary) = properties.primary else {
            return Ok(Outcome::Deallocated);
        };
        let Some(first) = properties.configurations.first().filter(|_| is_primary) else {
            return Ok(Outcome::Secondary);
        };
        let public = first.properties.public.as_ref();
        labels.set_some(
            "machine_public_ip",
            public.and_then(|public| public.properties.address.as_ref()),
        );
        let Some(private) = &first.properties.private else {
            let message = format!("unable to find a private IP for VM {machine}");
            return Err(RefreshError::answer(message));
        };
        labels.set("machine_private_ip", private);
        labels.set_address(private, port);
        Ok(Outcome::Complete)
    }
}

/// The resource group of `/subscriptions/…/resourceGroups/NAME/providers/…`.
pub(super) fn resource_group(id: &str) -> Result<&str, RefreshError> {
    let mut parts = id.split('/');
    let found = parts
        .find(|part| part.eq_ignore_ascii_case("resourceGroups"))
        .and_then(|_| parts.next());
    found.ok_or_else(|| RefreshError::answer(format!("invalid ID '{id}': no resource group")))
}
