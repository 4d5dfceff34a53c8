//! Mechanisms that ask the API of a provider of machines.

mod aws;
mod aws_services;
mod azure;
mod digitalocean;
mod ec2;
mod gce;
mod hetzner;
mod ionos;
mod linode;
mod oci;
mod openstack;
mod outscale;
mod ovhcloud;
mod scaleway;
mod stackit;
mod triton;
mod uyuni;
mod vultr;

pub use aws::AwsDiscovery;
pub use aws_services::{
    EcsDiscovery, ElasticacheDiscovery, LightsailDiscovery, MskDiscovery, RdsDiscovery,
};
pub use azure::{AzureAuthentication, AzureDiscovery};
pub use digitalocean::DigitalOceanDiscovery;
pub use ec2::Ec2Discovery;
pub use gce::GceDiscovery;
pub use hetzner::HetznerDiscovery;
pub use ionos::IonosDiscovery;
pub use linode::LinodeDiscovery;
pub use oci::OciDiscovery;
pub use openstack::OpenStackDiscovery;
pub use outscale::OutscaleDiscovery;
pub use ovhcloud::OvhCloudDiscovery;
pub use scaleway::ScalewayDiscovery;
pub use stackit::StackitDiscovery;
pub use triton::TritonDiscovery;
pub use uyuni::UyuniDiscovery;
pub use vultr::VultrDiscovery;
