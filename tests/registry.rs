//! The contract that every kind keeps, whoever wrote it: its words, its columns, what it may call, and what it makes of the
//! built-in estate. A new kind is checked by standing in the registry.

#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, reason = "what a test stands on must be there")]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use quarterdeck::demo::Estate;
use quarterdeck::demo::world::Clock;
use quarterdeck::kinds::{self, BridgePane, KindDef, Show, Sink, System, changes, logs, metrics};
use quarterdeck::model::filter::Sieve;
use quarterdeck::model::{
    Fault, Filter, Health, LogSource, MetricSpec, Query, Resource, ResourceId, Scope, Value, Window,
};
use quarterdeck::providers::{Env, Environments};

/// What every row has besides its kind's columns: a column of the same name would never be found.
const COMMON: [&str; 11] =
    ["kind", "id", "name", "environment", "env", "account", "region", "health", "reason", "observed_at", "arn"];

/// Rows of each kind and environment that are looked at closely: the first few, and all sick ones.
const CLOSELY: usize = 3;

/// The estate, standing still, with the clients that the console would use.
struct Stand {
    estate: Estate,
    /// Held for as long as its clients are asked: they find each other through it.
    environments: Arc<Environments>,
    envs: Vec<Arc<Env>>,
}

impl Stand {
    async fn new() -> Self {
        let start: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let estate = Estate::new(7, Clock::manual(start));
        let described = estate.environments();
        let list = described.iter().map(quarterdeck::cli::demo::configured);
        let environments = Environments::new(list.collect(), quarterdeck::cli::demo::reached(&estate), kinds::reads());
        let mut envs = Vec::new();
        for one in &described {
            envs.push(environments.env(&Scope::new(one.name.as_str(), one.region.as_str())).await.unwrap());
        }
        Self { estate, environments, envs }
    }

    /// Clients that remember nothing.
    async fn fresh(&self) -> Vec<Arc<Env>> {
        let mut fresh = Vec::new();
        for env in &self.envs {
            self.environments.forget(&env.scope.environment);
            fresh.push(self.environments.env(&env.scope).await.unwrap());
        }
        fresh
    }

    /// The operations called since they were last counted anew.
    fn called(&self) -> BTreeSet<String> {
        self.estate.calls().into_keys().map(|(_, service, operation)| format!("{service}:{operation}")).collect()
    }

    /// Every row of every kind of AWS, by environment.
    async fn rows(&self) -> Vec<(Arc<Env>, &'static KindDef, Vec<Resource>)> {
        let mut rows = Vec::new();
        for kind in of_aws() {
            for env in &self.envs {
                rows.push((env.clone(), kind, rows_of(kind, env, None).await));
            }
        }
        rows
    }
}

/// The kinds that live in AWS accounts. Those of Kubernetes are asked of clusters, and call no operation of AWS of their own.
fn of_aws() -> impl Iterator<Item = &'static KindDef> {
    kinds::ALL.iter().copied().filter(|kind| kind.system == System::Aws)
}

#[derive(Default)]
struct Page(Mutex<Vec<Resource>>);

impl Sink for Page {
    fn page(&self, rows: Vec<Resource>) {
        self.0.lock().unwrap().extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        panic!("{fault}");
    }
}

async fn rows_of(kind: &KindDef, env: &Env, within: Option<&ResourceId>) -> Vec<Resource> {
    let page = Page::default();
    let listed = (kind.list)(env, within, &page).await;
    listed.unwrap_or_else(|fault| panic!("{} in {}, within {within:?}: {fault:?}", kind.id, env.scope));
    page.0.into_inner().unwrap()
}

