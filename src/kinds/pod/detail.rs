//! The detail of a pod: its containers with what they use, conditions, what it mounts and reads, the last lines of what crashed, events.

use std::sync::Arc;

use futures_util::future::{join, join3};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::{DEF, row};
use crate::kinds::k8s::pod::{Amounts, Container, ContainerStatus, Pod};
use crate::kinds::k8s::quantity::{bytes_cell, cores_cell};
use crate::kinds::k8s::top::{self, Used};
use crate::kinds::k8s::workload::Findings;
use crate::kinds::k8s::{self, Look, event, meta};
use crate::kinds::{Asked, parts};
use crate::model::{Detail, Fault, FaultClass, ResourceId, Section, Value, text};
use crate::providers::Env;
use crate::providers::kube::{Cluster, Object};

/// Lines of a crashed container's log that the detail shows.
const LAST_LINES: &str = "12";
/// Most bytes of them.
const LAST_BYTES: &str = "8192";

pub(super) fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let cluster = k8s::open(env, id).await?;
        let whole: Json = cluster.read(&Pod::path(id.scope.namespace.as_deref(), &id.id)).await?;
        let pod: Pod = serde_json::from_value(whole.clone())
            .map_err(|error| Fault::new(FaultClass::Malformed, format!("pod {}: {error}", text::clean(&id.id))))?;
        let look = Look::at(&cluster);
        let (using, events, last) =
            join3(top::pods(&look), event::about(&cluster, "Pod", &pod.metadata), last_lines(&cluster, &pod)).await;
        // The warnings about this pod are among its own events: none of the cluster's need be read.
        let warnings = events.as_ref().map(|events| event::Events { items: events.clone() }).unwrap_or_default();
        let warnings = k8s::warnings::Warnings::new(Arc::new(warnings));
        let findings = Findings::at(vec![Arc::new(pod.clone())], warnings, Timestamp::now());
        let used = using.of(id.scope.namespace.as_deref().unwrap_or_default(), &id.id);
        let summary = findings.all().next().map(|(pod, found)| row::of(&look, pod, found, &using));
        let mut sections: Vec<Section> = summary.iter().map(|row| parts::summary(&DEF, row)).collect();
        sections.extend([containers(&pod, used), probes(&whole)]);
        sections.extend(last);
        sections.extend([meta::conditions(&pod.status.conditions), references(&whole, id)]);
        sections.push(parts::or_why(event::TITLE, events.map(|events| event::section(&cluster.scope, &events))));
        sections.extend(meta::metadata(&cluster.scope, &pod.metadata));
        Ok(Detail { sections: parts::filled(sections) })
    })
}

/// Its containers, those that run before the others first.
fn containers(pod: &Pod, used: Option<&Used>) -> Section {
    let statuses = || pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let row = |container: &Container, init: bool| {
        let status = statuses().find(|status| status.name == container.name);
        let used = used.and_then(|used| used.containers.iter().find(|(name, _)| **name == *container.name));
        let used = used.map_or(Amounts::default(), |(_, used)| *used);
        let last = status.and_then(|status| status.last_state.terminated.as_ref());
        let name = if init { format!("{} (init)", container.name) } else { container.name.clone() };
        let (requests, limits) = (container.resources.requests, container.resources.limits);
        let cells = vec![
            Value::text(name),
            Value::maybe(status.map(|status| status.state.words())),
            status.map_or(Value::None, |status| Value::Bool(status.ready)),
            parts::int(status.map(|status| status.restart_count)),
            Value::maybe(last.map(|last| format!("{} ({})", last.word(), last.exit_code))),
            last.and_then(k8s::pod::Terminated::at).map_or(Value::None, Value::Instant),
            cores_cell(used.millicores),
            cores_cell(requests.millicores),
            cores_cell(limits.millicores),
            bytes_cell(used.bytes),
            bytes_cell(requests.bytes),
            bytes_cell(limits.bytes),
            Value::maybe(container.image.as_deref()),
        ];
        (cells, None)
    };
    let init = pod.spec.init_containers.iter().map(|container| row(container, true));
    let rows = init.chain(pod.spec.containers.iter().map(|container| row(container, false))).collect();
    let columns = vec![
        "container",
        "state",
        "ready",
        "restarts",
        "last end",
        "ended",
        "cpu",
        "request",
        "limit",
        "memory",
        "request",
        "limit",
        "image",
    ];
    Section::Table { title: "Containers", columns, rows }
}

