//! `sigv4`: requests signed as Amazon's services want them.

use crate::document::{Schema, Section, Value, YamlWriter};
use crate::secret::Secret;

/// The section `sigv4`, effective. What is not stated comes from the environment that the process
/// runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SigV4Config {
    /// Region of the service.
    pub region: String,
    /// Name of the key that signs.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
    /// Profile of the shared credentials file.
    pub profile: String,
    /// Role to take on.
    pub role_arn: String,
    /// What the owner of the role wants to be told.
    pub external_id: String,
    /// The role is asked for at an endpoint that fulfils FIPS 140.
    pub use_fips_sts_endpoint: bool,
    /// Name of the service in signatures.
    pub service_name: String,
}

const SCHEMA: Schema = Schema {
    type_name: "sigv4.plain",
    keys: &[
        "region",
        "access_key",
        "secret_key",
        "profile",
        "role_arn",
        "external_id",
        "use_fips_sts_endpoint",
        "service_name",
    ],
};

/// Reads the section under `sigv4`, if it is there.
pub(super) fn read(section: &Section<'_>) -> Option<SigV4Config> {
    let node = section
        .get("sigv4")
        .filter(|node| node.value != Value::Null)?;
    let reader = section.reader;
    let section = Section::open(reader, node, &SCHEMA)?;
    let text = |key: &str| section.text(key).unwrap_or_default();
    let signing = SigV4Config {
        region: text("region"),
        access_key: text("access_key"),
        secret_key: section.secret("secret_key"),
        profile: text("profile"),
        role_arn: text("role_arn"),
        external_id: text("external_id"),
        use_fips_sts_endpoint: section.boolean("use_fips_sts_endpoint").unwrap_or_default(),
        service_name: text("service_name"),
    };
    if signing.access_key.is_empty() != signing.secret_key.is_empty() {
        reader.invalid(
            node.place,
            "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
        );
    }
    if !signing.external_id.is_empty() && signing.role_arn.is_empty() {
        reader.invalid(
            section.blame("external_id").place,
            "external_id can only be used with role_arn",
        );
    }
    Some(signing)
}

/// Writes the section, if it is there.
pub(super) fn write(yaml: &mut YamlWriter, signing: Option<&SigV4Config>) {
    let Some(signing) = signing else {
        return;
    };
    yaml.mapping("sigv4", |yaml| {
        yaml.stated("region", &signing.region);
        yaml.stated("access_key", &signing.access_key);
        yaml.secret("secret_key", &signing.secret_key);
        yaml.stated("profile", &signing.profile);
        yaml.stated("role_arn", &signing.role_arn);
        yaml.stated("external_id", &signing.external_id);
        if signing.use_fips_sts_endpoint {
            yaml.bare("use_fips_sts_endpoint", true);
        }
        yaml.stated("service_name", &signing.service_name);
    });
}