#[test]
fn every_word_names_one_kind() {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for kind in kinds::ALL {
        let words: HashSet<&str> = [kind.id, kind.title].into_iter().chain(kind.aliases.iter().copied()).collect();
        assert_eq!(words.len(), kind.aliases.len() + 2, "{} says a word twice", kind.id);
        for word in words {
            assert!(
                !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{}: `{word}`",
                kind.id
            );
            if let Some(other) = seen.insert(word, kind.id) {
                panic!("`{word}` names {other} and {}", kind.id);
            }
            assert_eq!(kinds::by_word(word).map(|found| found.id), Some(kind.id));
        }
        assert!(kind.doc.len() > 10 && !kind.doc.ends_with('.'), "{}: `{}`", kind.id, kind.doc);
        assert!(!kind.cadence.is_zero(), "{}", kind.id);
    }
}

#[test]
fn columns_can_be_told_apart() {
    for kind in kinds::ALL {
        let mut seen = HashSet::new();
        for column in kind.columns {
            let id = column.id;
            assert!(seen.insert(id), "{}: {id} twice", kind.id);
            assert!(!COMMON.contains(&id), "{}: every row has a {id}", kind.id);
            let snake = id.starts_with(|c: char| c.is_ascii_lowercase())
                && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(snake, "{}: `{id}` is not lower_snake", kind.id);
            assert!(!column.title.is_empty() && !column.doc.is_empty(), "{}: {id}", kind.id);
            assert!(0 < column.width.0 && column.width.0 <= column.width.1, "{}: {id}", kind.id);
        }
        assert!(kind.columns.iter().any(|column| matches!(column.show, Show::Table(_))), "{}", kind.id);
    }
}

/// A pane shows several kinds in one table.
#[test]
fn a_column_means_the_same_in_a_whole_pane() {
    for pane in [BridgePane::Clusters, BridgePane::Services, BridgePane::Databases, BridgePane::Alarms] {
        let mut columns = BTreeMap::new();
        let members: Vec<_> = kinds::ALL.iter().filter(|kind| kind.pane == Some(pane)).collect();
        assert!(!members.is_empty(), "nothing stands in {pane:?}");
        for (kind, column) in members.iter().flat_map(|kind| kind.columns.iter().map(move |column| (kind.id, column))) {
            if !matches!(column.show, Show::Table(_)) {
                continue;
            }
            let (first, title, right) = *columns.entry(column.id).or_insert((kind, column.title, column.right));
            assert_eq!((title, right), (column.title, column.right), "{} in {first} and {kind}", column.id);
        }
    }
}

#[test]
fn kinds_only_read() {
    const VERBS: [&str; 7] = ["Describe", "List", "Get", "Lookup", "Filter", "Scan", "StartLiveTail"];
    for kind in kinds::ALL {
        let mut seen = HashSet::new();
        assert_eq!(kind.reads.is_empty(), kind.system != System::Aws, "{}", kind.id);
        for read in kind.reads {
            let (service, operation) = read.split_once(':').unwrap_or_else(|| panic!("{}: {read}", kind.id));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(service.chars().all(plain), "{}: {read}", kind.id);
            assert!(operation.chars().all(|c| c.is_ascii_alphanumeric()), "{}: {read}", kind.id);
            assert!(VERBS.iter().any(|verb| operation.starts_with(verb)), "{}: {read} is no read", kind.id);
            assert!(seen.insert(read), "{}: {read} twice", kind.id);
        }
    }
}

#[tokio::test]
async fn every_row_of_the_estate_keeps_the_contract() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (env, kind, rows) in Stand::new().await.rows().await {
        *counts.entry(kind.id).or_default() += rows.len();
        let mut seen = HashSet::new();
        for row in &rows {
            let name = format!("{} {} in {}", kind.id, row.id.id, env.scope);
            assert!(seen.insert(row.id.clone()), "{name} twice");
            assert_eq!(row.id.kind, kind.id);
            assert_eq!(row.id.scope.region_scope(), env.scope, "{name}");
            assert_eq!(row.cells.len(), kind.columns.len(), "{name}");
            assert!(!row.name.is_empty() && !row.id.id.is_empty(), "{name}");
            assert!(row.health == Health::Ok || !row.reason.is_empty(), "{name} is {} without a reason", row.health);
        }
    }
    let missing: Vec<_> = counts.iter().filter(|(_, count)| **count == 0).collect();
    assert!(missing.is_empty(), "the estate has none of {missing:?}");
}

