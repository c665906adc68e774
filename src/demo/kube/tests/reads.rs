//! Reads: lists, pages, selections, discovery, tables, metrics, logs, faults.

use kube::api::{Api, DynamicObject, ListParams, LogParams};
use kube::discovery::Discovery;
use serde_json::Value;

use super::*;

#[tokio::test]
async fn lists_come_in_pages_and_by_selection() {
    let rig = Rig::new(BETA9);
    let pods: Api<DynamicObject> = rig.api("pods", "");
    let all = pods.list(&ListParams::default()).await.unwrap().items;
    assert!(all.len() > 30, "{}", all.len());
    let mut paged = Vec::new();
    let mut params = ListParams::default().limit(7);
    loop {
        let page = pods.list(&params).await.unwrap();
        assert!(page.items.len() <= 7);
        paged.extend(page.items);
        match page.metadata.continue_.filter(|it| !it.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    let names = |of: &[DynamicObject]| of.iter().map(|it| it.metadata.name.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(names(&paged), names(&all));
    let workers =
        rig.api("pods", PROVISIONING).list(&ListParams::default().labels("app=provisioning-worker")).await.unwrap();
    assert_eq!(workers.items.len(), 3);
    let labels = ListParams::default().labels("app in (provisioning-worker, provisioning-api),!nothing");
    assert!(rig.api("pods", PROVISIONING).list(&labels).await.unwrap().items.len() > 4);
    let node = all[0].data["spec"]["nodeName"].as_str().unwrap().to_owned();
    let there = pods.list(&ListParams::default().fields(&format!("spec.nodeName={node}"))).await.unwrap().items;
    assert!(there.len() > 2 && there.iter().all(|pod| pod.data["spec"]["nodeName"] == node.as_str()));
    let wrong = pods.list(&ListParams::default().fields("spec.colour=red")).await.unwrap_err();
    assert!(wrong.to_string().contains("field label not supported"), "{wrong}");
}

#[tokio::test]
async fn nodes_are_the_instances_of_the_node_groups() {
    let rig = Rig::new(BETA9);
    let nodes = rig.api("nodes", "").list(&ListParams::default()).await.unwrap().items;
    let instances: Vec<String> = {
        let world = rig.estate.0.world();
        let account = world.account("beta9-prod").unwrap();
        let of = |group: &str| {
            account.auto_scaling_groups[group].instances.iter().map(|it| it.id.clone()).collect::<Vec<_>>()
        };
        account.eks_clusters["beta9-prod"].nodegroups.values().flat_map(|it| of(&it.auto_scaling_group)).collect()
    };
    let mut ids: Vec<String> = nodes
        .iter()
        .map(|it| it.data["spec"]["providerID"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    let mut instances = instances;
    ids.sort();
    instances.sort();
    assert_eq!(ids, instances);
}

#[tokio::test]
async fn discovery_tells_the_same_in_both_forms() {
    let rig = Rig::new(TFE);
    let kinds = |discovery: &Discovery| {
        let mut all: Vec<String> = discovery
            .groups()
            .flat_map(kube::discovery::ApiGroup::recommended_resources)
            .map(|(it, caps)| format!("{}/{} {} {:?}", it.api_version, it.plural, it.kind, caps.scope))
            .collect();
        all.sort();
        all
    };
    let old = Discovery::new(rig.client.clone()).run().await.unwrap();
    let new = Discovery::new(rig.client.clone()).run_aggregated().await.unwrap();
    assert_eq!(kinds(&old), kinds(&new));
    assert!(kinds(&new).iter().any(|it| it == "cert-manager.io/v1/certificates Certificate Namespaced"));
    assert_eq!(rig.client.apiserver_version().await.unwrap().git_version, "v1.32.9-eks-113cf36");
}

#[tokio::test]
async fn tables_have_the_columns_of_kubectl() {
    let rig = Rig::new(TFE);
    let deployments = rig.table("/apis/apps/v1/namespaces/terraform-enterprise/deployments").await;
    assert_eq!(deployments["terraform-enterprise"][1..4], ["2/2", "2", "2"]);
    let certificates = rig.table("/apis/cert-manager.io/v1/certificates").await;
    assert_eq!(certificates["terraform-enterprise-tls"][1..], ["True", "terraform-enterprise-tls", "84d"]);
    let metadata = rig
        .get(
            "/api/v1/namespaces/terraform-enterprise/secrets",
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        )
        .await;
    assert_eq!(metadata["kind"], "PartialObjectMetadataList");
    assert!(
        metadata["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it.get("data").is_none() && it["metadata"]["name"].is_string())
    );
}

#[tokio::test]
async fn every_type_is_listed_and_has_a_cell_for_each_column() {
    for at in [BETA9, TFE] {
        let rig = Rig::new(at);
        for of in crate::demo::world::kube::TYPES {
            let prefix = if of.group.is_empty() { "/api" } else { "/apis" };
            let path = format!("{prefix}/{}/{}", of.api_version(), of.plural);
            let table = rig.get(&path, "application/json;as=Table;v=v1;g=meta.k8s.io").await;
            let columns = table["columnDefinitions"].as_array().unwrap().len();
            let rows = table["rows"].as_array().unwrap();
            assert!(!rows.is_empty(), "no {}", of.plural);
            assert!(rows.iter().all(|row| row["cells"].as_array().unwrap().len() == columns), "{}", of.plural);
            let objects: Vec<DynamicObject> = rig.api(of.plural, "").list(&ListParams::default()).await.unwrap().items;
            assert!(
                objects.iter().all(|it| it.metadata.uid.is_some() && it.metadata.resource_version.is_some()),
                "{}",
                of.plural
            );
        }
    }
}

#[tokio::test]
async fn metrics_are_there_for_what_runs() {
    let rig = Rig::new(BETA9);
    let pods = rig
        .get("/apis/metrics.k8s.io/v1beta1/namespaces/beta9-provisioning/pods?labelSelector=app%3Dprovisioning-api", "")
        .await;
    assert_eq!(pods["items"].as_array().unwrap().len(), 2, "those that can't be pulled have none");
    assert!(pods["items"][0]["containers"][0]["usage"]["cpu"].as_str().unwrap().ends_with('n'));
    let nodes = rig.get("/apis/metrics.k8s.io/v1beta1/nodes", "").await;
    assert_eq!(nodes["items"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn logs_are_cut_stamped_and_of_the_container_before() {
    let rig = Rig::new(BETA9);
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(rig.client.clone(), PROVISIONING);
    let tail = LogParams { tail_lines: Some(20), timestamps: true, ..LogParams::default() };
    let lines = pods.logs("provisioning-api-6c8d9f7b54-4kq2m", &tail).await.unwrap();
    assert_eq!(lines.lines().count(), 20);
    let stamps: Vec<Timestamp> = lines.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert!(stamps.is_sorted() && stamps[19] <= rig.estate.now());
    let since = rig.estate.now() - SignedDuration::from_secs(30);
    let some = pods
        .logs(
            "provisioning-api-6c8d9f7b54-4kq2m",
            &LogParams { since_seconds: Some(30), timestamps: true, ..LogParams::default() },
        )
        .await
        .unwrap();
    assert!(some.lines().all(|line| line.split(' ').next().unwrap().parse::<Timestamp>().unwrap() >= since));
    let failing = super::stories::failing(&rig).await;
    let previous = pods.logs(&failing, &LogParams { previous: true, ..LogParams::default() }).await.unwrap();
    assert!(previous.contains("401 Unauthorized") && previous.contains("exits with status 1"), "{previous}");
    let missing =
        pods.logs("provisioning-api-6c8d9f7b54-4kq2m", &LogParams { previous: true, ..LogParams::default() }).await;
    assert!(missing.unwrap_err().to_string().contains("previous terminated container"));
}

#[tokio::test]
async fn a_log_is_followed_while_the_clock_runs() {
    use futures_util::AsyncBufReadExt;
    use futures_util::StreamExt;
    let rig = Rig::new(TFE);
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(rig.client.clone(), "terraform-enterprise");
    let follow = LogParams { follow: true, tail_lines: Some(5), ..LogParams::default() };
    let mut lines = pods.log_stream("terraform-enterprise-7f4b8c6d9-hx8wl", &follow).await.unwrap().lines();
    for _ in 0..5 {
        lines.next().await.unwrap().unwrap();
    }
    rig.pass(20);
    let new = tokio::time::timeout(std::time::Duration::from_secs(10), lines.next()).await.unwrap().unwrap().unwrap();
    assert!(!new.is_empty());
    let gone = kube::api::DeleteParams::default().grace_period(0);
    pods.delete("terraform-enterprise-7f4b8c6d9-hx8wl", &gone).await.unwrap();
    let rest = tokio::time::timeout(std::time::Duration::from_secs(10), lines.collect::<Vec<_>>()).await;
    assert!(rest.is_ok(), "it ends with the pod");
}

#[tokio::test]
async fn faults_are_spelled_as_the_api_spells_them() {
    let rig = Rig::new(BETA9);
    let pods: Api<DynamicObject> = rig.api("pods", PROVISIONING);
    for (kind, code) in [("throttle", 429), ("deny", 403), ("expire", 401), ("error500", 500)] {
        rig.estate.faults().clear();
        rig.estate.faults().add(&format!("beta9-prod/k8s/list pods={kind}")).unwrap();
        match pods.list(&ListParams::default()).await {
            Err(kube::Error::Api(status)) => assert_eq!(status.code, code, "{kind}: {status:?}"),
            other => panic!("{kind}: {other:?}"),
        }
        assert!(rig.api("nodes", "").list(&ListParams::default()).await.is_ok());
    }
    for kind in ["break", "garble", "unreachable"] {
        rig.estate.faults().clear();
        rig.estate.faults().add(&format!("beta9-prod/kubernetes={kind}")).unwrap();
        assert!(!matches!(pods.list(&ListParams::default()).await, Ok(_) | Err(kube::Error::Api(_))), "{kind}");
    }
    let key = ("beta9-prod".to_owned(), "kubernetes".to_owned(), "list pods".to_owned());
    assert_eq!(rig.estate.calls().get(&key), Some(&7));
}

#[tokio::test]
async fn what_one_may_do_follows_the_rules_that_deny() {
    let rig = Rig::new(BETA9);
    let ask = |sub: &'static str| {
        let body = serde_json::json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": { "resourceAttributes": {
            "verb": "patch", "group": "apps", "resource": "deployments", "subresource": sub, "namespace": PROVISIONING } } });
        http::Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .body(body.to_string().into_bytes())
            .unwrap()
    };
    rig.estate.faults().add("beta9-prod/k8s/patch deployments/scale=deny").unwrap();
    let (scale, whole): (Value, Value) =
        (rig.client.request(ask("scale")).await.unwrap(), rig.client.request(ask("")).await.unwrap());
    assert_eq!((&scale["status"]["allowed"], &whole["status"]["allowed"]), (&Value::Bool(false), &Value::Bool(true)));
    let who = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews").body(b"{}".to_vec()).unwrap();
    let who: Value = rig.client.request(who).await.unwrap();
    assert!(who["status"]["userInfo"]["username"].as_str().unwrap().contains("666677778888"));
    assert!(rig.estate.changes().is_empty());
}
