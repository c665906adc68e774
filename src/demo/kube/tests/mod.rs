//! The clusters as a real client sees them.

mod changes;
mod reads;
mod stories;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::Api;
use kube::core::{ApiResource, DynamicObject};
use serde_json::Value;

use crate::demo::Estate;
use crate::demo::world::Clock;
use crate::demo::world::kube::Type;

const BETA9: (&str, &str) = ("beta9-prod", "beta9-prod");
const TFE: (&str, &str) = ("tfe-prod", "tfe-prod");
const PROVISIONING: &str = "beta9-provisioning";

/// An estate whose clock the test moves, and a client of one of its clusters.
struct Rig {
    estate: Estate,
    clock: Clock,
    client: Client,
}

impl Rig {
    fn new(at: (&str, &str)) -> Self {
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let clock = Clock::manual(start);
        let estate = Estate::new(7, clock.clone());
        let client = Client::new(estate.kube(at.0, at.1).unwrap(), "default");
        Self { estate, clock, client }
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn api(&self, plural: &str, namespace: &str) -> Api<DynamicObject> {
        let of = Type::of(plural).unwrap();
        let resource = ApiResource {
            group: of.group.to_owned(),
            version: of.version.to_owned(),
            api_version: of.api_version(),
            kind: of.kind.to_owned(),
            plural: of.plural.to_owned(),
        };
        match namespace {
            "" => Api::all_with(self.client.clone(), &resource),
            namespace => Api::namespaced_with(self.client.clone(), namespace, &resource),
        }
    }

    /// An answer as it is.
    async fn get(&self, path: &str, accept: &str) -> Value {
        let request = http::Request::get(path).header("accept", accept).body(Vec::new()).unwrap();
        self.client.request(request).await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        self.client.request_text(http::Request::get(path).body(Vec::new()).unwrap()).await.unwrap()
    }

    /// The rows of a table: by name, the cells.
    async fn table(&self, path: &str) -> BTreeMap<String, Vec<String>> {
        let table = self.get(path, "application/json;as=Table;v=v1;g=meta.k8s.io").await;
        let cell = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        let rows = table["rows"].as_array().unwrap().iter().map(|row| {
            let cells: Vec<String> = row["cells"].as_array().unwrap().iter().map(cell).collect();
            (row["object"]["metadata"]["name"].as_str().unwrap().to_owned(), cells)
        });
        rows.collect()
    }

    async fn one(&self, plural: &str, namespace: &str, name: &str) -> Value {
        serde_json::to_value(self.api(plural, namespace).get(name).await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn only_clusters_that_are_there_are_reached() {
    let rig = Rig::new(BETA9);
    assert!(rig.estate.kube("beta9-prod", "other").is_none() && rig.estate.kube("nowhere", "beta9-prod").is_none());
    assert_eq!(rig.estate.kube_clusters("tfe-prod"), ["tfe-prod"]);
    assert!(rig.estate.kube_clusters("dhbw-prod").is_empty());
}

#[tokio::test]
async fn a_large_cluster_that_churns_can_be_had() {
    let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let clock = Clock::manual(start);
    let estate = Estate::with_pods(1, clock.clone(), 1_000, 5);
    let client = Client::new(estate.kube("kube-000", "bench").unwrap(), "default");
    let rig = Rig { estate, clock, client };
    let running = kube::api::ListParams::default().fields("status.phase=Running");
    let pods: Api<DynamicObject> = rig.api("pods", "");
    let bench = |pod: &DynamicObject| pod.metadata.namespace.as_deref().is_some_and(|it| it.starts_with("team-"));
    assert_eq!(pods.list(&running).await.unwrap().items.iter().filter(|pod| bench(pod)).count(), 1_000);
    assert_eq!(rig.api("nodes", "").list(&kube::api::ListParams::default()).await.unwrap().items.len(), 40);
    rig.pass(10);
    let later = pods.list(&kube::api::ListParams::default()).await.unwrap().items;
    let new = later.iter().filter(|pod| {
        pod.metadata.creation_timestamp.as_ref().is_some_and(|at| at.0 > "2026-03-02T09:00:00Z".parse().unwrap())
    });
    assert!(new.count() > 20);
}
