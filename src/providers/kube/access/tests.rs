//! Credentials in use, against something that stands in for an API server.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::guard::Permit;
use crate::model::{Scope, Seen, Step};
use crate::providers::aws::Pins;
use crate::providers::kube::{Cluster, Reach, client, send};

/// An API server that counts, and takes only some tokens.
#[derive(Default)]
struct Server {
    asked: AtomicU32,
    seen: Mutex<Vec<(String, String)>>,
    /// The tokens that it refuses.
    refuses: Mutex<Vec<String>>,
    uid: Mutex<String>,
    /// Answers nothing.
    hangs: bool,
}

impl Server {
    fn new(uid: &str) -> Arc<Self> {
        Arc::new(Self { uid: Mutex::new(uid.to_owned()), ..Self::default() })
    }

    fn transport(self: &Arc<Self>) -> Transport {
        let server = Arc::clone(self);
        Transport::new(service_fn(move |request: Request<Body>| {
            let server = Arc::clone(&server);
            async move { server.answer(request).await }
        }))
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.seen.lock().unwrap().push((request.uri().path().to_owned(), token.to_owned()));
        let refused = self.refuses.lock().unwrap().iter().any(|refused| token == format!("Bearer {refused}"));
        let code = if refused { 401 } else { 200 };
        let body = match code {
            200 => format!(r#"{{"metadata":{{"uid":"{}"}}}}"#, self.uid.lock().unwrap()),
            _ => "Unauthorized".to_owned(),
        };
        Ok(Response::builder().status(code).body(Body::from(body.into_bytes()))?)
    }

    fn tokens(&self, path: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(at, _)| at == path).map(|(_, token)| token.clone()).collect()
    }
}

fn access(server: &Arc<Server>, giver: Giver, pins: Option<&Arc<Pins>>) -> Arc<Access> {
    let pinned = pins.map(|pins| Pinned { pins: Arc::clone(pins), environment: "e".into(), context: "c".into() });
    Arc::new(Access {
        name: "c".into(),
        giver,
        road: Road::Given(server.transport()),
        address: "here".to_owned(),
        pinned,
        own_namespace: None,
        stats: Arc::new(CallStats::new(OPERATIONS)),
        program: Restraint::default(),
        held: Once::default(),
    })
}

async fn ask(access: &Arc<Access>) -> Result<serde_json::Value, Fault> {
    let request = Request::get("/api/v1/pods").body(Vec::new()).unwrap();
    client::reads(access).request(request).await.map_err(|error| super::super::fault("pods", &error))
}

fn step() -> Step {
    let scope = Scope::new("e", "r").in_cluster("c");
    let input = serde_json::json!({ "method": "DELETE", "path": "/api/v1/namespaces/x/pods/y" });
    let input = input.as_object().cloned().unwrap_or_default();
    Step { operation: "k8s:delete pods", words: "".into(), scope, input, seen: Seen::default(), sender: Arc::default() }
}

fn token(file: &std::path::Path, token: &str) {
    std::fs::write(file, token).unwrap();
}

#[tokio::test]
async fn a_cluster_says_who_it_is_before_it_is_asked_anything() {
    let server = Server::new("u-1");
    let access = access(&server, Giver::Fixed(Credential::bearer("t", None).unwrap()), None);
    ask(&access).await.unwrap();
    ask(&access).await.unwrap();
    let paths: Vec<String> = server.seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(paths, ["/api/v1/namespaces/kube-system", "/api/v1/pods", "/api/v1/pods"]);
    assert_eq!(server.tokens("/api/v1/pods"), ["Bearer t", "Bearer t"]);
    assert_eq!(access.stats.snapshot().operations, [("k8s:get", 3, 0)]);
}

#[tokio::test]
async fn many_who_come_at_once_open_once() {
    let server = Server::new("u-1");
    let access = access(&server, Giver::Fixed(Credential::default()), None);
    let all = futures_util::future::join_all((0..20).map(|_| ask(&access))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.tokens("/api/v1/namespaces/kube-system").len(), 1);
}

/// Somebody whose token was read from a file, which has another one by now: the server refuses the old one.
async fn outdated(pins: Option<&Arc<Pins>>) -> (Arc<Server>, Arc<Access>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    token(&file, "old\n");
    let server = Server::new("u-1");
    let access = access(&server, Giver::File(file.clone()), pins);
    ask(&access).await.unwrap();
    server.refuses.lock().unwrap().push("old".to_owned());
    token(&file, "new");
    (server, access, folder)
}

