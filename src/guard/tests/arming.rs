//! Arming and disarming.

use super::fake::{Stand, environment, environments, order};
use crate::guard::{Arming, Denial, Effects, Policy, Refusal, Rule, Selects};
use crate::journal::{Entry, Event};
use crate::model::Stage;

fn armed(stand: &Stand) -> Vec<String> {
    stand.guard.armed(stand.now()).into_iter().map(|(name, _)| name.to_string()).collect()
}

#[test]
fn an_environment_is_armed_by_its_name_for_a_time() {
    let stand = Stand::new(Policy::default());
    for typed in ["", "dhbw", "DHBW-PROD", "dhbw-prod ", "edt-prod"] {
        let refused = stand.guard.arm("dhbw-prod", typed, None, stand.now());
        assert_eq!(refused, Err(Refusal::Text("dhbw-prod".into())), "{typed:?}");
    }
    assert!(matches!(stand.guard.arm("x", "x", None, stand.now()), Err(Refusal::Denied(Denial::Identity(_)))));
    assert!(armed(&stand).is_empty() && stand.journal().is_empty());
    stand.arm("dhbw-prod");
    stand.wait(5);
    stand.arm("dhbw-dev");
    assert_eq!(armed(&stand), ["dhbw-dev", "dhbw-prod"]);
    stand.wait(10);
    assert_eq!(armed(&stand), ["dhbw-dev"]);
    stand.guard.disarm("dhbw-dev", stand.now());
    stand.guard.disarm("dhbw-dev", stand.now());
    assert!(armed(&stand).is_empty());
    assert_eq!(stand.journal(), ["armed", "armed", "disarmed"]);
}

#[test]
fn read_only_cannot_be_talked_round() {
    let stand = Stand::with(|settings| settings.read_only = true);
    let refused = stand.guard.arm("dhbw-dev", "dhbw-dev", Some("please"), stand.now());
    assert_eq!(refused, Err(Refusal::Denied(Denial::ReadOnly)));
    assert!(stand.guard.is_read_only());
}

fn arming(arm: Arming, break_glass: bool) -> Stand {
    let selects = Selects { stage: vec![Stage::Prod], ..Selects::default() };
    let effects = Effects { arm: Some(arm), break_glass, ..Effects::default() };
    Stand::new(Policy { rules: vec![Rule { name: "prod".into(), selects, when: None, effects }] })
}

#[test]
fn a_policy_forbids_arming_or_wants_a_reason() {
    let never = arming(Arming::Never, false);
    let refused = never.guard.arm("dhbw-prod", "dhbw-prod", Some("please"), never.now()).unwrap_err();
    assert_eq!(refused.to_string(), "denied by prod: dhbw-prod is never armed");
    never.arm("dhbw-dev");
    for stand in [arming(Arming::Reason, false), arming(Arming::Never, true)] {
        for reason in [None, Some("  ")] {
            let refused = stand.guard.arm("edt-prod", "edt-prod", reason, stand.now());
            assert_eq!(refused, Err(Refusal::Reason));
        }
        stand.guard.arm("edt-prod", "edt-prod", Some("the shop is down"), stand.now()).unwrap();
        let entry = stand.guard.journal(1).unwrap().remove(0);
        assert_eq!((&*entry.place.environment, &*entry.who.user), ("edt-prod", "anna"));
        assert!(matches!(entry.event, Event::Armed { reason: Some(reason), .. } if reason == "the shop is down"));
    }
}

#[tokio::test]
async fn every_applied_action_starts_the_time_anew() {
    let stand = Stand::new(Policy::default());
    stand.arm("dhbw-prod");
    stand.wait(14);
    let warrant = stand.warrant(&[order("dhbw-prod", "web", &[])]).await;
    stand.run(warrant, true).await;
    stand.wait(14);
    assert_eq!(armed(&stand), ["dhbw-prod"]);
    stand.wait(1);
    assert!(armed(&stand).is_empty());
}

#[test]
fn what_is_another_environment_now_is_disarmed() {
    let stand = Stand::new(Policy::default());
    for name in ["dhbw-prod", "dhbw-dev", "edt-prod"] {
        stand.arm(name);
    }
    let mut list = environments();
    list.retain(|it| &*it.name != "dhbw-dev");
    list[0] = std::sync::Arc::new(crate::model::Environment {
        account: Some("444455556666".into()),
        ..environment("dhbw-prod", Some(Stage::Prod))
    });
    stand.guard.set(list.clone());
    assert_eq!(armed(&stand), ["edt-prod"]);
    stand.guard.set(list);
    let entries = stand.guard.journal(9).unwrap();
    let told = entries.iter().map(|entry| (entry.event.word(), &*entry.place.environment));
    let mut told: Vec<_> = told.collect();
    told.reverse();
    let armed = ["dhbw-prod", "dhbw-dev", "edt-prod"].map(|name| ("armed", name));
    assert_eq!(told[..3], armed);
    assert_eq!(told[3..], [("disarmed", "dhbw-dev"), ("disarmed", "dhbw-prod")], "once, and none that stays as it was");
    let why = |entry: &Entry| matches!(&entry.event, Event::Disarmed { reason: Some(why) } if why.contains("changed"));
    assert!(entries[..2].iter().all(why), "{entries:?}");
}

#[test]
fn a_policy_that_changes_counts_from_then_on() {
    let stand = Stand::new(Policy::default());
    let effects = Effects { arm: Some(Arming::Never), ..Effects::default() };
    stand.guard.set_policy(Policy { rules: vec![Rule { name: "freeze".into(), effects, ..Rule::default() }] });
    assert!(stand.guard.arm("dhbw-prod", "dhbw-prod", None, stand.now()).is_err());
    stand.guard.set_policy(Policy::default());
    stand.arm("dhbw-prod");
}

#[test]
fn what_cannot_be_journalled_is_not_armed() {
    let stand = Stand::new(Policy::default());
    std::fs::create_dir(stand.folder.path().join("journal.jsonl")).unwrap();
    assert!(matches!(stand.guard.arm("dhbw-prod", "dhbw-prod", None, stand.now()), Err(Refusal::Journal(_))));
    assert!(armed(&stand).is_empty());
}
