//! Certificates of cert-manager as the API sends them, with as much of them as is needed.

use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::Deserialize;

use super::meta::{Condition, or_default};

/// A certificate that cert-manager keeps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: CertificateSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: CertificateStatus,
}

crate::object!(Certificate: "cert-manager.io" "v1" "Certificate" "certificates", true);

/// What is wanted of a certificate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateSpec {
    /// The secret it is kept in.
    #[serde(deserialize_with = "or_default")]
    pub secret_name: String,
    /// Who issues it.
    #[serde(deserialize_with = "or_default")]
    pub issuer_ref: Issuer,
    /// The names it is for.
    #[serde(deserialize_with = "or_default")]
    pub dns_names: Vec<String>,
    /// Its common name.
    pub common_name: Option<String>,
}

/// Who issues a certificate.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Issuer {
    /// `Issuer`, `ClusterIssuer`; `Issuer` where it is not said.
    pub kind: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// How a certificate is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateStatus {
    /// `Ready`, `Issuing`.
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    /// Good from then on.
    pub not_before: Option<Timestamp>,
    /// Good until then.
    pub not_after: Option<Timestamp>,
    /// Renewed then.
    pub renewal_time: Option<Timestamp>,
    /// When the last try to issue it failed.
    pub last_failure_time: Option<Timestamp>,
    /// How often it was issued.
    pub revision: Option<i64>,
}
