//! The answers to discovery as they come: aggregated (`APIGroupDiscoveryList`), and those of older servers (`APIVersions`,
//! `APIGroupList`, `APIResourceList`).

use serde::Deserialize;

use super::ApiType;
use crate::providers::kube::nullable;

/// The answer of `/api` or `/apis`, whichever of its forms it has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    items: Vec<Discovered>,
    #[serde(deserialize_with = "nullable")]
    versions: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    groups: Vec<Listed>,
}

/// What an answer tells.
pub(super) enum Told {
    /// All there is to know.
    Types(Vec<ApiType>),
    /// The groups, which must be asked one by one.
    Groups(Vec<Group>),
}

/// A group and its versions, the preferred one first.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) versions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Discovered {
    #[serde(deserialize_with = "nullable")]
    metadata: Named,
    #[serde(deserialize_with = "nullable")]
    versions: Vec<DiscoveredVersion>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "nullable")]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DiscoveredVersion {
    #[serde(deserialize_with = "nullable")]
    version: String,
    #[serde(deserialize_with = "nullable")]
    resources: Vec<DiscoveredResource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DiscoveredResource {
    #[serde(deserialize_with = "nullable")]
    resource: String,
    #[serde(deserialize_with = "nullable")]
    response_kind: Kinded,
    #[serde(deserialize_with = "nullable")]
    scope: String,
    #[serde(deserialize_with = "nullable")]
    singular_resource: String,
    #[serde(deserialize_with = "nullable")]
    verbs: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    short_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kinded {
    #[serde(deserialize_with = "nullable")]
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Listed {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    versions: Vec<ListedVersion>,
    #[serde(deserialize_with = "nullable")]
    preferred_version: ListedVersion,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct ListedVersion {
    #[serde(deserialize_with = "nullable")]
    version: String,
}

/// The types of one version of a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources {
    #[serde(deserialize_with = "nullable")]
    resources: Vec<ListedResource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListedResource {
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(deserialize_with = "nullable")]
    singular_name: String,
    #[serde(deserialize_with = "nullable")]
    namespaced: bool,
    #[serde(deserialize_with = "nullable")]
    kind: String,
    #[serde(deserialize_with = "nullable")]
    verbs: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    short_names: Vec<String>,
}

impl Answer {
    pub(super) fn told(self) -> Told {
        match self.kind.as_str() {
            "APIVersions" => Told::Groups(vec![Group { name: String::new(), versions: self.versions }]),
            "APIGroupList" => Told::Groups(self.groups.into_iter().map(Listed::group).collect()),
            _ => Told::Types(self.items.into_iter().flat_map(Discovered::types).collect()),
        }
    }
}

impl Listed {
    fn group(self) -> Group {
        let mut versions: Vec<String> = self.versions.into_iter().map(|version| version.version).collect();
        let preferred = self.preferred_version.version;
        if let Some(at) = versions.iter().position(|version| *version == preferred) {
            versions[..=at].rotate_right(1);
        }
        Group { name: self.name, versions }
    }
}

impl Discovered {
    fn types(self) -> Vec<ApiType> {
        let group = self.metadata.name;
        let versions = self.versions.into_iter().map(|version| {
            let resources = version.resources.into_iter().map(DiscoveredResource::listed).collect();
            (version.version, Resources { resources })
        });
        of_group(&group, versions.collect())
    }
}

impl DiscoveredResource {
    fn listed(self) -> ListedResource {
        ListedResource {
            namespaced: self.scope == "Namespaced",
            name: self.resource,
            singular_name: self.singular_resource,
            kind: self.response_kind.kind,
            verbs: self.verbs,
            short_names: self.short_names,
        }
    }
}

/// The types of a group, each in the first of its versions that has it. Subresources are no types.
pub(super) fn of_group(group: &str, versions: Vec<(String, Resources)>) -> Vec<ApiType> {
    let mut types: Vec<ApiType> = Vec::new();
    for (version, resources) in versions {
        for resource in resources.resources {
            if resource.name.contains('/') || types.iter().any(|known| known.plural == resource.name) {
                continue;
            }
            let singular = if resource.singular_name.is_empty() {
                resource.kind.to_ascii_lowercase()
            } else {
                resource.singular_name
            };
            types.push(ApiType {
                group: group.to_owned(),
                version: version.clone(),
                kind: resource.kind,
                plural: resource.name,
                singular,
                namespaced: resource.namespaced,
                verbs: resource.verbs,
                short: resource.short_names,
            });
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn types(answer: serde_json::Value) -> Vec<ApiType> {
        match serde_json::from_value::<Answer>(answer).unwrap().told() {
            Told::Types(types) => types,
            Told::Groups(_) => panic!("groups"),
        }
    }

    #[test]
    fn aggregated_discovery_tells_every_type_once() {
        let certificate = |version: &str| {
            json!({"version": version, "freshness": "Current", "resources": [{
                "resource": "certificates", "responseKind": {"group": "cert-manager.io", "version": version, "kind": "Certificate"},
                "scope": "Namespaced", "singularResource": "certificate", "shortNames": ["cert", "certs"],
                "verbs": ["delete", "get", "list", "watch"], "categories": ["cert-manager"],
                "subresources": [{"subresource": "status", "verbs": ["get"]}],
            }]})
        };
        let found = types(json!({
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
            "items": [
                {"metadata": {"name": "cert-manager.io", "creationTimestamp": null}, "versions": [certificate("v1"), certificate("v1alpha2")]},
                {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale", "resources": null}]},
            ],
        }));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name(), "certificates.cert-manager.io");
        assert_eq!(found[0].path(Some("web")), "/apis/cert-manager.io/v1/namespaces/web/certificates");
        for word in
            ["cert", "Certificate", "certificates", "certificates.cert-manager.io", "certificates.v1.cert-manager.io"]
        {
            assert!(found[0].is_called(word), "{word}");
        }
        assert!(!found[0].is_called("certificaterequests"));
    }

    #[test]
    fn the_preferred_version_of_a_group_comes_first() {
        let answer = json!({"kind": "APIGroupList", "groups": [{
            "name": "autoscaling", "versions": [{"groupVersion": "autoscaling/v1", "version": "v1"}, {"version": "v2"}],
            "preferredVersion": {"groupVersion": "autoscaling/v2", "version": "v2"},
        }]});
        let Told::Groups(groups) = serde_json::from_value::<Answer>(answer).unwrap().told() else { panic!("types") };
        assert_eq!((groups[0].name.as_str(), groups[0].versions.join(" ")), ("autoscaling", "v2 v1".to_owned()));
        let listed: Resources = serde_json::from_value(json!({"kind": "APIResourceList", "resources": [
            {"name": "pods", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["list"], "shortNames": ["po"]},
            {"name": "pods/log", "namespaced": true, "kind": "Pod", "verbs": ["get"]},
        ]}))
        .unwrap();
        let core = of_group("", vec![("v1".to_owned(), listed)]);
        assert_eq!(core.len(), 1);
        assert_eq!(
            (core[0].name(), core[0].singular.as_str(), core[0].path(None)),
            ("pods".into(), "pod", "/api/v1/pods".into())
        );
    }
}
