//! Changes leave with a permit for just this, once, and never otherwise.

use serde_json::{Map, Value, json};

use super::*;
use crate::guard::Permit;
use crate::model::{Identity, Seen as Stands, Sent, Step};
use crate::providers::Acting;
use crate::providers::aws::{Ride, sent};

const OP: &str = "ecs:UpdateService";

fn input(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn step(operation: &'static str, scope: Scope, value: &Value) -> Step {
    let sender = Arc::new(Identity { account: "111122223333".into(), alias: None, arn: "arn".into() });
    Step { operation, words: "scale".into(), scope, input: input(value), seen: Stands::default(), sender }
}

/// By somebody of this account.
fn sent_from(account: &str) -> Step {
    let sender = Identity { account: account.into(), alias: None, arn: "arn".into() };
    Step { sender: Arc::new(sender), ..step(OP, scope("web"), &to_six()) }
}

fn to_six() -> Value {
    json!({ "cluster": "c", "service": "s", "desiredCount": 6 })
}

async fn world() -> (Home, Fake, Arc<Environments>) {
    let home = Home::new(KEYS);
    let fake = Fake::default();
    let list = vec![environment("web", Some("web")), environment("other", Some("other"))];
    let environments = fake.environments(list, home.variables());
    environments.acting(&scope("web")).await.unwrap();
    (home, fake, environments)
}

async fn scale(acting: &Acting, to: i32, permit: Permit) -> Sent {
    let call = acting.writes.ecs().update_service().cluster("c").service("s").desired_count(to);
    sent(OP, call.customize().interceptor(Ride::with(permit)).send().await)
}

fn left(fake: &Fake) -> usize {
    fake.seen().iter().filter(|seen| seen.operation != "GetCallerIdentity").count()
}

#[tokio::test]
async fn a_permit_lets_just_this_pass_once() {
    let (_home, fake, environments) = world().await;
    let acting = environments.acting(&scope("web")).await.unwrap();
    let permit = Permit::for_tests(&step(OP, scope("web"), &to_six()));
    assert!(matches!(scale(&acting, 6, permit).await, Sent::Accepted { .. }));
    let body: Value = serde_json::from_str(&fake.seen().pop().unwrap().body).unwrap();
    assert_eq!((body, left(&fake)), (to_six(), 1));

    // A claim that has been sent with is no right any more, even for the same request.
    let claim = Permit::for_tests(&step(OP, scope("web"), &to_six())).claim();
    assert!(claim.spend("web", Some("eu-central-1"), OP).is_ok() && claim.is_spent());
    assert!(claim.spend("web", Some("eu-central-1"), OP).is_err());
}

#[rstest]
#[case::another_count(step(OP, scope("web"), &json!({ "cluster": "c", "service": "s", "desiredCount": 5 })))]
#[case::a_field_more(step(OP, scope("web"), &json!({ "cluster": "c", "service": "s" })))]
#[case::a_field_less(
    step(OP, scope("web"), &json!({ "cluster": "c", "service": "s", "desiredCount": 6, "forceNewDeployment": true }))
)]
#[case::another_operation(step("ecs:DeleteService", scope("web"), &to_six()))]
#[case::another_environment(step(OP, scope("other"), &to_six()))]
#[case::another_account(sent_from("444455556666"))]
#[case::another_region(step(OP, Scope::new("web", "eu-west-1"), &to_six()))]
#[tokio::test]
async fn a_permit_for_something_else_lets_nothing_pass(#[case] step: Step) {
    let (_home, fake, environments) = world().await;
    let acting = environments.acting(&scope("web")).await.unwrap();
    let Sent::Refused(fault) = scale(&acting, 6, Permit::for_tests(&step)).await else { panic!("it was sent") };
    assert!(fault.summary.starts_with("refused: "), "{fault}");
    assert_eq!(left(&fake), 0);
}

#[tokio::test]
async fn without_a_permit_nothing_passes_whatever_the_client() {
    let (_home, fake, environments) = world().await;
    let acting = environments.acting(&scope("web")).await.unwrap();
    for aws in [&acting.writes, &acting.env.aws] {
        let call = aws.ecs().update_service().service("s").desired_count(0);
        assert!(matches!(sent(OP, call.send().await), Sent::Refused(_)));
    }
    // The clients that feed the screen let not even a permitted change pass.
    let env = environments.env(&scope("web")).await.unwrap();
    let permit = Permit::for_tests(&step(OP, scope("web"), &to_six()));
    let call = env.aws.ecs().update_service().cluster("c").service("s").desired_count(6);
    assert!(matches!(sent(OP, call.customize().interceptor(Ride::with(permit)).send().await), Sent::Refused(_)));
    assert_eq!(left(&fake), 0);
}

#[rstest]
#[case::cut_off(Reply::Broken("connection reset"), false)]
#[case::broken_service(Reply::error(500, "ServerException", "sorry"), false)]
#[case::unreadable(Reply::xml("<html>"), false)]
#[case::denied(Reply::error(400, "AccessDeniedException", "no"), true)]
#[case::throttled(Reply::error(400, "ThrottlingException", "slow down"), true)]
#[tokio::test]
async fn what_may_have_arrived_is_unknown_and_never_sent_twice(#[case] reply: Reply, #[case] refused: bool) {
    let (_home, fake, environments) = world().await;
    fake.answer("UpdateService", reply);
    let acting = environments.acting(&scope("web")).await.unwrap();
    let came = scale(&acting, 6, Permit::for_tests(&step(OP, scope("web"), &to_six()))).await;
    assert_eq!(matches!(came, Sent::Refused(_)), refused, "{came:?}");
    assert_eq!(matches!(came, Sent::Unknown(_)), !refused, "{came:?}");
    assert_eq!(left(&fake), 1);
}

#[test]
fn no_answer_in_time_is_unknown() {
    type Error = aws_sdk_ecs::error::SdkError<aws_sdk_ecs::operation::update_service::UpdateServiceError>;
    let came = sent::<aws_sdk_ecs::operation::update_service::UpdateServiceOutput, _>(
        OP,
        Err(Error::timeout_error("operation timeout")),
    );
    assert!(matches!(&came, Sent::Unknown(fault) if fault.class == FaultClass::TimedOut), "{came:?}");
}

#[tokio::test]
async fn the_query_protocol_is_compared_field_by_field() {
    const MODIFY: &str = "rds:ModifyDBInstance";
    let (_home, fake, environments) = world().await;
    let acting = environments.acting(&scope("web")).await.unwrap();
    let permitted = json!({
        "DBInstanceIdentifier": "db", "DBInstanceClass": "db.r5.xlarge", "ApplyImmediately": true,
        "VpcSecurityGroupIds": ["sg-1", "sg-2"],
    });
    for (groups, passes) in [(["sg-2", "sg-1"], false), (["sg-1", "sg-2"], true)] {
        let permit = Permit::for_tests(&step(MODIFY, scope("web"), &permitted));
        let call =
            acting.writes.rds().modify_db_instance().db_instance_identifier("db").db_instance_class("db.r5.xlarge");
        let call = call.apply_immediately(true).set_vpc_security_group_ids(Some(groups.map(str::to_owned).to_vec()));
        let came = sent(MODIFY, call.customize().interceptor(Ride::with(permit)).send().await);
        assert_eq!(!matches!(came, Sent::Refused(_)), passes, "{came:?}");
    }
    assert_eq!(left(&fake), 1);
}
