//! Where targets come from, mechanism by mechanism.

mod api;
mod cloud;
mod consul;
mod dns;
mod docker;
mod dockerswarm;
mod entry;
mod eureka;
mod file;
mod filter;
mod fixed;
mod http;
mod kubernetes;
mod kuma;
mod marathon;
mod nomad;
mod puppetdb;
#[cfg(test)]
mod tests;
mod zookeeper;

use std::path::Path;

use model::TargetGroup;

use crate::document::{Node, Reader, Section, Value, YamlWriter};

use entry::Entry;

pub use cloud::{
    AwsDiscovery, AzureAuthentication, AzureDiscovery, DigitalOceanDiscovery, Ec2Discovery,
    EcsDiscovery, ElasticacheDiscovery, GceDiscovery, HetznerDiscovery, IonosDiscovery,
    LightsailDiscovery, LinodeDiscovery, MskDiscovery, OciDiscovery, OpenStackDiscovery,
    OutscaleDiscovery, OvhCloudDiscovery, RdsDiscovery, ScalewayDiscovery, StackitDiscovery,
    TritonDiscovery, UyuniDiscovery, VultrDiscovery,
};
pub use consul::ConsulDiscovery;
pub use dns::{DnsDiscovery, RecordType};
pub use docker::DockerDiscovery;
pub use dockerswarm::DockerSwarmDiscovery;
pub use entry::FileName;
pub use eureka::EurekaDiscovery;
pub use file::FileDiscovery;
pub use filter::Filter;
pub use fixed::parse_target_file;
pub(crate) use fixed::read_labels;
pub use http::HttpDiscovery;
pub use kubernetes::{
    KubernetesDiscovery, KubernetesMetadata, KubernetesNamespaces, KubernetesSelector,
};
pub use kuma::KumaDiscovery;
pub use marathon::MarathonDiscovery;
pub use nomad::NomadDiscovery;
pub use puppetdb::PuppetDbDiscovery;
pub use zookeeper::{NerveDiscovery, ServersetDiscovery};

/// All mechanisms of one job, or of one group of Alertmanagers. Targets of all of them are its
/// targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceDiscovery {
    /// `static_configs`: groups written into the file; the source is the index of the group.
    pub static_configs: Vec<TargetGroup>,
    /// The entries of all other mechanisms, mechanisms in the order of their keys.
    pub entries: Vec<Discovery>,
}

/// Makes the closed set of mechanisms from a table, in the order of their keys, which is upstream's
/// order of writing.
macro_rules! mechanisms {
    ($( $key:literal, $name:literal => $variant:ident($type:ty), )*) => {
        /// One entry of a mechanism.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Discovery {
            $(
                #[doc = concat!("`", $key, "`.")]
                $variant($type),
            )*
        }

        impl Discovery {
            /// The mechanism's name, as metrics and upstream's list of features have it.
            pub fn mechanism(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $name, )*
                }
            }

            /// The key in which such entries stand.
            fn key(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $key, )*
                }
            }

            fn write(&self, yaml: &mut YamlWriter) {
                match self {
                    $( Self::$variant(entry) => entry.write(yaml), )*
                }
            }

            fn set_directory(&mut self, folder: &Path) {
                match self {
                    $( Self::$variant(entry) => entry.set_directory(folder), )*
                }
            }
        }

        /// Keys that a section with service discovery has, for its schema, in the order of writing.
        pub(crate) const KEYS: [&str; ENTRY_KEYS.len() + 1] = {
            let mut keys = [STATIC; ENTRY_KEYS.len() + 1];
            let mut index = 0;
            while index < ENTRY_KEYS.len() {
                keys[index] = ENTRY_KEYS[index];
                index += 1;
            }
            keys
        };

        const ENTRY_KEYS: &[&str] = &[$( $key, )*];

        fn read_entries(section: &Section<'_>) -> Vec<Discovery> {
            let mut entries = Vec::new();
            $( entries.extend(read_list(section, $key, Discovery::$variant)); )*
            entries
        }
    };
}

