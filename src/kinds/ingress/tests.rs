use serde_json::json;

use super::*;

fn ingress(address: &serde_json::Value) -> Ingress {
    serde_json::from_value(json!({
        "metadata": { "name": "web", "namespace": "shop", "creationTimestamp": "2026-03-02T08:00:00Z" },
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": { "service": { "name": "fallback", "port": { "name": "http" } } },
            "rules": [
                { "host": "shop.example.com", "http": { "paths": [
                    { "path": "/api", "pathType": "Prefix", "backend": { "service": { "name": "api", "port": { "number": 8080 } } } },
                    { "path": "/old", "pathType": "Prefix", "backend": { "service": { "name": "redirect", "port": { "name": "use-annotation" } } } },
                    { "path": "/files", "pathType": "Prefix", "backend": { "resource": { "kind": "Bucket", "name": "files" } } },
                ] } },
                { "http": null },
            ],
            "tls": [{ "hosts": ["shop.example.com"], "secretName": "shop-tls" }, { "hosts": null }],
        },
        "status": { "loadBalancer": { "ingress": address } },
    }))
    .unwrap()
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

#[test]
fn backends_are_told_with_what_takes_them() {
    let ingress = ingress(&json!(null));
    let told: Vec<_> = ingress.spec.backends().map(|(place, backend)| format!("{place} {}", backend.words())).collect();
    assert_eq!(
        told,
        [
            "shop.example.com/api api:8080",
            "shop.example.com/old redirect:use-annotation",
            "shop.example.com/files Bucket/files",
            "* fallback:http",
        ]
    );
    assert_eq!(services(&ingress.spec), ["api", "fallback"], "an action of the controller is no service");
}

#[test]
fn a_missing_service_and_a_missing_address_are_told() {
    let reached = ingress(&json!([{ "hostname": "a.elb.amazonaws.com" }]));
    let services = services(&reached.spec);
    let both: Names = [("shop", "api"), ("shop", "fallback")].into();
    assert_eq!(verdict(&reached, &services, Some(&both), now()), fine());
    assert_eq!(verdict(&reached, &services, None, now()), fine());
    let one: Names = [("shop", "api"), ("other", "fallback")].into();
    let (health, reason) = verdict(&reached, &services, Some(&one), now());
    assert_eq!((health, reason.as_str()), (Health::Degraded, "there is no service fallback, which takes its requests"));
    let (health, reason) = verdict(&ingress(&json!([])), &services, Some(&both), now());
    assert!(health == Health::Degraded && reason.starts_with("it has no address yet"), "{reason}");
}

#[test]
fn target_groups_are_those_bound_to_its_services() {
    let binding = |namespace: &str, service: &str, group: &str| {
        let arn =
            format!("arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/{group}/0123456789abcdef");
        let binding = json!({ "metadata": { "name": group, "namespace": namespace },
            "spec": { "targetGroupARN": arn, "serviceRef": { "name": service, "port": 80 } } });
        Arc::new(serde_json::from_value::<TargetGroupBinding>(binding).unwrap())
    };
    let bindings = [
        binding("shop", "api", "k8s-shop-api"),
        binding("shop", "db", "k8s-shop-db"),
        binding("other", "api", "k8s-other"),
    ];
    assert_eq!(target_groups(Some("shop"), &["api", "fallback"], &bindings), ["k8s-shop-api"]);
}

#[test]
fn a_service_s_ingresses_are_those_that_lead_to_it() {
    let ingress = ingress(&json!([]));
    let service = |namespace: &str, name: &str| {
        let scope = crate::model::Scope::new("shop-prod", "eu-central-1").in_cluster("shop");
        ResourceId {
            scope: crate::model::Scope { namespace: Some(namespace.into()), ..scope },
            kind: "k8s-service",
            id: name.into(),
        }
    };
    assert!(leads_to(&ingress, &service("shop", "api")) && leads_to(&ingress, &service("shop", "fallback")));
    assert!(!leads_to(&ingress, &service("other", "api")) && !leads_to(&ingress, &service("shop", "redirect")));
}
