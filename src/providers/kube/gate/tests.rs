//! Every sort of request against a service that records what reaches it: what may not pass never does.

use std::convert::Infallible;
use std::sync::Mutex;

use futures_util::FutureExt;
use http::Response;
use rstest::rstest;
use serde_json::{Value, json};
use tower::service_fn;

use super::*;
use crate::guard::Permit;
use crate::model::{Seen, Step};

const SCALE: &str = "/apis/apps/v1/namespaces/x/deployments/y/scale";
const POD: &str = "/api/v1/namespaces/x/pods/y";
const REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

fn cluster() -> Scope {
    Scope::new("beta9-prod", "eu-central-1").in_cluster("beta9")
}

fn step(operation: &'static str, input: &Value) -> Step {
    Step {
        operation,
        words: "a step".into(),
        scope: cluster(),
        input: input.as_object().cloned().unwrap(),
        seen: Seen::default(),
        sender: std::sync::Arc::default(),
    }
}

fn claim(operation: &'static str, input: &Value) -> Claim {
    Permit::for_tests(&step(operation, input)).claim()
}

fn request(method: &str, path: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = if body.is_empty() { request } else { request.header(CONTENT_TYPE, "application/json") };
    request.body(Body::from(body.as_bytes().to_vec())).unwrap()
}

fn carrying(mut request: Request<Body>, claim: &Claim) -> Request<Body> {
    request.extensions_mut().insert(claim.clone());
    request
}

/// Sends through a gate; what has reached the other side, or why nothing has.
fn through(gate: &Gate, request: Request<Body>) -> Result<String, Fault> {
    let reached = Mutex::new(Vec::new());
    let inner = service_fn(|request: Request<Body>| {
        reached.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        ready(Ok::<_, Infallible>(Response::new(())))
    });
    let answer = gate.layer(inner).call(request).now_or_never().unwrap();
    let reached = reached.into_inner().unwrap();
    match answer {
        Ok(_) => {
            assert_eq!(reached.len(), 1);
            Ok(reached.into_iter().next().unwrap())
        }
        Err(error) => {
            assert_eq!(reached, Vec::<String>::new(), "what is refused does not leave");
            let fault = error.downcast_ref::<Fault>().unwrap().clone();
            assert_eq!(fault.class, FaultClass::Bug);
            assert!(fault.summary.starts_with("refused: "), "{fault}");
            Err(fault)
        }
    }
}

fn both() -> [Gate; 2] {
    [Gate::reads(), Gate::permitting(&cluster())]
}

fn passes(request: impl Fn() -> Request<Body>) -> bool {
    let passed = both().map(|gate| through(&gate, request()).is_ok());
    assert_eq!(passed[0], passed[1], "without a permit both gates are the same");
    passed[0]
}

#[test]
fn every_verb_on_every_part() {
    let parts =
        ["", "/status", "/scale", "/log", "/ephemeralcontainers", "/resize", "/exec", "/attach", "/portforward"];
    let others =
        ["/proxy", "/proxy/a", "/eviction", "/binding", "/token", "/finalize", "/approval", "/console", "/log/x"];
    for part in parts.into_iter().chain(others) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROXY"] {
            let is_read = matches!(method, "GET" | "HEAD");
            let may = is_read && parts[..6].contains(&part);
            let path = format!("{POD}{part}");
            assert_eq!(passes(|| request(method, &path, "")), may, "{method} {path}");
            // A dry run changes that only where the server knows one.
            let tried = matches!(method, "POST" | "PUT" | "PATCH" | "DELETE")
                && matches!((method, part), (_, "/scale" | "/eviction") | ("PUT" | "PATCH" | "DELETE", ""));
            let dry = format!("{path}?dryRun=All");
            assert_eq!(passes(|| request(method, &dry, "")), may || tried, "{method} {dry}");
        }
    }
}