mechanisms! {
    "aws_sd_configs", "aws" => Aws(AwsDiscovery),
    "azure_sd_configs", "azure" => Azure(AzureDiscovery),
    "consul_sd_configs", "consul" => Consul(ConsulDiscovery),
    "digitalocean_sd_configs", "digitalocean" => DigitalOcean(DigitalOceanDiscovery),
    "dns_sd_configs", "dns" => Dns(DnsDiscovery),
    "docker_sd_configs", "docker" => Docker(DockerDiscovery),
    "dockerswarm_sd_configs", "dockerswarm" => DockerSwarm(DockerSwarmDiscovery),
    "ec2_sd_configs", "ec2" => Ec2(Ec2Discovery),
    "ecs_sd_configs", "ecs" => Ecs(EcsDiscovery),
    "elasticache_sd_configs", "elasticache" => Elasticache(ElasticacheDiscovery),
    "eureka_sd_configs", "eureka" => Eureka(EurekaDiscovery),
    "file_sd_configs", "file" => File(FileDiscovery),
    "gce_sd_configs", "gce" => Gce(GceDiscovery),
    "hetzner_sd_configs", "hetzner" => Hetzner(HetznerDiscovery),
    "http_sd_configs", "http" => Http(HttpDiscovery),
    "ionos_sd_configs", "ionos" => Ionos(IonosDiscovery),
    "kubernetes_sd_configs", "kubernetes" => Kubernetes(KubernetesDiscovery),
    "kuma_sd_configs", "kuma" => Kuma(KumaDiscovery),
    "lightsail_sd_configs", "lightsail" => Lightsail(LightsailDiscovery),
    "linode_sd_configs", "linode" => Linode(LinodeDiscovery),
    "marathon_sd_configs", "marathon" => Marathon(MarathonDiscovery),
    "msk_sd_configs", "msk" => Msk(MskDiscovery),
    "nerve_sd_configs", "nerve" => Nerve(NerveDiscovery),
    "nomad_sd_configs", "nomad" => Nomad(NomadDiscovery),
    "oci_sd_configs", "oci" => Oci(OciDiscovery),
    "openstack_sd_configs", "openstack" => OpenStack(OpenStackDiscovery),
    "outscale_sd_configs", "outscale" => Outscale(OutscaleDiscovery),
    "ovhcloud_sd_configs", "ovhcloud" => OvhCloud(OvhCloudDiscovery),
    "puppetdb_sd_configs", "puppetdb" => PuppetDb(PuppetDbDiscovery),
    "rds_sd_configs", "rds" => Rds(RdsDiscovery),
    "scaleway_sd_configs", "scaleway" => Scaleway(ScalewayDiscovery),
    "serverset_sd_configs", "serverset" => Serverset(ServersetDiscovery),
    "stackit_sd_configs", "stackit" => Stackit(StackitDiscovery),
    "triton_sd_configs", "triton" => Triton(TritonDiscovery),
    "uyuni_sd_configs", "uyuni" => Uyuni(UyuniDiscovery),
    "vultr_sd_configs", "vultr" => Vultr(VultrDiscovery),
}

const STATIC: &str = "static_configs";

impl ServiceDiscovery {
    /// The entries of `file_sd_configs`.
    pub fn file_entries(&self) -> impl Iterator<Item = &FileDiscovery> {
        self.entries.iter().filter_map(|entry| match entry {
            Discovery::File(discovery) => Some(discovery),
            _ => None,
        })
    }

    /// Makes relative paths start at `folder`.
    pub(crate) fn set_directory(&mut self, folder: &Path) {
        for entry in &mut self.entries {
            entry.set_directory(folder);
        }
    }
}

/// Reads the mechanisms of a job.
pub(crate) fn read(section: &Section<'_>) -> ServiceDiscovery {
    ServiceDiscovery {
        static_configs: fixed::read(section),
        entries: read_entries(section),
    }
}

fn read_list<T: Entry>(
    section: &Section<'_>,
    key: &str,
    make: impl Fn(T) -> Discovery,
) -> Vec<Discovery> {
    let items = section.items(key).iter();
    items
        .filter_map(|item| Some(make(read_item(section.reader, key, item)?)))
        .collect()
}

fn read_item<T: Entry>(reader: &Reader, key: &str, item: &Node) -> Option<T> {
    if item.value == Value::Null {
        return reader.reject(item, format_args!("empty or null section in {key}"));
    }
    T::read(reader, item)
}

/// Writes the mechanisms, each under its key, keys in order.
pub(crate) fn write(yaml: &mut YamlWriter, discovery: &ServiceDiscovery) {
    let groups = discovery
        .entries
        .chunk_by(|one, next| one.key() == next.key());
    let mut groups = groups.peekable();
    while let Some(entries) = groups.next_if(|entries| key_of(entries) < STATIC) {
        write_list(yaml, entries);
    }
    if !discovery.static_configs.is_empty() {
        yaml.mappings(STATIC, &discovery.static_configs, fixed::write);
    }
    for entries in groups {
        write_list(yaml, entries);
    }
}

fn key_of(entries: &[Discovery]) -> &'static str {
    entries.first().map_or(STATIC, Discovery::key)
}

fn write_list(yaml: &mut YamlWriter, entries: &[Discovery]) {
    yaml.mappings(key_of(entries), entries, |yaml, entry| entry.write(yaml));
}