/// The probes of its containers.
fn probes(whole: &Json) -> Section {
    const PROBES: [(&str, &str); 3] =
        [("startupProbe", "startup"), ("readinessProbe", "readiness"), ("livenessProbe", "liveness")];
    let containers = whole.pointer("/spec/containers").and_then(Json::as_array).into_iter().flatten();
    let rows = containers.flat_map(|container| {
        let name = container.get("name").and_then(Json::as_str).unwrap_or_default();
        PROBES.iter().filter_map(move |(key, word)| {
            let probe = container.get(*key)?;
            let number = |key: &str| parts::int(probe.get(key).and_then(Json::as_i64));
            let cells = vec![
                Value::text(name),
                Value::text(word),
                Value::text(asks(probe)),
                number("initialDelaySeconds"),
                number("periodSeconds"),
                number("timeoutSeconds"),
                number("failureThreshold"),
            ];
            Some((cells, None))
        })
    });
    let columns = vec!["container", "probe", "asks", "delay s", "every s", "timeout s", "failures"];
    Section::Table { title: "Probes", columns, rows: rows.collect() }
}

/// What a probe asks: `GET http :8080/health`, `tcp :6379`, `exec pg_isready`.
fn asks(probe: &Json) -> String {
    let text = |value: Option<&Json>| match value {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if let Some(http) = probe.get("httpGet") {
        let scheme = http.get("scheme").and_then(Json::as_str).unwrap_or("HTTP").to_ascii_lowercase();
        return format!("GET {scheme} :{}{}", text(http.get("port")), text(http.get("path")));
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        return format!("tcp :{}", text(tcp.get("port")));
    }
    if let Some(grpc) = probe.get("grpc") {
        return format!("grpc :{}", text(grpc.get("port")));
    }
    let command = probe.pointer("/exec/command").and_then(Json::as_array).into_iter().flatten();
    format!("exec {}", command.filter_map(Json::as_str).collect::<Vec<_>>().join(" "))
}

/// What it mounts, and config maps, secrets and claims that it reads: by name, never by content.
fn references(whole: &Json, id: &ResourceId) -> Section {
    let volumes = whole.pointer("/spec/volumes").and_then(Json::as_array).into_iter().flatten();
    let mut rows: Vec<(&'static str, String, String)> = volumes.filter_map(volume).collect();
    let all = |key: &str| whole.pointer(&format!("/spec/{key}")).and_then(Json::as_array).into_iter().flatten();
    for container in all("initContainers").chain(all("containers")) {
        let list = |key: &str| container.get(key).and_then(Json::as_array).into_iter().flatten();
        let froms = list("envFrom").chain(list("env").filter_map(|entry| entry.get("valueFrom")));
        let by = format!("environment of {}", container.get("name").and_then(Json::as_str).unwrap_or_default());
        rows.extend(froms.filter_map(|from| {
            const REFS: [(&str, &str); 4] = [
                ("configMapRef", "ConfigMap"),
                ("configMapKeyRef", "ConfigMap"),
                ("secretRef", "Secret"),
                ("secretKeyRef", "Secret"),
            ];
            let (kind, from) = REFS.iter().find_map(|(key, kind)| Some((*kind, from.get(*key)?)))?;
            Some((kind, from.get("name")?.as_str()?.to_owned(), by.clone()))
        }));
    }
    let rows = parts::each_once(rows).into_iter().map(|(kind, name, by)| {
        let leads = meta::object_id(&id.scope, kind, id.scope.namespace.as_deref(), &name);
        (vec![Value::text(kind), Value::text(name), Value::text(by)], leads)
    });
    Section::Table { title: "Volumes and references", columns: vec!["kind", "name", "as"], rows: rows.collect() }
}

/// A volume: what it stands on, the name of that, and its own.
fn volume(volume: &Json) -> Option<(&'static str, String, String)> {
    const SOURCES: [(&str, &str, &str); 6] = [
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
        ("hostPath", "HostPath", "path"),
        ("emptyDir", "EmptyDir", "medium"),
        ("csi", "CSI", "driver"),
    ];
    let by = format!("volume {}", volume.get("name")?.as_str()?);
    let found = SOURCES.iter().find_map(|(key, kind, name)| Some((*kind, volume.get(*key)?.get(*name))));
    let (kind, name) = found.unwrap_or(("Other", None));
    let name = name.and_then(Json::as_str).filter(|name| !name.is_empty()).unwrap_or("-");
    Some((kind, name.to_owned(), by))
}

/// The last lines of the containers that crashed: two of them at most.
async fn last_lines(cluster: &Cluster, pod: &Pod) -> Vec<Section> {
    let crashed = |status: &&ContainerStatus| {
        let failed = |state: &k8s::pod::State| state.terminated.as_ref().is_some_and(|end| end.exit_code != 0);
        failed(&status.state) || (failed(&status.last_state) && status.state.running.is_none())
    };
    let all = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let mut crashed = all.filter(crashed);
    let (first, second) = (crashed.next(), crashed.next());
    let lines = async |status: Option<&ContainerStatus>| match status {
        Some(status) => lines_of(cluster, pod, status).await,
        None => None,
    };
    let (first, second) = join(lines(first), lines(second)).await;
    first.into_iter().chain(second).collect()
}

async fn lines_of(cluster: &Cluster, pod: &Pod, status: &ContainerStatus) -> Option<Section> {
    let path = format!("{}/log", Pod::path(pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref()?));
    let previous = if status.state.terminated.is_some() { "false" } else { "true" };
    let query = [
        ("container", status.name.as_str()),
        ("previous", previous),
        ("tailLines", LAST_LINES),
        ("limitBytes", LAST_BYTES),
    ];
    let title = "Last lines of what crashed";
    let log = match cluster.text(&path, &query).await {
        Ok(log) => log,
        Err(fault) => return Some(Section::Text { title, lines: vec![text::clean(&fault.summary).into()] }),
    };
    let lines = log.lines().map(|line| format!("{}: {}", status.name, text::clean(line)).into());
    Some(Section::Text { title, lines: lines.collect() })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::Scope;

    #[rstest]
    #[case(json!({ "httpGet": { "path": "/health", "port": 8080, "scheme": "HTTPS" } }), "GET https :8080/health")]
    #[case(json!({ "httpGet": { "path": "/", "port": "web" } }), "GET http :web/")]
    #[case(json!({ "tcpSocket": { "port": 6379 } }), "tcp :6379")]
    #[case(json!({ "exec": { "command": ["pg_isready", "-q"] } }), "exec pg_isready -q")]
    fn probes_in_words(#[case] probe: Json, #[case] words: &str) {
        assert_eq!(asks(&probe), words);
    }

    #[test]
    fn references_are_named_once_and_never_by_content() {
        let whole = json!({ "spec": {
            "volumes": [
                { "name": "conf", "configMap": { "name": "web" } }, { "name": "keys", "secret": { "secretName": "tls" } },
                { "name": "data", "persistentVolumeClaim": { "claimName": "data-0" } }, { "name": "tmp", "emptyDir": {} },
            ],
            "containers": [{ "name": "web", "env": [
                { "name": "A", "valueFrom": { "secretKeyRef": { "name": "db", "key": "password" } } },
                { "name": "B", "valueFrom": { "secretKeyRef": { "name": "db", "key": "user" } } },
                { "name": "C", "value": "plain" },
            ], "envFrom": [{ "configMapRef": { "name": "web" } }] }],
        } });
        let scope = Scope { namespace: Some("shop".into()), ..Scope::new("dhbw-prod", "eu-central-1") };
        let id = ResourceId { scope, kind: "pod", id: "web-1".into() };
        let Section::Table { rows, .. } = references(&whole, &id) else { panic!("no table") };
        let shown: Vec<String> = rows
            .iter()
            .map(|(cells, _)| cells.iter().map(|cell| cell.show_exact().into_owned()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            shown,
            [
                "ConfigMap web volume conf",
                "Secret tls volume keys",
                "PersistentVolumeClaim data-0 volume data",
                "EmptyDir - volume tmp",
                "ConfigMap web environment of web",
                "Secret db environment of web",
            ]
        );
    }
}