#[rstest]
#[case("POST", "/api/v1/namespaces/x/pods", "?dryRun=All", true)]
#[case("POST", "/api/v1/namespaces/x/pods", "", false)]
#[case("DELETE", "/api/v1/namespaces/x/pods", "?dryRun=All", false)]
#[case("DELETE", "/api/v1/namespaces/x", "", false)]
#[case("PATCH", SCALE, "?fieldManager=quarterdeck&dryRun=All", true)]
#[case("PATCH", SCALE, "?dryRun=All&dryRun=All", false)]
#[case("PATCH", SCALE, "?dryRun=All&dryRun=", false)]
#[case("PATCH", SCALE, "?dryRun=&dryRun=All", false)]
#[case("PATCH", SCALE, "?dryRun=All&dry%52un=None", false)]
#[case("PATCH", SCALE, "?dryRun=All&DryRun=None", false)]
#[case("PATCH", SCALE, "?dryRun=all", false)]
#[case("PATCH", SCALE, "?dryRun=All;x=1", false)]
#[case("PATCH", SCALE, "?dryrun=All", false)]
#[case("PATCH", SCALE, "?dryRun", false)]
#[case("PATCH", SCALE, "?x=dryRun=All", false)]
#[case("POST", "/api", "?dryRun=All", false)]
#[case("DELETE", "/version", "?dryRun=All", false)]
fn dry_runs(#[case] method: &str, #[case] path: &str, #[case] query: &str, #[case] may: bool) {
    assert_eq!(passes(|| request(method, &format!("{path}{query}"), "")), may);
}

#[rstest]
#[case("", true)]
#[case(r#"{"dryRun":["All"]}"#, true)]
#[case(r#"{"propagationPolicy":"Background","dryRun":["All"]}"#, true)]
#[case(r#"{"propagationPolicy":"Background"}"#, false)]
#[case(r#"{"dryRun":[]}"#, false)]
#[case(r#"{"dryRun":"All"}"#, false)]
#[case(r#"{"dryRun":["All"],"dryRun":[]}"#, false)]
#[case(r#"{"dryRun":[],"dryRun":["All"]}"#, false)]
#[case("{}", false)]
#[case("dryRun: [All]", false)]
fn a_deletion_is_as_dry_as_its_body(#[case] body: &str, #[case] may: bool) {
    assert_eq!(passes(|| request("DELETE", &format!("{POD}?dryRun=All"), body)), may);
    assert!(!passes(|| request("DELETE", POD, body)), "the query must say so, too");
}

#[test]
fn a_body_in_another_form_is_no_dry_run() {
    let body = r#"{"dryRun":["All"]}"#;
    let sent = || {
        let mut request = request("DELETE", &format!("{POD}?dryRun=All"), body);
        request.headers_mut().insert(CONTENT_TYPE, "application/vnd.kubernetes.protobuf".parse().unwrap());
        request
    };
    assert!(!passes(sent));
}

#[rstest]
#[case(REVIEW, true)]
#[case("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", true)]
#[case("/apis/authentication.k8s.io/v1/selfsubjectreviews", true)]
#[case("/apis/authentication.k8s.io/v1/tokenreviews", false)]
#[case("/apis/authorization.k8s.io/v1/subjectaccessreviews", false)]
#[case("/apis/evil.example/v1/selfsubjectaccessreviews", false)]
#[case("/api/v1/selfsubjectaccessreviews", false)]
#[case("/apis/authorization.k8s.io/v1/namespaces/x/selfsubjectaccessreviews", false)]
#[case("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x", false)]
#[case("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x/y", false)]
#[case("/apis/authentication.k8s.io/v1/selfsubjectaccessreviews", false)]
fn questions_about_oneself(#[case] path: &str, #[case] may: bool) {
    assert_eq!(passes(|| request("POST", path, "{}")), may);
}

