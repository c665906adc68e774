//! Clusters of an environment that is a context by itself, over real connections to a small server on the loopback.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kube::core::ObjectMeta;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::providers::{Environments, Source, Variables};

#[derive(Clone, Debug, Deserialize)]
struct Thing {
    metadata: ObjectMeta,
}

crate::object!(Thing: "" "v1" "ConfigMap" "configmaps", true);

const LISTED: &str = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x","namespace":"web","uid":"1"}}]}"#;

/// An API server that lets nobody read more than the namespace `web`.
struct Server {
    asked: Mutex<Vec<String>>,
    connections: AtomicU32,
}

impl Server {
    async fn start() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(Self { asked: Mutex::default(), connections: AtomicU32::new(0) });
        let of_all = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                of_all.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(Arc::clone(&of_all).serve(stream));
            }
        });
        (server, url)
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut head = Vec::new();
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            head.push(byte[0]);
            if !head.ends_with(b"\r\n\r\n") {
                continue;
            }
            let text = String::from_utf8(std::mem::take(&mut head)).unwrap().to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or_default()];
            stream.read_exact(&mut body).await.unwrap();
            let (code, answer) = answer(&text);
            self.asked.lock().unwrap().push(text);
            let answer = format!(
                "HTTP/1.1 {code} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|text| text.split(' ').nth(1).is_some_and(|at| at.starts_with(path))).cloned().collect()
    }
}

fn answer(head: &str) -> (u16, &'static str) {
    let path = head.split(' ').nth(1).unwrap_or_default();
    match path {
        "/api/v1/namespaces/kube-system" => (200, r#"{"metadata":{"uid":"u-1"}}"#),
        "/apis/authentication.k8s.io/v1/selfsubjectreviews" => (404, "404 page not found"),
        "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews" => {
            (201, r#"{"status":{"userInfo":{"username":"jane"}}}"#)
        }
        _ if path.contains("watch=true") => (200, ""),
        _ if path.starts_with("/api/v1/namespaces/web/configmaps") => (200, LISTED),
        _ => (
            403,
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API group \"\" at the cluster scope","reason":"Forbidden","code":403}"#,
        ),
    }
}

struct Home(TempDir);

impl Home {
    fn new(url: &str, token: &str) -> Self {
        let home = Self(TempDir::new().unwrap());
        home.write(url, token);
        home
    }

    fn write(&self, url: &str, token: &str) {
        self.write_user(url, &format!("token: {token}"));
    }

    fn write_user(&self, url: &str, user: &str) {
        let text = format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {{server: '{url}'}}\n\
             contexts:\n- name: rack\n  context: {{cluster: c, user: u, namespace: web}}\n\
             users:\n- name: u\n  user: {{{user}}}\n"
        );
        std::fs::write(self.0.path().join("config"), text).unwrap();
    }

    fn environments(&self) -> Arc<Environments> {
        let file = self.0.path().join("config").display().to_string();
        let variables: Variables = [("KUBECONFIG".to_owned(), file)].into_iter().collect();
        let rack = Environment {
            name: "rack".into(),
            regions: vec!["-".into()],
            kube_contexts: vec!["rack".into()],
            without_aws: true,
            ..Environment::default()
        };
        Environments::new(vec![rack], Source::Files { variables, pins: None }, Vec::new())
    }
}

fn scope() -> Scope {
    Scope::new("rack", "-")
}

#[tokio::test]
async fn a_context_by_itself_says_who_one_is_and_asks_nothing_of_aws() {
    let (server, url) = Server::start().await;
    let home = Home::new(&url, "t");
    let environments = home.environments();
    let identity = environments.identity(&scope()).await.unwrap();
    assert_eq!((&*identity.account, &*identity.arn), ("", "jane"));
    let fault = environments.env(&scope()).await.unwrap_err();
    assert_eq!((fault.class, fault.summary.as_str()), (FaultClass::Invalid, "rack has no AWS account"));
    let env = environments.kube_env(&scope()).await.unwrap();
    assert_eq!(env.clusters().await.unwrap(), ["rack".into()]);
    assert_eq!(env.cluster(&"other".into()).await.unwrap_err().class, FaultClass::NotFound);
    let asked = server.asked("/api/v1/namespaces/kube-system");
    let [first] = &asked[..] else { panic!("{asked:?}") };
    assert!(first.contains("authorization: bearer t") && first.contains("user-agent: quarterdeck/"), "{first}");
}

#[tokio::test]
async fn where_the_whole_is_denied_the_context_s_namespace_is_read_and_the_rest_is_missing() {
    let (server, url) = Server::start().await;
    let home = Home::new(&url, "t");
    let env = home.environments().kube_env(&scope()).await.unwrap();
    let cluster = env.cluster(&"rack".into()).await.unwrap();
    for _ in 0..2 {
        let shelf = cluster.watched::<Thing>().await.unwrap();
        assert_eq!(shelf.items.len(), 1);
        let missing = shelf.fault.unwrap();
        assert_eq!(missing.class, FaultClass::Denied { permission: Some("list configmaps".to_owned()) });
        assert!(missing.summary.starts_with("rack: only namespace web: "), "{missing}");
    }
    assert_eq!(server.asked("/api/v1/configmaps").len(), 1);
}

#[tokio::test]
async fn a_changed_kubeconfig_opens_its_clusters_anew() {
    let (server, url) = Server::start().await;
    let home = Home::new(&url, "old");
    let environments = home.environments();
    let name = "rack".into();
    let env = environments.kube_env(&scope()).await.unwrap();
    env.cluster(&name).await.unwrap().user().await.unwrap();
    assert!(environments.changed_files().await.is_empty());
    home.write(&url, "newer");
    assert_eq!(environments.changed_files().await, ["rack".into()]);
    env.cluster(&name).await.unwrap().user().await.unwrap();
    let asked = server.asked("/api/v1/namespaces/kube-system");
    let [first, second] = &asked[..] else { panic!("{asked:?}") };
    assert!(first.contains("bearer old") && second.contains("bearer newer"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let home = Home::new(&url, "t");
    let environments = home.environments();
    let begun = Instant::now();
    let fault = environments.identity(&scope()).await.unwrap_err();
    assert_eq!(fault.class, FaultClass::Unreachable);
    assert!(fault.summary.starts_with("rack: "), "{fault}");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_gives_nothing_is_not_run_by_every_poll() {
    let (_server, url) = Server::start().await;
    let home = Home::new(&url, "t");
    let starts = home.0.path().join("starts");
    let plugin = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, \
         args: ['-c', 'echo x >> {}; exit 3']}}",
        starts.display()
    );
    home.write_user(&url, &plugin);
    let environments = home.environments();
    let starts = || std::fs::read_to_string(&starts).unwrap().lines().count();
    let env = environments.kube_env(&scope()).await.unwrap();
    let cluster = env.cluster(&"rack".into()).await.unwrap();
    for _ in 0..4 {
        let fault = cluster.user().await.unwrap_err();
        assert!(fault.summary.contains("exec plugin /bin/sh failed"), "{fault}");
        // As if the seconds were over in which a failure is shared.
        cluster.access.held.forgive();
    }
    assert_eq!(starts(), 1);
    environments.urge("rack");
    cluster.user().await.unwrap_err();
    assert_eq!(starts(), 2);
    let (tell, _told) = tokio::sync::mpsc::channel(1);
    assert!(matches!(environments.sign_in("rack", tell).await.unwrap_err().class, FaultClass::Expired { .. }));
    assert_eq!(starts(), 3);
}
