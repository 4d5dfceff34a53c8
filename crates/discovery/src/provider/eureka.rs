//! Applications of a Eureka server.

#[cfg(test)]
mod tests;

use config::discovery::EurekaDiscovery;
use host::net::xml::{self, Element};
use model::{Labels, TargetGroup};

use crate::api::{Api, Ask};
use crate::labels::TargetLabels;
use crate::refresh::RefreshError;

/// Asks the server of one `eureka_sd_configs` entry.
#[derive(Debug)]
pub(crate) struct EurekaProvider {
    url: String,
}

impl EurekaProvider {
    pub(crate) fn new(discovery: &EurekaDiscovery) -> Self {
        Self {
            url: format!("{}/apps", discovery.server),
        }
    }

    pub(crate) async fn refresh(&self, api: &Api) -> Result<Vec<TargetGroup>, RefreshError> {
        let answer = api.ask(Ask::get(&self.url)).await?;
        if !(200..300).contains(&answer.status) {
            return Err(RefreshError::answer(format!(
                "non 2xx status '{}' response during eureka service discovery",
                answer.status
            )));
        }
        groups(answer.text()?)
    }
}

fn groups(body: &str) -> Result<Vec<TargetGroup>, RefreshError> {
    let root = xml::parse(body)?;
    let applications = root.all("application");
    let targets = applications.flat_map(|application| {
        let name = application.text_of("name").unwrap_or_default();
        let instances = application.all("instance");
        instances.map(move |instance| target(name, instance))
    });
    Ok(vec![TargetGroup {
        source: "eureka".to_owned(),
        targets: targets.collect(),
        labels: Labels::empty(),
    }])
}

fn target(application: &str, instance: &Element) -> Labels {
    let mut labels = TargetLabels::new("__meta_eureka_");
    let text = |name: &str| instance.text_of(name).unwrap_or_default();
    let host = text("hostName");
    let port = instance.child("port");
    labels.set_address(host, port.map_or("80", |port| number(&port.text)));
    labels.set_foreign("instance", text("instanceId"));
    labels.set("app_name", application);
    let texts = [
        ("hostname", "hostName"),
        ("homepage_url", "homePageUrl"),
        ("statuspage_url", "statusPageUrl"),
        ("healthcheck_url", "healthCheckUrl"),
        ("ip_addr", "ipAddr"),
        ("vip_address", "vipAddress"),
        ("secure_vip_address", "secureVipAddress"),
        ("status", "status"),
        ("id", "instanceId"),
    ];
    for (name, element) in texts {
        labels.set(&format!("app_instance_{name}"), text(element));
    }
    labels.set("app_instance_country_id", number(text("countryId")));
    for (name, element) in [
        ("port", port),
        ("secure_port", instance.child("securePort")),
    ] {
        if let Some(port) = element {
            let enabled = port.attribute("enabled").unwrap_or("false");
            labels.set(&format!("app_instance_{name}"), number(&port.text));
            labels.set(&format!("app_instance_{name}_enabled"), enabled);
        }
    }
    if let Some(center) = instance.child("dataCenterInfo") {
        labels.set_some("app_instance_datacenterinfo_name", center.text_of("name"));
        set_metadata(&mut labels, "app_instance_datacenterinfo_metadata_", center);
    }
    set_metadata(&mut labels, "app_instance_metadata_", instance);
    labels.build()
}

/// A number that is not there is zero.
fn number(text: &str) -> &str {
    if text.is_empty() { "0" } else { text }
}

fn set_metadata(labels: &mut TargetLabels, prefix: &str, element: &Element) {
    let metadata = element.child("metadata").into_iter();
    for item in metadata.flat_map(|metadata| &metadata.children) {
        labels.set_named(prefix, &item.name, &item.text);
    }
}