#[rstest]
#[case("/api/v1/namespaces/x/pods/y%2Fexec")]
#[case("/api/v1/namespaces/x/pods/y%2fexec")]
#[case("/api/v1/namespaces/x/pods/y/%65xec")]
#[case("/api/v1/namespaces/x/pods/y/exec/")]
#[case("/api/v1/namespaces/x/pods/y//exec")]
#[case("//api/v1/namespaces/x/pods/y/exec")]
#[case("/api/v1/namespaces/x/pods/y/./exec")]
#[case("/api/v1/namespaces/x/pods/../pods/y/exec")]
#[case("/api/v1/proxy/namespaces/x/pods/y")]
#[case("/api/v1/nodes/n/proxy/run/x/y/z")]
#[case("/api/v1/namespaces/x/services/y:80/proxy/shutdown")]
#[case("/apis/subresources.kubevirt.io/v1/namespaces/x/virtualmachineinstances/y/console")]
fn ways_around(#[case] path: &str) {
    for query in ["", "?dryRun=All", "?command=sh&stdin=true"] {
        for method in ["GET", "POST"] {
            assert!(!passes(|| request(method, &format!("{path}{query}"), "")), "{method} {path}{query}");
        }
    }
}

#[test]
fn a_connection_that_is_to_become_another_one_is_no_read() {
    let upgrade = |path: &str| {
        let mut request = request("GET", path, "");
        request.headers_mut().insert(UPGRADE, "websocket".parse().unwrap());
        request
    };
    assert!(!passes(|| upgrade(&format!("{POD}/exec?command=sh"))));
    assert!(!passes(|| upgrade(POD)));
    assert!(!passes(|| request("GET", POD, "{}")), "nor is one with a body");
}

fn scaled(to: i64) -> Value {
    json!({
        "method": "PATCH",
        "path": SCALE,
        "query": "fieldManager=quarterdeck",
        "contentType": "application/json",
        "body": { "spec": { "replicas": to } },
    })
}

fn scaling(to: i64) -> Request<Body> {
    request("PATCH", &format!("{SCALE}?fieldManager=quarterdeck"), &format!(r#"{{"spec":{{"replicas":{to}}}}}"#))
}

#[test]
fn a_permit_is_good_for_one_request() {
    let gate = Gate::permitting(&cluster());
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    let sent = through(&gate, carrying(scaling(3), &claim)).unwrap();
    assert_eq!(sent, format!("PATCH {SCALE}?fieldManager=quarterdeck"));
    assert!(claim.is_spent());
    let again = through(&gate, carrying(scaling(3), &claim)).unwrap_err();
    assert!(again.summary.contains("has been sent"), "{again}");
}

#[test]
fn a_client_for_reads_lets_no_permit_pass() {
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    through(&Gate::reads(), carrying(scaling(3), &claim)).unwrap_err();
    assert!(!claim.is_spent());
}

#[test]
fn a_read_or_a_dry_run_spends_no_permit() {
    let gate = Gate::permitting(&cluster());
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    through(&gate, carrying(request("GET", POD, ""), &claim)).unwrap();
    through(&gate, carrying(request("PATCH", &format!("{SCALE}?dryRun=All"), "{}"), &claim)).unwrap();
    assert!(!claim.is_spent());
    through(&gate, carrying(scaling(3), &claim)).unwrap();
}

#[rstest]
#[case::body(scaling(4))]
#[case::no_body(request("PATCH", &format!("{SCALE}?fieldManager=quarterdeck"), ""))]
#[case::query(request("PATCH", SCALE, r#"{"spec":{"replicas":3}}"#))]
#[case::more_query(request("PATCH", &format!("{SCALE}?fieldManager=quarterdeck&force=true"), r#"{"spec":{"replicas":3}}"#))]
#[case::path(request(
    "PATCH",
    "/apis/apps/v1/namespaces/x/deployments/z/scale?fieldManager=quarterdeck",
    r#"{"spec":{"replicas":3}}"#
))]
#[case::group(request(
    "PATCH",
    "/apis/evil/v1/namespaces/x/deployments/y/scale?fieldManager=quarterdeck",
    r#"{"spec":{"replicas":3}}"#
))]
#[case::subresource(request(
    "PATCH",
    "/apis/apps/v1/namespaces/x/deployments/y?fieldManager=quarterdeck",
    r#"{"spec":{"replicas":3}}"#
))]
#[case::method(request("PUT", &format!("{SCALE}?fieldManager=quarterdeck"), r#"{"spec":{"replicas":3}}"#))]
#[case::twice(request("PATCH", &format!("{SCALE}?fieldManager=quarterdeck"), r#"{"spec":{"replicas":4},"spec":{"replicas":3}}"#))]
#[case::no_json(request("PATCH", &format!("{SCALE}?fieldManager=quarterdeck"), "spec: {replicas: 3}"))]
fn another_request(#[case] other: Request<Body>) {
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    through(&Gate::permitting(&cluster()), carrying(other, &claim)).unwrap_err();
    assert!(!claim.is_spent());
}

