use serde_json::json;

use super::super::k8s::rig::{Stand, status as refusal};
use super::super::rig::precondition;
use super::*;

const POD: &str = "/api/v1/namespaces/x/pods/app-1";
const FIELDS: [(&str, &str); 2] = [("namespace", "x"), ("name", "app-1")];

fn pod() -> Json {
    json!({
        "metadata": {
            "name": "app-1", "namespace": "x", "uid": "u-1",
            "annotations": { "kubectl.kubernetes.io/default-container": "app" },
        },
        "spec": { "containers": [{ "name": "proxy", "image": "envoy:1" }, { "name": "app", "image": "api:12" }] },
        "status": { "containerStatuses": [
            { "name": "app", "containerID": "c-1", "state": { "running": { "startedAt": "2026-03-01T10:00:00Z" } } },
            { "name": "proxy", "containerID": "c-2", "state": { "waiting": { "reason": "CrashLoopBackOff" } } },
        ] },
    })
}

#[tokio::test]
async fn the_very_container_is_frozen() {
    let stand = Stand::new(&[(POD, pod())]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    assert_eq!((&*plan.title, plan.risk), ("run sh in app of app-1", Risk::High));
    assert_eq!(&*plan.command, "kubectl --context beta9 --namespace x exec app-1 --container app --stdin --tty -- sh");
    let step = &plan.steps[0];
    assert_eq!(step.operation, "k8s:get pods/exec");
    assert_eq!(step.input["path"], "/api/v1/namespaces/x/pods/app-1/exec");
    assert_eq!(step.input["query"], "stdin=true&stdout=true&tty=true&container=app&command=sh");
    assert!(stand.server().tried.is_empty(), "there is no dry run of a shell");
    assert_eq!(stand.look(&DEF, &plan, 0).await, []);
    stand.set(POD, "/status/containerStatuses/0/containerID", json!("c-9"));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1, "started anew, it is another container");
}

#[tokio::test]
async fn a_command_without_a_terminal() {
    let stand = Stand::new(&[(POD, pod())]).await;
    let fields: Vec<_> = FIELDS.into_iter().chain([("command", "ls -l '/a b'"), ("tty", "no")]).collect();
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    let query = "stdout=true&stderr=true&container=app&command=ls&command=-l&command=%2Fa+b";
    assert_eq!(plan.steps[0].input["query"], query);
    let open: Vec<_> = FIELDS.into_iter().chain([("command", "ls '")]).collect();
    assert!(stand.plan(&DEF, &open).await.unwrap_err().summary.contains("quotation mark"));
}

#[tokio::test]
async fn what_keeps_it_from_being_run_is_said_before() {
    let stand = Stand::new(&[(POD, pod())]).await;
    stand.server().denied.extend(["get pods/exec", "create pods/exec"]);
    let fields: Vec<_> = FIELDS.into_iter().chain([("container", "proxy")]).collect();
    let plan = stand.plan(&DEF, &fields).await.unwrap();
    assert_eq!(precondition(&plan, "the container runs"), (Verdict::Fail, "it waits: CrashLoopBackOff"));
    assert_eq!(precondition(&plan, "allowed to get pods/exec").0, Verdict::Fail);
    assert_eq!(precondition(&plan, "allowed to create pods/exec").0, Verdict::Warn);
    let other: Vec<_> = FIELDS.into_iter().chain([("container", "web")]).collect();
    let fault = stand.plan(&DEF, &other).await.unwrap_err();
    assert_eq!(fault.summary, "there is no container web: there are proxy, app");
}

#[tokio::test]
async fn a_refusal_is_a_refusal() {
    let stand = Stand::new(&[(POD, pod())]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    stand.server().instead.insert(format!("GET {POD}/exec"), refusal(403, "no"));
    let sent = stand.send(&DEF, &plan, 0).await;
    assert!(matches!(&sent, Sent::Refused(fault) if fault.word() == "denied"), "{sent:?}");
    assert_eq!(stand.server().asked.iter().filter(|path| path.ends_with("/exec")).count(), 1, "asked once");
    let (followed, _) = stand.follow(&DEF, &plan, 0).await;
    assert_eq!(followed, Followed::Failed("the connection is gone".into()));
}

#[tokio::test]
async fn what_became_of_it_is_not_known_where_the_answer_is_no_connection() {
    let stand = Stand::new(&[(POD, pod())]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    stand.server().objects.insert(format!("{POD}/exec"), json!({}));
    let sent = stand.send(&DEF, &plan, 0).await;
    assert!(matches!(sent, Sent::Unknown(_)), "{sent:?}");
    assert_eq!(stand.server().asked.iter().filter(|path| path.ends_with("/exec")).count(), 1, "asked once");
}

#[test]
fn how_it_ended() {
    let end = |code, words: Option<&str>| ShellEnd { code, words: words.map(str::to_owned), seconds: 12 };
    let said = |followed| match followed {
        Followed::Verified(words) => format!("ok: {words}"),
        Followed::Failed(words) => format!("failed: {words}"),
    };
    assert_eq!(said(ended(true, &end(Some(130), None))), "ok: ended with exit code 130 after 12 s");
    assert_eq!(said(ended(false, &end(Some(0), None))), "ok: ended with exit code 0 after 12 s");
    assert_eq!(said(ended(false, &end(Some(2), None))), "failed: ended with exit code 2 after 12 s");
    assert_eq!(said(ended(true, &end(None, Some("it was left")))), "ok: ended after 12 s (it was left)");
}
