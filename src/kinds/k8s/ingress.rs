//! Ingresses, and the target groups that the AWS load balancer controller binds to services, as the API sends them.

use kube::core::ObjectMeta;
use serde::Deserialize;
use serde_json::Value as Json;

use super::meta::or_default;
use super::service::Balancer;

/// An ingress.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(deserialize_with = "or_default")]
    pub spec: IngressSpec,
    /// What there is.
    #[serde(deserialize_with = "or_default")]
    pub status: IngressStatus,
}

crate::object!(Ingress: "networking.k8s.io" "v1" "Ingress" "ingresses", true);

/// What is wanted of an ingress.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    /// What sees to it.
    pub ingress_class_name: Option<String>,
    /// Where what no rule takes goes.
    pub default_backend: Option<Backend>,
    /// Where requests go by host and path.
    #[serde(deserialize_with = "or_default")]
    pub rules: Vec<Rule>,
    /// Certificates by host.
    #[serde(deserialize_with = "or_default")]
    pub tls: Vec<Tls>,
}

/// Where the requests of a host go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// The host; none means every host.
    pub host: Option<String>,
    /// By path.
    #[serde(deserialize_with = "or_default")]
    pub http: Paths,
}

/// The paths of a rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Paths {
    /// Each of them.
    #[serde(deserialize_with = "or_default")]
    pub paths: Vec<Path>,
}

/// Where the requests of a path go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Path {
    /// The path.
    pub path: Option<String>,
    /// `Prefix`, `Exact`, `ImplementationSpecific`.
    pub path_type: Option<String>,
    /// Where they go.
    #[serde(deserialize_with = "or_default")]
    pub backend: Backend,
}

/// What takes requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Backend {
    /// A service.
    pub service: Option<BackendService>,
    /// Some other object.
    pub resource: Option<OtherBackend>,
}

/// A service that takes requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendService {
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Its port.
    #[serde(deserialize_with = "or_default")]
    pub port: BackendPort,
}

/// A port by number or name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendPort {
    /// By name.
    pub name: Option<String>,
    /// By number.
    pub number: Option<i64>,
}

/// Another object that takes requests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OtherBackend {
    /// Its type.
    #[serde(deserialize_with = "or_default")]
    pub kind: String,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

impl Backend {
    /// In words: `web:80`.
    pub fn words(&self) -> String {
        match (&self.service, &self.resource) {
            (Some(BackendService { name, port }), _) => match (&port.name, port.number) {
                // The AWS controller's own rules: the port names an action.
                (Some(port), _) => format!("{name}:{port}"),
                (None, Some(port)) => format!("{name}:{port}"),
                (None, None) => name.clone(),
            },
            (None, Some(OtherBackend { kind, name })) => format!("{kind}/{name}"),
            (None, None) => "nothing".to_owned(),
        }
    }

    /// The service, where it is one: an action of the AWS controller is none.
    pub fn service(&self) -> Option<&str> {
        let service = self.service.as_ref()?;
        let action = service.port.name.as_deref() == Some("use-annotation");
        (!action && !service.name.is_empty()).then_some(&*service.name)
    }
}

impl IngressSpec {
    /// Everything that takes requests, as host and path, and what it is.
    pub fn backends(&self) -> impl Iterator<Item = (String, &Backend)> {
        let default = self.default_backend.iter().map(|backend| ("*".to_owned(), backend));
        self.rules.iter().flat_map(Rule::backends).chain(default)
    }
}

impl Rule {
    fn backends(&self) -> impl Iterator<Item = (String, &Backend)> {
        let host = self.host.as_deref().unwrap_or("*");
        self.http.paths.iter().map(move |path| {
            let place = format!("{host}{}", path.path.as_deref().unwrap_or_default());
            (place, &path.backend)
        })
    }
}

/// The certificate of hosts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// The hosts.
    #[serde(deserialize_with = "or_default")]
    pub hosts: Vec<String>,
    /// The secret that has it.
    pub secret_name: Option<String>,
}

/// How an ingress is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressStatus {
    /// Where it can be reached.
    #[serde(deserialize_with = "or_default")]
    pub load_balancer: Balancer,
}

/// A target group of AWS whose targets are the pods of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    /// Name, namespace.
    pub metadata: ObjectMeta,
    /// What is bound to what.
    #[serde(deserialize_with = "or_default")]
    pub spec: BindingSpec,
}

crate::object!(TargetGroupBinding: "elbv2.k8s.aws" "v1beta1" "TargetGroupBinding" "targetgroupbindings", true);

/// What is bound to what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingSpec {
    /// The target group.
    #[serde(rename = "targetGroupARN")]
    pub target_group_arn: Option<String>,
    /// The service.
    #[serde(deserialize_with = "or_default")]
    pub service_ref: ServiceRef,
}

/// A port of a service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    /// The service.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The port, by number or name.
    pub port: Option<Json>,
}
