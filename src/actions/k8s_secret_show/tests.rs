use serde_json::json;

use super::super::k8s::rig::Stand;
use super::super::rig::precondition;
use super::*;
use crate::model::Verdict;
use crate::providers::lend::Lender;

const SECRET: &str = "/api/v1/namespaces/x/secrets/db";
const FIELDS: [(&str, &str); 3] = [("namespace", "x"), ("name", "db"), ("key", "password")];
const VALUE: &str = "open sesame";

fn secret() -> Json {
    json!({
        "metadata": { "name": "db", "namespace": "x", "uid": "u-1", "resourceVersion": "7" },
        "data": { "password": STANDARD.encode(VALUE), "user": "YW5uYQ==" },
    })
}

#[tokio::test]
async fn the_value_goes_to_the_terminal_and_nowhere_else() {
    let mut stand = Stand::new(&[(SECRET, secret())]).await;
    let (lender, mut asked) = Lender::new();
    stand.acting.terminal = Some(lender);
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    assert_eq!((&*plan.title, plan.risk), ("show password of db", Risk::Medium));
    assert_eq!(precondition(&plan, "the secret has the key"), (Verdict::Pass, "11 B"));
    assert_eq!(
        &*plan.command,
        r#"kubectl --context beta9 --namespace x get secret db --output 'go-template={{index .data "password" | base64decode}}'"#
    );
    let terminal = tokio::spawn(async move {
        let asked = asked.recv().await.unwrap();
        let want = asked.want.clone();
        let mut lent = asked.lend((80, 24)).unwrap();
        (want.sort, lent.output.recv().await.unwrap())
    });
    assert_eq!(stand.look(&DEF, &plan, 0).await, []);
    let sent = stand.send(&DEF, &plan, 0).await;
    assert_eq!(sent, Sent::Accepted { request_id: None });
    let (followed, told) = stand.follow(&DEF, &plan, 0).await;
    assert_eq!(followed, Followed::Verified("11 B shown".into()));
    assert_eq!(terminal.await.unwrap(), (Lending::Secret, format!("{VALUE}\n").into_bytes()));
    let said = format!("{plan:?} {sent:?} {followed:?} {told:?}");
    assert!(!said.contains(VALUE) && !said.contains(&STANDARD.encode(VALUE)), "{said}");
    let (followed, _) = stand.follow(&DEF, &plan, 0).await;
    assert_eq!(followed, Followed::Failed("the value was not kept".into()), "it is there once");
}

#[tokio::test]
async fn what_is_not_there_or_another_version_by_now_is_said() {
    let stand = Stand::new(&[(SECRET, secret())]).await;
    let other: Vec<_> = FIELDS[..2].iter().copied().chain([("key", "token")]).collect();
    let plan = stand.plan(&DEF, &other).await.unwrap();
    assert_eq!(
        precondition(&plan, "the secret has the key"),
        (Verdict::Fail, "there is no token: it has password, user")
    );
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    stand.set(SECRET, "/metadata/resourceVersion", json!("8"));
    assert_eq!(stand.look(&DEF, &plan, 0).await.len(), 1);
    stand.set(SECRET, "/data", json!({ "password": "not base64!" }));
    let Sent::Refused(fault) = stand.send(&DEF, &plan, 0).await else { panic!("it can't be read") };
    assert_eq!(fault.summary, "the value of password is no base64");
}

#[tokio::test]
async fn keys_are_chosen_by_their_lengths() {
    let stand = Stand::new(&[(SECRET, secret())]).await;
    let plan = stand.plan(&DEF, &FIELDS).await.unwrap();
    let choices = (DEF.choices)(&stand.acting, &plan.target.id, "key").await.unwrap();
    let choices: Vec<_> = choices.iter().map(|choice| (&*choice.value, &*choice.words)).collect();
    assert_eq!(choices, [("password", "11 B"), ("user", "4 B")]);
}

#[test]
fn what_could_speak_to_the_terminal_is_shown_as_base64() {
    let shown = |value: &[u8]| String::from_utf8(readable(value)).unwrap();
    assert_eq!(shown(b"a\n\tb\n\n"), "a\n\tb\n");
    for hostile in [&b"\x1b[2J"[..], b"\xff\x00", b"a\rb", "\u{202e}x".as_bytes()] {
        assert_eq!(shown(hostile), format!("{}\n(base64: it is no text)\n", STANDARD.encode(hostile)));
    }
}
