//! `azuread`: tokens of Microsoft's directory for requests of remote write.

use crate::document::{Node, Schema, Section, Value, YamlWriter};
use crate::secret::Secret;

/// The section `azuread`, effective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureAdConfig {
    /// Who asks for tokens.
    pub identity: AzureIdentity,
    /// Which of the clouds is asked.
    pub cloud: AzureCloud,
    /// What tokens shall be good for; empty for what fits the cloud.
    pub scope: String,
}

/// Who asks for tokens. A configuration can state one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzureIdentity {
    /// `managed_identity`: the machine itself.
    Managed {
        /// Which identity of the machine; empty for its own.
        client_id: String,
    },
    /// `workload_identity`: a workload of Kubernetes, by its token.
    Workload {
        /// The application.
        client_id: String,
        /// The directory.
        tenant_id: String,
        /// File with the token.
        token_file_path: String,
    },
    /// `oauth`: an application with a secret.
    OAuth {
        /// The application.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The directory.
        tenant_id: String,
    },
    /// `certificate`: an application with a certificate.
    Certificate {
        /// The application.
        client_id: String,
        /// The directory.
        tenant_id: String,
        /// File with the certificate, PEM or PKCS 12.
        certificate_path: String,
        /// File with its key, if that is apart.
        certificate_key_path: String,
        /// Password of the file.
        certificate_password: Secret,
        /// The chain is sent too, so that it is enough to know the issuer.
        send_certificate_chain: bool,
    },
    /// `sdk`: whatever the environment offers.
    Sdk {
        /// The directory; empty for the environment's.
        tenant_id: String,
    },
}

/// Clouds that have directories of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AzureCloud {
    /// `AzureChina`
    China,
    /// `AzureGovernment`
    Government,
    /// `AzurePublic`
    #[default]
    Public,
}

impl AzureCloud {
    /// All clouds.
    pub const ALL: [Self; 3] = [Self::China, Self::Government, Self::Public];

    /// The name as a configuration has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::China => "AzureChina",
            Self::Government => "AzureGovernment",
            Self::Public => "AzurePublic",
        }
    }
}

// ---- reading ----

