use jiff::SignedDuration;
use rstest::rstest;

use super::*;
use crate::actions::rig::{Rig, precondition, undo as undone, with_verdict};

const ENTERPRISE: &str = "enterprise-prod";

async fn planned(rig: &Rig, alarm: &str, state: &str, until: Option<&str>) -> Result<Plan, Fault> {
    let mut fields = vec![("alarm", alarm), ("state", state)];
    fields.extend(until.map(|until| ("until", until)));
    rig.plan(ENTERPRISE, &DEF, &fields).await
}

#[tokio::test]
async fn actions_are_switched_off_for_a_time_and_on_again() {
    let rig = Rig::new();
    let name = "enterprise-prod-app-cpu-high";
    let plan = planned(&rig, name, "disabled", Some("2h")).await.unwrap();
    assert_eq!(plan.risk, Risk::Medium);
    let [actions, until] = plan.changes.as_slice() else { panic!("{:?}", plan.changes) };
    assert_eq!((&*actions.field, &actions.to), ("actions_enabled", &Value::Bool(false)));
    let Value::Instant(end) = until.to else { panic!("{until:?}") };
    let left = end.duration_since(plan.made_at);
    assert!(left > SignedDuration::from_mins(119) && left <= SignedDuration::from_mins(120), "{left}");
    assert_eq!((&*until.field, plan.order.fields["until"].clone()), ("until", end.to_string()));
    assert_eq!(
        *plan.command,
        format!("aws cloudwatch disable-alarm-actions --alarm-names {name} --profile {ENTERPRISE} --region us-east-1")
    );
    assert_eq!(rig.send(&plan).await, json!({ "AlarmNames": [name] }), "the end is not CloudWatch's affair");
    assert_eq!(rig.follow(&plan).await.0, Followed::Verified("its actions are disabled".into()));
    assert_eq!(
        rig.newest_change(ENTERPRISE, "DisableAlarmActions").await,
        (name.to_owned(), "DisableAlarmActions".to_owned())
    );
    let again = rig.ordered(&plan.order).await.unwrap();
    assert_eq!(again.order, plan.order, "the same end, however often it is planned");
    let (verdict, evidence) = precondition(&again, "something changes");
    assert_eq!((verdict, evidence), (Verdict::Warn, "its actions are disabled already; only the end is another"));
    let back = rig.ordered(undone(&plan)).await.unwrap();
    assert_eq!((back.steps[0].operation, back.changes.len()), ("cloudwatch:EnableAlarmActions", 1));
    assert_eq!(rig.send(&back).await, json!({ "AlarmNames": [name] }));
    assert_eq!(rig.follow(&back).await.0, Followed::Verified("its actions are enabled".into()));
    let idle = planned(&rig, name, "enabled", None).await.unwrap();
    assert_eq!(with_verdict(&idle, Verdict::Fail), ["something changes"]);
}

#[tokio::test]
async fn one_that_is_in_alarm_is_warned_of() {
    let rig = Rig::new();
    let plan = planned(&rig, "enterprise-prod-customer-impact", "disabled", Some("30m")).await.unwrap();
    let (verdict, evidence) = precondition(&plan, "not in alarm");
    assert_eq!(verdict, Verdict::Warn);
    assert!(evidence.starts_with("it is in ALARM since 20"), "{evidence}");
}

#[tokio::test]
async fn an_end_is_needed_and_must_be_one() {
    let rig = Rig::new();
    let name = "enterprise-prod-5xx";
    for (until, why) in [
        (None, "`--until` is missing"),
        (Some("soon"), "neither a length of time nor an instant"),
        (Some("2020-01-01T00:00:00Z"), "is over already"),
        (Some("-2h"), "is over already"),
    ] {
        let fault = planned(&rig, name, "disabled", until).await.unwrap_err();
        assert!(fault.word() == "invalid" && fault.summary.contains(why), "{fault}");
    }
    assert_eq!(planned(&rig, "nothing", "enabled", None).await.unwrap_err().word(), "not found");
    let plan = planned(&rig, name, "enabled", Some("2h")).await.unwrap();
    assert!(!plan.order.fields.contains_key("until"), "there is no end to what is on");
}

#[rstest]
#[case("2h", Some(7_200))]
#[case("1h30m", Some(5_400))]
#[case("1d", Some(86_400))]
#[case("1970-01-01T00:10:00Z", Some(600))]
#[case("1970-01-01T02:00+01:00", Some(3_600))]
#[case("7", None)]
fn ends(#[case] text: &str, #[case] expected: Option<i64>) {
    let fields = Fields::from([("until", text.to_owned())]);
    assert_eq!(end(&fields, Timestamp::UNIX_EPOCH).ok().map(Timestamp::as_second), expected);
}

#[tokio::test]
async fn rows_say_what_the_form_starts_with() {
    let rig = Rig::new();
    let name = "enterprise-prod-5xx";
    let form = (DEF.form)(&rig.row(ENTERPRISE, "alarm", name).await, rig.estate.now());
    assert_eq!(form, Fields::from([("state", "disabled".to_owned()), ("until", "1h".to_owned())]));
    rig.send(&planned(&rig, name, "disabled", Some("1h")).await.unwrap()).await;
    let form = (DEF.form)(&rig.row(ENTERPRISE, "alarm", name).await, rig.estate.now());
    assert_eq!(form, Fields::from([("state", "enabled".to_owned())]));
}

#[test]
fn what_is_silenced_is_said() {
    let actions = ["arn:aws:sns:us-east-1:1:on-call", "arn:aws:autoscaling:us-east-1:1:scalingPolicy:x:y"];
    let found = Found { actions: actions.map(str::to_owned).to_vec(), ..Found::default() };
    let said = affects(&found, false);
    assert_eq!(&*said[0], "messages to on-call are not carried out meanwhile");
    assert!(said[1].starts_with("a scaling policy is not carried out meanwhile: arn:aws:autoscaling"), "{said:?}");
}