#[test]
fn another_content_type() {
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    let gate = Gate::permitting(&cluster());
    for sorts in [&["application/merge-patch+json"][..], &[], &["application/json", "application/json"]] {
        let mut other = scaling(3);
        other.headers_mut().remove(CONTENT_TYPE);
        for sort in sorts {
            other.headers_mut().append(CONTENT_TYPE, sort.parse().unwrap());
        }
        through(&gate, carrying(other, &claim)).unwrap_err();
    }
    assert!(!claim.is_spent());
}

#[rstest]
#[case(Scope::new("beta9-prod", "eu-central-1").in_cluster("other"))]
#[case(Scope::new("beta9-prod", "eu-central-1"))]
#[case(Scope::new("beta9-prod", "eu-west-1").in_cluster("beta9"))]
#[case(Scope::new("beta9-test", "eu-central-1").in_cluster("beta9"))]
fn another_place(#[case] place: Scope) {
    let claim = claim("k8s:patch deployments/scale", &scaled(3));
    through(&Gate::permitting(&place), carrying(scaling(3), &claim)).unwrap_err();
    assert!(!claim.is_spent());
}

#[test]
fn another_operation() {
    for operation in
        ["k8s:patch deployments", "k8s:patch statefulsets/scale", "k8s:update deployments/scale", "k8s:patch *"]
    {
        let claim = claim(operation, &scaled(3));
        through(&Gate::permitting(&cluster()), carrying(scaling(3), &claim)).unwrap_err();
    }
}

#[test]
fn deletions_of_whatever_there_is() {
    let (gate, path) = (Gate::permitting(&cluster()), "/apis/example.org/v1/namespaces/x/widgets/y");
    let input = |path: &str| json!({ "method": "DELETE", "path": path });
    let delete = |path: &str| request("DELETE", path, "");
    through(&gate, carrying(delete(path), &claim("k8s:delete *", &input(path)))).unwrap();
    let all = "/apis/example.org/v1/namespaces/x/widgets";
    through(&gate, carrying(delete(all), &claim("k8s:delete *", &input(all)))).unwrap_err();
    let part = format!("{path}/finalizers");
    through(&gate, carrying(delete(&part), &claim("k8s:delete *", &input(&part)))).unwrap_err();
}

#[test]
fn a_shell_needs_a_permit() {
    let gate = Gate::permitting(&cluster());
    let input = json!({ "method": "GET", "path": format!("{POD}/exec"), "query": "command=sh&stdin=true" });
    let claim = claim("k8s:get pods/exec", &input);
    let shell = |query: &str| {
        let mut request = request("GET", &format!("{POD}/exec?{query}"), "");
        request.headers_mut().insert(UPGRADE, "websocket".parse().unwrap());
        request
    };
    through(&gate, shell("command=sh&stdin=true")).unwrap_err();
    through(&gate, carrying(shell("command=rm&stdin=true"), &claim)).unwrap_err();
    through(&gate, carrying(shell("command=sh&stdin=true"), &claim)).unwrap();
    through(&gate, carrying(shell("command=sh&stdin=true"), &claim)).unwrap_err();
}