const fn schema(type_name: &'static str, keys: &'static [&'static str]) -> Schema {
    Schema { type_name, keys }
}

const SCHEMA: Schema = schema(
    "azuread.plain",
    &[
        "managed_identity",
        "workload_identity",
        "oauth",
        "certificate",
        "sdk",
        "cloud",
        "scope",
    ],
);
const MANAGED: Schema = schema("azuread.ManagedIdentityConfig", &["client_id"]);
const WORKLOAD: Schema = schema(
    "azuread.WorkloadIdentityConfig",
    &["client_id", "tenant_id", "token_file_path"],
);
const OAUTH: Schema = schema(
    "azuread.OAuthConfig",
    &["client_id", "client_secret", "tenant_id"],
);
const CERTIFICATE: Schema = schema(
    "azuread.CertificateConfig",
    &[
        "client_id",
        "tenant_id",
        "certificate_path",
        "certificate_key_path",
        "certificate_password",
        "send_certificate_chain",
    ],
);
const SDK: Schema = schema("azuread.SDKConfig", &["tenant_id"]);

/// Reads the section under `azuread`, if it is there.
pub(super) fn read(section: &Section<'_>) -> Option<AzureAdConfig> {
    let node = section
        .get("azuread")
        .filter(|node| node.value != Value::Null)?;
    let section = Section::open(section.reader, node, &SCHEMA)?;
    Some(AzureAdConfig {
        identity: read_identity(&section)?,
        cloud: read_cloud(&section),
        scope: section.text("scope").unwrap_or_default(),
    })
}

fn read_identity(section: &Section<'_>) -> Option<AzureIdentity> {
    type Read = fn(&Section<'_>) -> AzureIdentity;
    let ways: [(&str, &Schema, Read); 5] = [
        ("managed_identity", &MANAGED, read_managed),
        ("workload_identity", &WORKLOAD, read_workload),
        ("oauth", &OAUTH, read_oauth),
        ("certificate", &CERTIFICATE, read_certificate),
        ("sdk", &SDK, read_sdk),
    ];
    let is_stated = |node: &&Node| node.value != Value::Null;
    let mut stated = ways.iter().filter_map(|(key, schema, read)| {
        Some((section.get(key).filter(is_stated)?, schema, read))
    });
    let Some((node, schema, read)) = stated.next() else {
        return section.reader.reject(
            section.node,
            "must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth, Azure Certificate or Azure SDK in the Azure AD config",
        );
    };
    if let Some((second, ..)) = stated.next() {
        return section.reader.reject(
            second,
            "cannot provide multiple authentication methods in the Azure AD config",
        );
    }
    Some(read(&Section::open(section.reader, node, schema)?))
}

fn read_managed(section: &Section<'_>) -> AzureIdentity {
    let client_id = section.text("client_id").unwrap_or_default();
    if !client_id.is_empty() {
        check_client_id(section, &client_id, "Managed Identity");
    }
    AzureIdentity::Managed { client_id }
}

fn read_workload(section: &Section<'_>) -> AzureIdentity {
    let what = "Workload Identity";
    let client_id = needed(section, "client_id", what);
    let tenant_id = needed(section, "tenant_id", what);
    check_client_id(section, &client_id, what);
    let path = section.text("token_file_path").unwrap_or_default();
    AzureIdentity::Workload {
        client_id,
        tenant_id,
        token_file_path: match path.is_empty() {
            true => TOKEN_FILE.to_owned(),
            false => path,
        },
    }
}

fn read_oauth(section: &Section<'_>) -> AzureIdentity {
    let what = "OAuth";
    let client_id = needed(section, "client_id", what);
    let client_secret = Secret::new(needed(section, "client_secret", what));
    let tenant_id = needed(section, "tenant_id", what);
    check_client_id(section, &client_id, what);
    AzureIdentity::OAuth {
        client_id,
        client_secret,
        tenant_id,
    }
}

fn read_certificate(section: &Section<'_>) -> AzureIdentity {
    let what = "Certificate";
    let client_id = needed(section, "client_id", what);
    let tenant_id = needed(section, "tenant_id", what);
    let certificate_path = needed(section, "certificate_path", what);
    check_client_id(section, &client_id, what);
    AzureIdentity::Certificate {
        client_id,
        tenant_id,
        certificate_path,
        certificate_key_path: section.text("certificate_key_path").unwrap_or_default(),
        certificate_password: section.secret("certificate_password"),
        send_certificate_chain: section
            .boolean("send_certificate_chain")
            .unwrap_or_default(),
    }
}

fn read_sdk(section: &Section<'_>) -> AzureIdentity {
    AzureIdentity::Sdk {
        tenant_id: section.text("tenant_id").unwrap_or_default(),
    }
}

/// The text under a key that must be there.
fn needed(section: &Section<'_>, key: &str, what: &str) -> String {
    let text = section.text(key).unwrap_or_default();
    if text.is_empty() {
        let error = format!("must provide an Azure {what} {key} in the Azure AD config");
        section.invalid_if_scalar(key, &error);
    }
    text
}

fn check_client_id(section: &Section<'_>, client_id: &str, what: &str) {
    if !client_id.is_empty() && !is_uuid(client_id) {
        section.reader.invalid(
            section.blame("client_id").place,
            format_args!("the provided Azure {what} client_id is invalid"),
        );
    }
}

/// A UUID in any of the forms that Go's reader takes: plain, without dashes, in braces, as a URN.
fn is_uuid(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.len() == 32 {
        return is_hex(text);
    }
    let lower = text.to_ascii_lowercase();
    let inside = lower
        .strip_prefix("urn:uuid:")
        .or_else(|| lower.strip_prefix('{')?.strip_suffix('}'))
        .unwrap_or(&lower);
    let parts: Vec<&str> = inside.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|part| is_hex(part))
}

fn read_cloud(section: &Section<'_>) -> AzureCloud {
    let Some(node) = section.get("cloud") else {
        return AzureCloud::Public;
    };
    let name = section.reader.text(node).unwrap_or_default();
    if name.is_empty() {
        return AzureCloud::Public;
    }
    let known = AzureCloud::ALL
        .into_iter()
        .find(|cloud| cloud.as_str() == name);
    known.unwrap_or_else(|| {
        let error = "must provide a cloud in the Azure AD config";
        section.reader.reject(node, error).unwrap_or_default()
    })
}

// ---- writing ----

/// Writes the section, if it is there.
pub(super) fn write(yaml: &mut YamlWriter, azuread: Option<&AzureAdConfig>) {
    let Some(azuread) = azuread else {
        return;
    };
    yaml.mapping("azuread", |yaml| {
        write_identity(yaml, &azuread.identity);
        yaml.entry("cloud", azuread.cloud.as_str());
        yaml.stated("scope", &azuread.scope);
    });
}

fn write_identity(yaml: &mut YamlWriter, identity: &AzureIdentity) {
    match identity {
        AzureIdentity::Managed { client_id } => yaml.mapping("managed_identity", |yaml| {
            yaml.stated("client_id", client_id);
        }),
        AzureIdentity::Workload {
            client_id,
            tenant_id,
            token_file_path,
        } => yaml.mapping("workload_identity", |yaml| {
            yaml.entry("client_id", client_id);
            yaml.entry("tenant_id", tenant_id);
            yaml.entry("token_file_path", token_file_path);
        }),
        AzureIdentity::OAuth {
            client_id,
            client_secret,
            tenant_id,
        } => yaml.mapping("oauth", |yaml| {
            yaml.entry("client_id", client_id);
            yaml.secret("client_secret", client_secret);
            yaml.entry("tenant_id", tenant_id);
        }),
        AzureIdentity::Certificate {
            client_id,
            tenant_id,
            certificate_path,
            certificate_key_path,
            certificate_password,
            send_certificate_chain,
        } => yaml.mapping("certificate", |yaml| {
            yaml.entry("client_id", client_id);
            yaml.entry("tenant_id", tenant_id);
            yaml.entry("certificate_path", certificate_path);
            yaml.stated("certificate_key_path", certificate_key_path);
            yaml.secret("certificate_password", certificate_password);
            if *send_certificate_chain {
                yaml.bare("send_certificate_chain", true);
            }
        }),
        AzureIdentity::Sdk { tenant_id } => yaml.mapping("sdk", |yaml| {
            yaml.stated("tenant_id", tenant_id);
        }),
    }
}

/// Where Kubernetes puts the token of a workload.
const TOKEN_FILE: &str = "/var/run/secrets/azure/tokens/azure-identity-token";
