//! What the path of a request names, as the API server reads it. A path that could be read in two ways names nothing here.

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// The server itself: its version, its health, the resources it has.
    Server,
    /// Objects of a resource.
    Resource {
        /// API group; empty for the first one.
        group: &'a str,
        /// Plural, such as `deployments`.
        resource: &'a str,
        /// The namespace, where the path says one.
        namespace: Option<&'a str>,
        /// One object; none for all of them.
        name: Option<&'a str>,
        /// What of the object, such as `scale`; with what follows it.
        subresource: Option<&'a str>,
    },
}

/// What of the server itself is read.
const SERVER: [&str; 9] = ["api", "apis", "healthz", "livez", "metrics", "openapi", "readyz", "version", ".well-known"];

impl<'a> Route<'a> {
    /// Reads a path. `None`: it is not understood. The server decodes a path before it splits it, so that nothing encoded may be in
    /// it; names of objects need no encoding.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        let plain = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'\\' | b';'))
        };
        let parts: Vec<&str> = rest.split('/').collect();
        if !parts.iter().all(|part| plain(part)) {
            return None;
        }
        let (group, below) = match parts.as_slice() {
            ["api", _, below @ ..] => ("", below),
            ["apis", group, _, below @ ..] => (*group, below),
            [first, ..] if SERVER.contains(first) => return Some(Self::Server),
            _ => return None,
        };
        let (namespace, below) = match below {
            [] => return Some(Self::Server),
            // Two sorts of paths that nobody needs any more, and that say their verb where the resource should be.
            ["watch" | "proxy", ..] => return None,
            // What of the namespace itself.
            ["namespaces", _, "status" | "finalize", ..] => (None, below),
            ["namespaces", namespace, below @ ..] if !below.is_empty() => (Some(*namespace), below),
            below => (None, below),
        };
        let (resource, name, subresource) = match below {
            [resource] => (*resource, None, None),
            [resource, name] => (*resource, Some(*name), None),
            [resource, name, sub, ..] => {
                let from = sub.as_ptr() as usize - path.as_ptr() as usize;
                (*resource, Some(*name), path.get(from..))
            }
            [] => return None,
        };
        Some(Self::Resource { group, resource, namespace, name, subresource })
    }

    /// What a method does there, as the guard calls it: `k8s:patch deployments/scale`.
    pub(super) fn operation(self, method: &http::Method) -> String {
        let Self::Resource { resource, name, subresource, .. } = self else {
            return format!("k8s:{} the server", method.as_str().to_ascii_lowercase());
        };
        let verb = match (method.as_str(), name) {
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", Some(_)) => "delete",
            ("DELETE", None) => "deletecollection",
            ("GET" | "HEAD", _) => "get",
            _ => "other",
        };
        let of = subresource.map(|sub| format!("/{sub}")).unwrap_or_default();
        format!("k8s:{verb} {resource}{of}")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/api/v1/pods", "k8s:get pods")]
    #[case("/api/v1/namespaces", "k8s:get namespaces")]
    #[case("/api/v1/namespaces/x", "k8s:get namespaces")]
    #[case("/api/v1/namespaces/x/status", "k8s:get namespaces/status")]
    #[case("/api/v1/namespaces/x/finalize", "k8s:get namespaces/finalize")]
    #[case("/api/v1/namespaces/x/pods/y", "k8s:get pods")]
    #[case("/api/v1/namespaces/x/pods/y/exec", "k8s:get pods/exec")]
    #[case("/api/v1/namespaces/x/services/y/proxy/a/b", "k8s:get services/proxy/a/b")]
    #[case("/apis/apps/v1/namespaces/x/deployments/y/scale", "k8s:get deployments/scale")]
    #[case("/apis/apps/v1/deployments", "k8s:get deployments")]
    #[case("/api/v1/nodes/n", "k8s:get nodes")]
    #[case("/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", "k8s:get clusterroles")]
    #[case("/version", "k8s:get the server")]
    #[case("/api", "k8s:get the server")]
    #[case("/apis/apps/v1", "k8s:get the server")]
    fn what_paths_name(#[case] path: &str, #[case] operation: &str) {
        assert_eq!(Route::of(path).map(|route| route.operation(&http::Method::GET)).as_deref(), Some(operation));
    }

    #[rstest]
    #[case("")]
    #[case("/")]
    #[case("api/v1/pods")]
    #[case("//api/v1/pods")]
    #[case("/api/v1/namespaces/x/pods/y/exec/")]
    #[case("/api/v1/namespaces/x/pods//y")]
    #[case("/api/v1/namespaces/x/pods/y%2Fexec")]
    #[case("/api/v1/namespaces/x/pods/%2e%2e/y")]
    #[case("/api/v1/namespaces/x/pods/../y")]
    #[case("/api/v1/namespaces/x/pods/y;a")]
    #[case("/api/v1/proxy/nodes/n")]
    #[case("/api/v1/watch/pods")]
    #[case("/logs/x")]
    #[case("/debug/pprof")]
    #[case("/k8s/clusters/c/api/v1/pods")]
    fn what_is_not_understood(#[case] path: &str) {
        assert_eq!(Route::of(path), None);
    }
}
