use serde_json::{Value as Json, json};

use super::*;

fn scope() -> Scope {
    Scope::new("beta9-prod", "eu-central-1").in_cluster("main")
}

fn at(minute: i64) -> Timestamp {
    "2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn id(kind: KindId, name: &str) -> ResourceId {
    ResourceId { scope: Scope { namespace: Some("shop".into()), ..scope() }, kind, id: name.into() }
}

fn set(name: &str, revision: &str, minute: i64, template: &Json) -> Arc<ReplicaSet> {
    let owner =
        json!([{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": true }]);
    let meta = json!({
        "name": name, "namespace": "shop", "uid": name, "creationTimestamp": at(minute).to_string(), "ownerReferences": owner,
        "annotations": { "deployment.kubernetes.io/revision": revision },
    });
    Arc::new(serde_json::from_value(json!({ "metadata": meta, "spec": { "template": template } })).unwrap())
}

fn template(containers: &[(&str, &str)]) -> Json {
    let one = |(name, image): &(&str, &str)| json!({ "name": name, "image": image });
    json!({ "spec": { "containers": containers.iter().map(one).collect::<Vec<_>>() } })
}

fn told(sets: &[Arc<ReplicaSet>], managers: &Managers) -> Vec<(String, String)> {
    let all = Revision::all(sets, &[]);
    let told = all.iter().map(|one| one.change(&scope(), &all, managers));
    told.map(|change| (change.who.to_string(), change.what.to_string())).collect()
}

#[test]
fn a_revision_tells_what_has_become_of_the_images() {
    let mut restarted = template(&[("web", "elsewhere/web:2")]);
    restarted["metadata"] = json!({ "annotations": { "kubectl.kubernetes.io/restartedAt": "2026-03-02T08:30:00Z" } });
    let sets = [
        set("web-c", "10", 20, &template(&[("web", "shop/web:2")])),
        set("web-a", "8", 0, &template(&[("web", "shop/web:1"), ("proxy", "envoy:1")])),
        set("web-b", "9", 10, &template(&[("web", "shop/web:2"), ("agent", "shop/agent:7")])),
        set("web-d", "11", 30, &template(&[("web", "elsewhere/web:2")])),
        set("web-e", "12", 40, &restarted),
        set("web-f", "13", 50, &restarted),
    ];
    let words: Vec<String> = told(&sets, &Managers::new()).into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        words,
        [
            "revision 10: without agent",
            "revision 8: web:1, envoy:1",
            "revision 9: web:1 → web:2, with agent (agent:7), without proxy",
            "revision 11: shop/web:2 → elsewhere/web:2",
            "revision 12: restarted by hand",
            "revision 13: the images are the same",
        ]
    );
}

#[test]
fn who_has_written_the_workload_just_then_has_made_the_revision() {
    let sets = [set("web-a", "8", 0, &template(&[])), set("web-b", "9", 30, &template(&[]))];
    let meta: ObjectMeta = serde_json::from_value(json!({ "managedFields": [
        { "manager": "helm", "time": at(30).to_string() },
        { "manager": "kube-controller-manager", "time": at(0).to_string() },
        { "manager": "autoscaler", "subresource": "scale", "time": at(0).to_string() },
    ] }))
    .unwrap();
    let managers =
        Managers::from([(("Deployment".to_owned(), Some("shop".to_owned()), "web".to_owned()), written(&meta))]);
    let who: Vec<String> = told(&sets, &managers).into_iter().map(|(who, _)| who).collect();
    assert_eq!(who, ["deployment-controller", "helm"]);
}

fn event(kind: &str, name: &str, reason: &str, count: i64) -> Event {
    serde_json::from_value(json!({
        "metadata": { "name": format!("{name}.1"), "namespace": "shop" },
        "involvedObject": { "kind": kind, "name": name, "namespace": "shop" },
        "reason": reason, "message": format!("{reason} it"), "type": "Normal", "count": count,
        "lastTimestamp": at(30).to_string(), "source": { "component": "kubelet" },
    }))
    .unwrap()
}

#[test]
fn events_that_change_nothing_are_left_out() {
    let all = Family { about: None, makers: Vec::new() };
    let told = of_event(&scope(), &event("Pod", "web-a-1", "Killing", 3), at(0), &all).unwrap();
    assert_eq!((&*told.who, &*told.what, &*told.name), ("kubelet", "Killing it (3 times)", "web-a-1"));
    assert_eq!(told.resource.as_deref(), Some(&id("pod", "web-a-1")));
    assert_eq!(of_event(&scope(), &event("Pod", "web-a-1", "Pulled", 1), at(0), &all), None);
    assert_eq!(of_event(&scope(), &event("Pod", "web-a-1", "Killing", 1), at(31), &all), None);
}

#[test]
fn a_deployment_has_the_events_of_its_sets_and_pods() {
    let sets = [set("web-5f9", "1", 0, &template(&[]))];
    let all = Revision::all(&sets, &[]);
    let web = id("deployment", "web");
    let family = Family::of(Some(&web), &all);
    let has = |kind, name| family.has(&event(kind, name, "Killing", 1));
    assert!(has("Deployment", "web") && has("ReplicaSet", "web-5f9") && has("Pod", "web-5f9-x2k"));
    assert!(!has("Deployment", "web-api") && !has("Pod", "web-api-5f9-x2k") && !has("StatefulSet", "web"));
    assert!(all[0].is_about(&scope(), Some(&web)) && !all[0].is_about(&scope(), Some(&id("deployment", "api"))));
    let database = id("statefulset", "db");
    let family = Family::of(Some(&database), &all);
    assert!(family.has(&event("Pod", "db-0", "Killing", 1)) && !family.has(&event("Pod", "db-backup-0", "Killing", 1)));
    let shop = ResourceId { scope: scope(), kind: "namespace", id: "shop".into() };
    assert!(Family::of(Some(&shop), &all).has(&event("Pod", "db-0", "Killing", 1)));
    assert!(all[0].is_about(&scope(), Some(&shop)));
}
