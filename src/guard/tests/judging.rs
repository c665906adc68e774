//! What the guard makes of plans.

use rstest::rstest;

use super::fake::{Stand, order};
use crate::guard::{Arming, Denial, Effects, Judgement, Policy, Rule, Selects, Ticket, When};
use crate::journal::testing::now;
use crate::model::{Order, Risk, Stage, Verdict};

async fn judged(policy: Vec<Rule>, verdict: Verdict, orders: &[Order]) -> Judgement {
    let stand = Stand::new(Policy { rules: policy });
    stand.fake.world().verdict = verdict;
    stand.guard.propose(orders, stand.now()).await.unwrap().judgement
}

fn rule(name: &str, selects: Selects, effects: Effects) -> Rule {
    Rule { name: name.into(), selects, when: None, effects }
}

fn confirm(risk: Risk) -> Effects {
    Effects { confirm: Some(risk), ..Effects::default() }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

const RISKS: [Risk; 4] = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];

#[rstest]
#[case("dhbw-prod", 0, Verdict::Pass, Risk::Low, "apply")]
#[case("dhbw-prod", 1, Verdict::Pass, Risk::Medium, "yes")]
#[case("dhbw-prod", 2, Verdict::Pass, Risk::High, "dhbw-prod")]
#[case("dhbw-prod", 3, Verdict::Pass, Risk::Critical, "dhbw-prod/web")]
// A stage that nobody knows counts as prod.
#[case("edt-prod", 2, Verdict::Pass, Risk::High, "edt-prod")]
#[case("dhbw-dev", 0, Verdict::Pass, Risk::Low, "apply")]
#[case("dhbw-dev", 1, Verdict::Pass, Risk::Low, "apply")]
#[case("dhbw-dev", 2, Verdict::Pass, Risk::Medium, "yes")]
#[case("dhbw-dev", 3, Verdict::Pass, Risk::High, "dhbw-dev")]
#[case("dhbw-prod", 1, Verdict::Warn, Risk::Medium, "yes")]
#[case("dhbw-prod", 1, Verdict::Unknown, Risk::High, "dhbw-prod")]
#[case("dhbw-prod", 3, Verdict::Unknown, Risk::Critical, "dhbw-prod/web")]
#[case("dhbw-dev", 1, Verdict::Unknown, Risk::Medium, "yes")]
#[tokio::test]
async fn stage_and_what_could_not_be_read_make_the_risk(
    #[case] environment: &str,
    #[case] risk: i64,
    #[case] verdict: Verdict,
    #[case] expected: Risk,
    #[case] text: &str,
) {
    let judgement = judged(Vec::new(), verdict, &[order(environment, "web", &[("risk", risk)])]).await;
    assert_eq!((judgement.risk, judgement.confirm.text()), (expected, text));
    assert_eq!((judgement.reason, judgement.denial), (expected == Risk::Critical, None));
    assert_eq!(judgement.because.len(), usize::from(verdict == Verdict::Unknown));
}

#[tokio::test]
async fn several_targets_are_named_and_several_environments_raise() {
    let of = |orders: Vec<Order>| async move { judged(Vec::new(), Verdict::Pass, &orders).await };
    let one = of(vec![order("dhbw-prod", "a", &[]), order("dhbw-prod", "b", &[("risk", 2)])]).await;
    assert_eq!((one.risk, one.confirm.text()), (Risk::High, "2 in dhbw-prod"));
    let medium = of(vec![order("dhbw-prod", "a", &[]), order("dhbw-prod", "b", &[])]).await;
    assert_eq!((medium.risk, medium.confirm.text()), (Risk::Medium, "2 in dhbw-prod"));
    let low = of(vec![order("dhbw-dev", "a", &[]), order("dhbw-dev", "b", &[])]).await;
    assert_eq!((low.risk, low.confirm.text()), (Risk::Low, "apply"));
    let two = of(vec![order("dhbw-prod", "a", &[]), order("edt-prod", "b", &[]), order("dhbw-prod", "c", &[])]).await;
    assert_eq!((two.risk, two.confirm.text()), (Risk::High, "3 in dhbw-prod, edt-prod"));
    assert_eq!(&*two.because, ["2 environments: one level more".into()]);
    let worse = of(vec![order("dhbw-prod", "a", &[("risk", 2)]), order("dhbw-dev", "b", &[])]).await;
    assert_eq!((worse.risk, worse.confirm.text(), worse.reason), (Risk::Critical, "2 in dhbw-prod, dhbw-dev", true));
}

