use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;

fn service(spec: &Json, status: &Json) -> Service {
    let meta = json!({ "name": "web", "namespace": "shop", "creationTimestamp": "2026-03-02T08:00:00Z" });
    serde_json::from_value(json!({ "metadata": meta, "spec": spec, "status": status })).unwrap()
}

fn slice(name: &str, endpoints: &Json) -> Arc<EndpointSlice> {
    let meta = json!({ "name": name, "namespace": "shop", "labels": { "kubernetes.io/service-name": "web" } });
    Arc::new(
        serde_json::from_value(json!({ "metadata": meta, "addressType": "IPv4", "endpoints": endpoints })).unwrap(),
    )
}

fn endpoint(pod: &str, conditions: &Json) -> Json {
    json!({ "addresses": ["10.0.0.1"], "conditions": conditions, "targetRef": { "kind": "Pod", "name": pod } })
}

#[test]
fn endpoints_are_counted_once_and_those_that_go_not_at_all() {
    let v4 = slice(
        "a",
        &json!([
            endpoint("web-1", &json!({ "ready": true })),
            endpoint("web-2", &json!({ "ready": false, "terminating": true })),
            endpoint("web-3", &json!({ "ready": false })),
            endpoint("web-4", &json!(null)),
        ]),
    );
    let v6 = slice("b", &json!([endpoint("web-1", &json!({ "ready": true }))]));
    let none = slice("c", &json!(null));
    assert_eq!(counts(&[v4, v6, none])[&("shop", "web")], Behind { ready: 2, all: 3 });
}

#[rstest]
#[case(json!({ "type": "ClusterIP", "selector": { "app": "web" } }), Some((2, 2)), Health::Ok, "")]
#[case(json!({ "type": "ClusterIP", "selector": { "app": "web" } }), Some((1, 2)), Health::Ok, "1 of 2 endpoints ready")]
#[case(json!({ "type": "ClusterIP", "selector": { "app": "web" } }), Some((0, 2)), Health::Failed, "none of its 2 endpoints is ready")]
#[case(json!({ "type": "ClusterIP", "selector": { "app": "web" } }), Some((0, 0)), Health::Degraded, "it has no endpoints: no running pod has app=web")]
#[case(json!({ "type": "ClusterIP", "selector": null }), Some((0, 0)), Health::Ok, "")]
#[case(json!({ "type": "ClusterIP", "selector": { "app": "web" } }), None, Health::Unknown, "its endpoints can't be read")]
#[case(json!({ "type": "ExternalName", "externalName": "db.example.com" }), None, Health::Ok, "")]
#[case(json!({ "type": "LoadBalancer", "selector": { "app": "web" } }), Some((1, 1)), Health::Degraded, "its load balancer has no address yet")]
#[case(json!({ "type": "ClusterIP", "publishNotReadyAddresses": true, "selector": { "app": "web" } }), Some((0, 2)), Health::Ok, "")]
fn a_service_is_as_its_endpoints_are(
    #[case] spec: Json,
    #[case] behind: Option<(i64, i64)>,
    #[case] health: Health,
    #[case] reason: &str,
) {
    let behind = behind.map(|(ready, all)| Behind { ready, all });
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    assert_eq!(verdict(&service(&spec, &json!({})), behind, now), (health, reason.to_owned()));
}

#[test]
fn ports_and_addresses_are_told_as_kubectl_tells_them() {
    let spec = json!({ "type": "LoadBalancer", "externalIPs": ["192.0.2.7"], "ports": [
        { "name": "http", "port": 80, "targetPort": "web", "nodePort": 31234, "protocol": "TCP" }, { "port": 53, "protocol": "UDP" }] });
    let service = service(
        &spec,
        &json!({ "loadBalancer": { "ingress": [{ "hostname": "a.elb.amazonaws.com", "ip": "192.0.2.1" }] } }),
    );
    assert_eq!(service.spec.ports.iter().map(port).collect::<Vec<_>>(), ["80:31234/TCP", "53/UDP"]);
    assert_eq!(external(&service), ["a.elb.amazonaws.com", "192.0.2.7"]);
}

#[test]
fn it_leads_to_its_ingresses_and_target_groups() {
    let scope = crate::model::Scope::new("shop-prod", "eu-central-1").in_cluster("shop");
    let scope = crate::model::Scope { namespace: Some("shop".into()), ..scope };
    let mut cells = vec![Value::None; COLUMNS.len()];
    cells[DEF.column("target_groups").unwrap()] = Value::list(["k8s-shop-web"]);
    let row = parts::row(parts::id(&scope, KIND, "web"), "web", None, fine(), cells);
    let relations = relations(&row);
    let find = |label: &str| relations.iter().find(|relation| relation.label == label).unwrap();
    let crate::model::Query::List { kind: "ingress", within: Some(service), .. } = &find("ingresses").query else {
        panic!("{relations:?}")
    };
    assert_eq!(*service, row.id);
    let crate::model::Query::Detail(group) = &find("target group").query else { panic!("{relations:?}") };
    assert_eq!((group.kind, &*group.id, &group.scope), ("target-group", "k8s-shop-web", &scope.region_scope()));
}

#[test]
fn a_service_selects_pods_that_have_all_its_labels() {
    let pod: Pod = serde_json::from_value(
        json!({ "metadata": { "name": "p", "namespace": "shop", "labels": { "app": "web", "tier": "a" } } }),
    )
    .unwrap();
    let of = |selector: Json| selects(&service(&json!({ "selector": selector }), &json!({})), &pod);
    assert!(of(json!({ "app": "web" })) && of(json!({ "app": "web", "tier": "a" })));
    assert!(!of(json!({ "app": "web", "tier": "b" })) && !of(json!({})));
}