/// A column that is empty in every row is a mistake in the mapping, or one that the estate can't show.
#[tokio::test]
async fn every_table_column_says_something_somewhere() {
    let mut silent: BTreeSet<(&str, &str)> = BTreeSet::new();
    for kind in of_aws() {
        let shown = kind.columns.iter().filter(|column| matches!(column.show, Show::Table(_)));
        silent.extend(shown.map(|column| (kind.id, column.id)));
    }
    for (_, kind, rows) in Stand::new().await.rows().await {
        for row in rows {
            silent.retain(|(id, column)| *id != kind.id || kind.cell(&row, column) == Some(&Value::None));
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

/// Rows that are looked at closely.
fn closely(rows: Vec<Resource>) -> impl Iterator<Item = Resource> {
    let chosen = rows.into_iter().enumerate().filter(|(at, row)| *at < CLOSELY || row.health.is_sick());
    chosen.map(|(_, row)| row)
}

#[tokio::test]
async fn details_raw_logs_and_metrics_can_be_had() {
    for (env, kind, rows) in Stand::new().await.rows().await {
        for row in closely(rows) {
            let name = format!("{} {} in {}", kind.id, row.id.id, env.scope);
            let detail = (kind.detail)(&env, &row.id).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert!(!detail.sections.is_empty(), "{name}");
            let raw = (kind.raw)(&env, &row.id).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            let raw: serde_json::Value = serde_json::from_str(&raw).unwrap();
            assert!(raw.as_object().is_some_and(|fields| !fields.is_empty()), "{name}: {raw}");
            let logs = (kind.logs)(&env, &row.id).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            assert!(kind.has_logs || logs.is_empty(), "{name} has logs and its kind says that it has none");
            let metrics = (kind.metrics)(&row);
            let labels: HashSet<_> = metrics.iter().map(|metric| metric.label).collect();
            assert_eq!(labels.len(), metrics.len(), "{name}: two metrics of one label");
            assert!(metrics.iter().all(|metric| metric.resource == row.id), "{name}");
            let link = (kind.console)(&row).unwrap_or_else(|| panic!("{name}: no link"));
            // What is kept in another region is shown there.
            let elsewhere = kind.cell(&row, "backend_region").map(|region| region.show_exact().into_owned());
            let region = elsewhere.unwrap_or_else(|| env.scope.region.to_string());
            assert!(link.contains(&region) && !link.starts_with('/') && !link.contains(' '), "{link}");
        }
    }
}

#[tokio::test]
async fn metrics_have_points() {
    let stand = Stand::new().await;
    let (mut told, mut asked) = (BTreeSet::new(), BTreeSet::new());
    let mut specs: BTreeMap<Scope, (Arc<Env>, Vec<MetricSpec>)> = BTreeMap::new();
    for (env, kind, rows) in stand.rows().await {
        let (_, specs) = specs.entry(env.scope.clone()).or_insert_with(|| (env, Vec::new()));
        specs.extend(rows.iter().flat_map(kind.metrics));
    }
    for (env, specs) in specs.into_values() {
        stand.estate.reset_calls();
        let found = metrics::fetch(&env, &specs, Window::Hour, stand.estate.now()).await.unwrap();
        let calls: u64 = stand.estate.calls().into_values().sum();
        assert_eq!(calls, specs.len().div_ceil(metrics::QUERIES) as u64, "{}: {} metrics", env.scope, specs.len());
        asked.extend(specs.iter().map(|spec| (spec.resource.kind, spec.label)));
        for (position, points) in found {
            let times: Vec<i64> = points.points.iter().map(|(at, _)| at.as_second()).collect();
            assert!(times.is_sorted() && times.iter().all(|at| at % 60 == 0), "{:?}: {times:?}", specs[position]);
            if !times.is_empty() {
                told.insert((specs[position].resource.kind, specs[position].label));
            }
        }
    }
    let silent: Vec<_> = asked.difference(&told).collect();
    assert!(silent.is_empty(), "metrics without points: {silent:?}");
}

#[tokio::test]
async fn what_is_gone_is_not_found() {
    let mut asked = HashSet::new();
    for (env, kind, rows) in Stand::new().await.rows().await {
        let Some(row) = rows.into_iter().next().filter(|_| asked.insert(kind.id)) else { continue };
        let id = ResourceId { id: format!("{}0", row.id.id).into(), ..(*row.id).clone() };
        let fault = (kind.detail)(&env, &id).await.expect_err(kind.id);
        assert_eq!(fault.word(), "not found", "{}: {fault:?}", kind.id);
    }
}

/// Relations that would lead somewhere, if the estate had it.
const EMPTY: [(&str, &str); 2] = [("eks-cluster", "alarms"), ("log-group", "alarms")];

#[tokio::test]
async fn relations_lead_somewhere() {
    let stand = Stand::new().await;
    let mut known = HashMap::new();
    let (mut fruitful, mut barren) = (BTreeSet::new(), BTreeSet::from(EMPTY));
    for (env, kind, rows) in stand.rows().await {
        for row in closely(rows) {
            for relation in (kind.relations)(&row) {
                let name = format!("{} {} in {}: {}", kind.id, row.id.id, env.scope, relation.label);
                if !known.contains_key(&relation.query) {
                    known.insert(relation.query.clone(), answer(&name, &env, &relation.query).await);
                }
                let found = match &known[&relation.query] {
                    None => true,
                    Some((other, rows)) => {
                        let filter = filter(&name, other, relation.filter.as_deref().unwrap_or_default());
                        let places = |_: &'static str, column: &str| other.column(column);
                        let mut sieve = Sieve::new(&filter, &places, stand.estate.now());
                        rows.iter().any(|resource| sieve.passes(resource))
                    }
                };
                let whose = (kind.id, relation.label);
                if found {
                    fruitful.insert(whose)
                } else {
                    barren.insert(whose)
                };
            }
        }
    }
    let never: Vec<_> = barren.difference(&fruitful).copied().collect();
    assert_eq!(never, EMPTY, "relations that never lead to anything");
}

/// The kind and rows of a list; nothing for a detail, which must be there.
async fn answer(name: &str, env: &Env, query: &Query) -> Option<(&'static KindDef, Vec<Resource>)> {
    match query {
        Query::Detail(id) => {
            let kind = kinds::by_id(id.kind).unwrap_or_else(|| panic!("{name}: no kind {}", id.kind));
            (kind.detail)(env, id).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            None
        }
        Query::List { kind, within, .. } => {
            let kind = kinds::by_id(kind).unwrap_or_else(|| panic!("{name}: no kind {kind}"));
            Some((kind, rows_of(kind, env, within.as_deref()).await))
        }
        other => panic!("{name} leads to {other:?}"),
    }
}

fn filter(name: &str, kind: &KindDef, text: &str) -> Filter {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    for column in filter.columns() {
        assert!(kind.column(column).is_some() || COMMON.contains(&column), "{name}: {} has no {column}", kind.id);
    }
    filter
}

/// What a list can be within, and where.
type Parent = (Arc<Env>, Arc<ResourceId>);

fn declared<'a>(reads: impl IntoIterator<Item = &'a kinds::Op>) -> BTreeSet<String> {
    reads.into_iter().map(|read| (*read).to_owned()).collect()
}

/// What is declared is what is called: more would be refused on the way out, less would ask customers for needless rights.
#[tokio::test]
async fn each_kind_calls_what_it_declares_and_nothing_else() {
    let stand = Stand::new().await;
    let rows = stand.rows().await;
    // Lists of a kind within something are its own affair, whoever leads to them.
    let mut within: BTreeMap<&str, Vec<Parent>> = BTreeMap::new();
    for (env, kind, rows) in &rows {
        for relation in closely(rows.clone()).flat_map(|row| (kind.relations)(&row)) {
            if let Query::List { kind: other, within: Some(parent), .. } = relation.query {
                within.entry(other).or_default().push((env.clone(), parent));
            }
        }
    }
    let mut wrong = Vec::new();
    for kind in of_aws() {
        let fresh = stand.fresh().await;
        stand.estate.reset_calls();
        for env in &fresh {
            for row in closely(rows_of(kind, env, None).await) {
                let _ = (kind.detail)(env, &row.id).await;
                let _ = (kind.raw)(env, &row.id).await;
                let _ = (kind.logs)(env, &row.id).await;
            }
        }
        for (env, parent) in within.get(kind.id).into_iter().flatten() {
            rows_of(kind, env, Some(parent)).await;
        }
        let (called, declared) = (stand.called(), declared(kind.reads));
        if called != declared {
            wrong.push(format!("{} calls {called:?} and declares {declared:?}", kind.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same of the questions that are no kinds.
#[tokio::test]
async fn metrics_logs_and_changes_call_what_they_declare_and_nothing_else() {
    let stand = Stand::new().await;
    let (now, mut all) = (stand.estate.now(), declared(kinds::ALL.iter().flat_map(|kind| kind.reads)));
    let rows = stand.rows().await;
    let specs = rows.iter().flat_map(|(env, kind, rows)| rows.iter().map(move |row| (env, (kind.metrics)(row))));
    let (env, specs) = specs.into_iter().find(|(_, specs)| !specs.is_empty()).unwrap();
    stand.estate.reset_calls();
    metrics::fetch(env, &specs, Window::Hour, now).await.unwrap();
    assert_eq!(stand.called(), declared(metrics::READS));

    let (env, _, rows) = rows.iter().find(|(_, kind, rows)| kind.id == "log-group" && !rows.is_empty()).unwrap();
    let source = LogSource::group(env.scope.clone(), rows[0].id.id.clone(), None, "x");
    stand.estate.reset_calls();
    let minute = now - jiff::SignedDuration::from_mins(1);
    logs::lines(Arc::clone(env), source.clone(), minute, now, None).try_collect::<Vec<_>>().await.unwrap();
    drop(logs::live(env, &source, None).await.unwrap());
    assert_eq!(stand.called(), declared(logs::READS));

    stand.estate.reset_calls();
    for env in &stand.envs {
        changes::changes(env, minute, None).await.unwrap();
    }
    // Clusters are found and reached by the providers themselves, and nothing there is anything but read.
    let reads = ["eks:", "kubernetes:get ", "kubernetes:list ", "kubernetes:watch "];
    let (of_clusters, called): (BTreeSet<String>, BTreeSet<String>) =
        stand.called().into_iter().partition(|call| call.starts_with("eks:") || call.starts_with("kubernetes:"));
    assert!(of_clusters.iter().all(|call| reads.iter().any(|read| call.starts_with(read))), "{of_clusters:?}");
    assert_eq!(called, declared(changes::READS.iter().copied().flatten()));
    all.extend([metrics::READS, logs::READS].concat().into_iter().map(str::to_owned));
    all.extend(called);
    assert_eq!(declared(&kinds::reads()), all);
    assert!(kinds::reads().is_sorted_by(|a, b| a < b), "each once");
}

/// What is watched is known by plurals; what a list is made from is named once.
#[test]
fn kinds_of_kubernetes_name_what_they_stand_on() {
    for kind in kinds::ALL {
        let System::Kubernetes(types) = kind.system else { continue };
        let once: HashSet<_> = types.iter().collect();
        // What an API server can have is asked for: there is no one type to watch.
        let asked = kind.id == "k8s-resource";
        assert!(types.is_empty() == asked && once.len() == types.len(), "{}: {types:?}", kind.id);
        assert!(kind.column("cluster").is_some(), "{}: an environment can have several clusters", kind.id);
    }
}