#[tokio::test]
async fn a_failed_precondition_and_another_account_deny() {
    let orders = [order("dhbw-prod", "web", &[])];
    let judgement = judged(Vec::new(), Verdict::Fail, &orders).await;
    assert_eq!(judgement.denial, Some(Denial::Preconditions(vec!["it is there".into()])));
    let stand = Stand::new(Policy::default());
    stand.fake.world().account = "444455556666";
    let judgement = stand.guard.propose(&orders, stand.now()).await.unwrap().judgement;
    let expected = "dhbw-prod must be account 111122223333, but 444455556666 answers";
    assert_eq!(judgement.denial, Some(Denial::Identity(expected.into())));
    let judgement = judged(Vec::new(), Verdict::Pass, &[order("gone-prod", "web", &[])]).await;
    assert!(matches!(judgement.denial, Some(Denial::Identity(_))));
    let read_only = Stand::with(|settings| settings.read_only = true);
    read_only.fake.world().verdict = Verdict::Fail;
    let judgement = read_only.guard.propose(&orders, now()).await.unwrap().judgement;
    assert_eq!(judgement.denial, Some(Denial::ReadOnly));
}

#[tokio::test]
async fn what_cannot_be_planned_is_a_fault() {
    let stand = Stand::new(Policy::default());
    let orders = [order("dhbw-prod", "web", &[]), order("dhbw-prod", "nowhere", &[])];
    assert_eq!(stand.guard.propose(&orders, now()).await.unwrap_err().summary, "it is not there");
    assert!(stand.guard.propose(&[], now()).await.is_err());
    let many: Vec<Order> = (0..101).map(|n| order("dhbw-prod", &n.to_string(), &[])).collect();
    assert!(stand.guard.propose(&many, now()).await.is_err());
    let proposal = stand.guard.propose(&many[1..], now()).await.unwrap();
    let names: Vec<_> = proposal.parts.iter().map(|plan| plan.target.name.to_string()).collect();
    assert_eq!(names, (1..101).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[rstest]
#[case(Selects { environment: texts(&["DHBW-*"]), ..Selects::default() }, true)]
#[case(Selects { environment: texts(&["edt-*", "unilux"]), ..Selects::default() }, false)]
#[case(Selects { stage: vec![Stage::Prod], ..Selects::default() }, true)]
#[case(Selects { stage: vec![Stage::Dev, Stage::Test], ..Selects::default() }, false)]
#[case(Selects { customer: texts(&["dhbw"]), ..Selects::default() }, true)]
#[case(Selects { customer: texts(&["edt"]), ..Selects::default() }, false)]
#[case(Selects { kind: texts(&["ecs-*"]), ..Selects::default() }, true)]
#[case(Selects { kind: texts(&["rds-*"]), ..Selects::default() }, false)]
#[case(Selects { action: texts(&["rds-*", "ecs-scale"]), ..Selects::default() }, true)]
#[case(Selects { action: texts(&["ecs"]), ..Selects::default() }, false)]
#[case(Selects { resource: texts(&["w?b"]), ..Selects::default() }, true)]
#[case(Selects { resource: texts(&["w"]), ..Selects::default() }, false)]
#[case(Selects { stage: vec![Stage::Prod], resource: texts(&["db"]), ..Selects::default() }, false)]
#[tokio::test]
async fn rules_select(#[case] selects: Selects, #[case] expected: bool) {
    let policy = vec![rule("careful", selects, confirm(Risk::Critical))];
    let judgement = judged(policy, Verdict::Pass, &[order("dhbw-prod", "web", &[])]).await;
    assert_eq!(judgement.risk == Risk::Critical, expected);
    let because = if expected { vec!["careful: at least critical".into()] } else { Vec::new() };
    assert_eq!(judgement.because, because);
}

#[tokio::test]
async fn an_unknown_stage_counts_as_prod_for_rules() {
    let selects = Selects { stage: vec![Stage::Prod], ..Selects::default() };
    let policy = vec![rule("careful", selects, confirm(Risk::High))];
    assert_eq!(judged(policy, Verdict::Pass, &[order("edt-prod", "web", &[])]).await.risk, Risk::High);
}

#[tokio::test]
async fn rules_only_raise_and_the_strictest_counts() {
    for (said, planned) in [(0, 0), (0, 3), (1, 2), (2, 1), (3, 0)] {
        let policy = [RISKS[said], Risk::Low].map(|risk| rule("r", Selects::default(), confirm(risk)));
        let orders = [order("dhbw-prod", "web", &[("risk", planned)])];
        let judgement = judged(policy.to_vec(), Verdict::Pass, &orders).await;
        assert_eq!(judgement.risk, RISKS[said].max(RISKS[planned as usize]));
    }
}

#[rstest]
#[case(0, Some("cap: 0 is below 1"))]
#[case(1, None)]
#[case(6, None)]
#[case(7, Some("cap: 7 is more than 3 times 2"))]
#[case(9, Some("cap: 9 is above 8"))]
#[tokio::test]
async fn numbers_are_capped(#[case] to: i64, #[case] denied: Option<&str>) {
    let effects = Effects { min: Some(1), max: Some(8), max_factor: Some(3), ..Effects::default() };
    let policy = vec![rule("cap", Selects::default(), effects)];
    let judgement = judged(policy, Verdict::Pass, &[order("dhbw-prod", "web", &[("to", to)])]).await;
    let expected = denied.map(|rule| Denial::Policy { rule: rule.into(), breakable: false });
    assert_eq!(judgement.denial, expected);
}

#[tokio::test]
async fn from_nothing_a_factor_counts_as_from_one() {
    let effects = Effects { max_factor: Some(3), ..Effects::default() };
    let stand = Stand::new(Policy { rules: vec![rule("cap", Selects::default(), effects)] });
    stand.fake.world().numbers.insert(("dhbw-prod".into(), "web".into()), 0);
    for (to, denied) in [(3, false), (4, true)] {
        let proposal = stand.guard.propose(&[order("dhbw-prod", "web", &[("to", to)])], now()).await.unwrap();
        assert_eq!(proposal.judgement.denial.is_some(), denied, "{to}");
    }
}

#[tokio::test]
async fn the_hardest_denial_is_the_one_that_is_told() {
    let deny =
        |name, break_glass| rule(name, Selects::default(), Effects { deny: true, break_glass, ..Effects::default() });
    let orders = [order("dhbw-prod", "web", &[])];
    let told = |policy, verdict| {
        let orders = orders.clone();
        async move { judged(policy, verdict, &orders).await.denial.unwrap().words() }
    };
    let soft = vec![deny("soft", true)];
    assert_eq!(told(soft.clone(), Verdict::Pass).await, "denied by soft: denied; a reason breaks it open");
    assert_eq!(told(soft, Verdict::Fail).await, "does not hold: it is there");
    let both = vec![deny("soft", true), deny("hard", false), deny("hard as well", false)];
    assert_eq!(told(both, Verdict::Fail).await, "denied by hard: denied");
}

#[tokio::test]
async fn demands_add_up() {
    let ticket = |pattern| Effects { ticket: Some(Ticket::new(pattern).unwrap()), ..Effects::default() };
    let policy = vec![
        rule("a", Selects::default(), Effects { reason: true, ..Effects::default() }),
        rule("b", Selects::default(), ticket("OPS-[0-9]+")),
        rule("c", Selects::default(), ticket("OPS-[0-9]+")),
        rule("d", Selects::default(), ticket(Ticket::ANY)),
    ];
    let judgement = judged(policy, Verdict::Pass, &[order("dhbw-prod", "web", &[])]).await;
    assert!(judgement.reason);
    assert_eq!(judgement.ticket.as_deref(), Some(r"OPS-[0-9]+ and \S+"));
    assert_eq!(judgement.because.len(), 4);
}

#[tokio::test]
async fn a_rule_holds_at_its_time() {
    let freeze = When {
        from: Some("2026-03-02T10:00:00Z".parse().unwrap()),
        until: None,
        days: Vec::new(),
        hours: None,
        zone: jiff::tz::TimeZone::UTC,
        outside: false,
    };
    let effects = Effects { deny: true, ..Effects::default() };
    let stand =
        Stand::new(Policy { rules: vec![Rule { when: Some(freeze), ..rule("freeze", Selects::default(), effects) }] });
    let orders = [order("dhbw-prod", "web", &[])];
    assert_eq!(stand.guard.propose(&orders, stand.now()).await.unwrap().judgement.denial, None);
    stand.wait(60);
    assert!(stand.guard.propose(&orders, stand.now()).await.unwrap().judgement.denial.is_some());
}

#[tokio::test]
async fn what_is_never_armed_is_denied_from_the_start() {
    let policy = |arm, break_glass| {
        vec![rule("prod", Selects::default(), Effects { arm: Some(arm), break_glass, ..Effects::default() })]
    };
    let orders = [order("dhbw-prod", "web", &[])];
    let never = judged(policy(Arming::Never, false), Verdict::Pass, &orders).await;
    assert_eq!(never.denial.unwrap().words(), "denied by prod: dhbw-prod is never armed");
    for rules in [policy(Arming::Reason, false), policy(Arming::Never, true)] {
        let reason = judged(rules, Verdict::Pass, &orders).await;
        assert_eq!(
            (reason.denial, &*reason.because),
            (None, &["prod: dhbw-prod is armed only with a reason".into()][..])
        );
    }
}

#[test]
fn rules_say_what_they_do() {
    let all = Effects {
        confirm: Some(Risk::High),
        reason: true,
        ticket: Some(Ticket::new("A-1").unwrap()),
        min: Some(1),
        max: Some(20),
        max_factor: Some(3),
        deny: true,
        break_glass: true,
        arm: None,
    };
    assert_eq!(
        rule("r", Selects::default(), all).words(),
        "denied, confirmation at least high, a reason, a ticket like A-1, not below 1, not above 20, not more than 3 times, \
         can be broken open with a reason"
    );
}
