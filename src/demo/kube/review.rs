//! Questions about oneself: who one is, and what one may do. Rules that deny are the answer, so that tests and training can take
//! permissions away.

use serde_json::{Value, json};

use super::Server;
use super::ask::Ask;
use crate::demo::world::kube::text;

impl Server {
    pub(super) fn review(&self, ask: &Ask) -> Value {
        let user = self.user();
        let status = match ask.plural.as_str() {
            "selfsubjectreviews" => json!({ "userInfo": {
                "username": user, "uid": format!("aws-iam-authenticator:{user}"), "groups": ["quarterdeck:operators", "system:authenticated"],
            } }),
            "selfsubjectrulesreviews" => json!({
                "resourceRules": [{ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }],
                "nonResourceRules": [{ "verbs": ["get"], "nonResourceURLs": ["/version", "/api", "/api/*", "/apis", "/apis/*"] }],
                "incomplete": false,
            }),
            _ => self.may(&ask.body, &user),
        };
        let (group, kind) = match ask.plural.as_str() {
            "selfsubjectreviews" => ("authentication.k8s.io/v1", "SelfSubjectReview"),
            "selfsubjectrulesreviews" => ("authorization.k8s.io/v1", "SelfSubjectRulesReview"),
            _ => ("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
        };
        json!({ "kind": kind, "apiVersion": group, "metadata": { "creationTimestamp": null }, "spec": ask.body["spec"], "status": status })
    }

    fn may(&self, body: &Value, user: &str) -> Value {
        let wanted = |field: &str| text(body, &format!("/spec/resourceAttributes/{field}")).to_owned();
        let (verb, resource, sub) = (wanted("verb"), wanted("resource"), wanted("subresource"));
        let operation = if sub.is_empty() { format!("{verb} {resource}") } else { format!("{verb} {resource}/{sub}") };
        if self.shared.faults.denies(&self.environment, &operation) {
            return json!({ "allowed": false, "reason": format!("no RBAC policy lets {user} {operation}") });
        }
        json!({ "allowed": true, "reason": "RBAC: allowed by ClusterRoleBinding \"operators\" of ClusterRole \"cluster-admin\" to Group \"quarterdeck:operators\"" })
    }
}