#[tokio::test]
async fn a_refused_token_is_read_again_and_tried_once_more() {
    let (server, access, _folder) = outdated(None).await;
    ask(&access).await.unwrap();
    assert_eq!(server.tokens("/api/v1/pods"), ["Bearer old", "Bearer old", "Bearer new"]);
    // The new one is refused, too: it is not asked for again and again.
    server.refuses.lock().unwrap().push("new".to_owned());
    let before = server.asked.load(Ordering::Relaxed);
    let fault = ask(&access).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::Expired { .. }), "{fault}");
    assert_eq!(server.asked.load(Ordering::Relaxed), before + 1);
}

#[tokio::test]
async fn a_refused_change_is_not_sent_again() {
    let (server, access, _folder) = outdated(None).await;
    let step = step();
    let mut request = send::request(&step.input).unwrap();
    request.extensions_mut().insert(Permit::for_tests(&step).claim());
    let answer = access.send(request, true).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(server.tokens("/api/v1/namespaces/x/pods/y"), ["Bearer old"]);
    // Whoever reads next does so with the new ones.
    ask(&access).await.unwrap();
    assert_eq!(server.tokens("/api/v1/pods"), ["Bearer old", "Bearer new"]);
}

#[tokio::test]
async fn another_cluster_is_noticed_at_the_last_check() {
    let (pins, server) = (Arc::new(Pins::new(None)), Server::new("u-1"));
    let access = Arc::into_inner(access(&server, Giver::Fixed(Credential::default()), Some(&pins))).unwrap();
    let cluster = Arc::new(Cluster::new(step().scope, access, "anna".into(), Arc::default()));
    let reach = Reach::new(&cluster, None);
    reach.caller().await.unwrap();
    *server.uid.lock().unwrap() = "u-2".to_owned();
    let fault = reach.caller().await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::WrongAccount { .. }), "{fault}");
}

#[tokio::test]
async fn what_is_not_accepted_at_first_is_expired_and_not_asked_at_once_again() {
    let server = Server::new("u-1");
    server.refuses.lock().unwrap().push("t".to_owned());
    let access = access(&server, Giver::Fixed(Credential::bearer("t", None).unwrap()), None);
    for _ in 0..3 {
        let fault = ask(&access).await.unwrap_err();
        assert_eq!(fault.summary, "c: the cluster does not accept these credentials");
        assert!(matches!(fault.class, FaultClass::Expired { .. }));
    }
    assert_eq!(server.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn another_cluster_shows_nothing() {
    let pins = Arc::new(Pins::new(None));
    let server = Server::new("u-1");
    ask(&access(&server, Giver::Fixed(Credential::default()), Some(&pins))).await.unwrap();
    *server.uid.lock().unwrap() = "u-2".to_owned();
    let fault = ask(&access(&server, Giver::Fixed(Credential::default()), Some(&pins))).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::WrongAccount { .. }), "{fault}");
    assert_eq!(server.tokens("/api/v1/pods").len(), 1);
}

#[tokio::test]
async fn another_cluster_is_noticed_when_credentials_are_renewed() {
    let pins = Arc::new(Pins::new(None));
    let (server, access, _folder) = outdated(Some(&pins)).await;
    *server.uid.lock().unwrap() = "u-2".to_owned();
    let fault = ask(&access).await.unwrap_err();
    assert!(matches!(fault.class, FaultClass::WrongAccount { .. }), "{fault}");
    assert_eq!(server.tokens("/api/v1/pods"), ["Bearer old", "Bearer old"]);
}

#[tokio::test]
async fn one_that_never_answers_is_known_soon_and_waited_for_once() {
    let server = Arc::new(Server { hangs: true, ..Server::default() });
    let access = access(&server, Giver::Fixed(Credential::default()), None);
    let begun = std::time::Instant::now();
    let all = futures_util::future::join_all((0..5).map(|_| ask(&access))).await;
    assert!(all.iter().all(|answer| answer.as_ref().is_err_and(|fault| fault.class == FaultClass::TimedOut)));
    assert!(begun.elapsed() < 2 * FIRST_ANSWER, "{:?}", begun.elapsed());
    assert_eq!(server.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_request_is_counted_by_its_verb() {
    let of =
        |method: &str, uri: &str| operation(&Request::builder().method(method).uri(uri).body(Body::empty()).unwrap());
    assert_eq!(of("GET", "/api/v1/pods?limit=500"), "k8s:get");
    assert_eq!(of("GET", "/api/v1/pods?resourceVersion=1&watch=true"), "k8s:watch");
    assert_eq!(of("PATCH", "/api/v1/namespaces/x/pods/y"), "k8s:patch");
    assert_eq!(of("POST", "/api/v1/namespaces/x/pods/y/eviction"), "k8s:create");
}
