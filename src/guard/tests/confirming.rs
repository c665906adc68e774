//! Answers to proposals.

use rstest::rstest;

use super::fake::{Stand, order};
use crate::guard::{Arming, Consent, Denial, Effects, Policy, Refusal, Rule, Ticket, Warrant};
use crate::journal::Event;
use crate::model::{Risk, Verdict};

fn stand(effects: Effects) -> Stand {
    Stand::new(Policy { rules: vec![Rule { name: "rule".into(), effects, ..Rule::default() }] })
}

fn typed(text: &str) -> Consent {
    Consent { text: text.to_owned(), ..Consent::default() }
}

/// The answer to a proposal of this risk in `dhbw-prod`.
async fn answer(stand: &Stand, risk: i64, consent: Consent, arms_itself: bool) -> Result<Warrant, Refusal> {
    let orders = [order("dhbw-prod", "web", &[("risk", risk)])];
    let proposal = stand.guard.propose(&orders, stand.now()).await.unwrap();
    stand.guard.confirm(proposal, &consent, arms_itself, stand.now())
}

#[rstest]
#[case(0, "apply", false)]
#[case(1, "yes", false)]
#[case(2, "dhbw-prod", false)]
#[case(3, "dhbw-prod/web", true)]
#[tokio::test]
async fn the_exact_text_is_wanted(#[case] risk: i64, #[case] text: &str, #[case] reason: bool) {
    let stand = stand(Effects::default());
    stand.arm("dhbw-prod");
    for wrong in ["", "y", "Yes", "dhbw", "dhbw-prod/", "DHBW-PROD", "edt-prod", " apply"] {
        assert_eq!(answer(&stand, risk, typed(wrong), false).await.unwrap_err(), Refusal::Text(text.into()));
    }
    let answered = answer(&stand, risk, typed(text), false).await;
    if reason {
        assert_eq!(answered.unwrap_err(), Refusal::Reason);
        answer(&stand, risk, Consent { reason: Some("disk full".into()), ..typed(text) }, false).await.unwrap();
    } else {
        answered.unwrap();
    }
}

#[rstest]
#[case(2, None)]
#[case(3, Some("left over"))]
#[tokio::test]
async fn the_start_of_a_phrase_is_wanted_or_all_of_it(#[case] risk: i64, #[case] reason: Option<&str>) {
    let stand = stand(Effects::default());
    stand.arm("dhbw-prod");
    let mut order = order("dhbw-prod", "web", &[("risk", risk)]);
    order.fields.insert("phrase", "3f2a81c0-1111-2222".to_owned());
    let proposal = stand.guard.propose(&[order], stand.now()).await.unwrap();
    assert_eq!(proposal.judgement.confirm.text(), "dhbw-prod/3f2a81c0");
    let answer = |text: &str| {
        let consent = Consent { reason: reason.map(str::to_owned), ..typed(text) };
        stand.guard.confirm(proposal.clone(), &consent, false, stand.now())
    };
    let refused = Refusal::Text("dhbw-prod/3f2a81c0".into());
    for wrong in
        ["dhbw-prod", "dhbw-prod/web", "dhbw-prod/3f2a", "dhbw-prod/3f2a81c0-1111", "3f2a81c0", "edt-prod/3f2a81c0"]
    {
        assert_eq!(answer(wrong).unwrap_err(), refused, "{wrong}");
    }
    for right in ["dhbw-prod/3f2a81c0", "dhbw-prod/3f2a81c0-1111-2222"] {
        answer(right).unwrap();
    }
}

#[tokio::test]
async fn only_an_armed_environment_takes_an_answer() {
    let stand = stand(Effects::default());
    assert_eq!(answer(&stand, 1, typed("yes"), false).await.unwrap_err(), Refusal::NotArmed("dhbw-prod".into()));
    stand.arm("edt-prod");
    assert_eq!(answer(&stand, 1, typed("yes"), false).await.unwrap_err(), Refusal::NotArmed("dhbw-prod".into()));
    stand.arm("dhbw-prod");
    answer(&stand, 1, typed("yes"), false).await.unwrap();
    stand.wait(15);
    assert_eq!(answer(&stand, 1, typed("yes"), false).await.unwrap_err(), Refusal::NotArmed("dhbw-prod".into()));
    answer(&stand, 1, typed("yes"), true).await.unwrap();
    assert!(stand.guard.armed(stand.now()).is_empty(), "it is armed for the one plan");
}

#[tokio::test]
async fn all_environments_of_a_proposal_must_be_armed() {
    let stand = stand(Effects::default());
    stand.arm("dhbw-prod");
    let orders = [order("dhbw-prod", "a", &[]), order("edt-prod", "b", &[])];
    let proposal = stand.guard.propose(&orders, stand.now()).await.unwrap();
    let consent = typed("2 in dhbw-prod, edt-prod");
    let refused = stand.guard.confirm(proposal.clone(), &consent, false, stand.now()).unwrap_err();
    assert_eq!(refused, Refusal::NotArmed("edt-prod".into()));
    stand.arm("edt-prod");
    stand.guard.confirm(proposal, &consent, false, stand.now()).unwrap();
}

#[tokio::test]
async fn several_targets_are_not_confirmed_by_yes() {
    let stand = stand(Effects::default());
    stand.arm("dhbw-prod");
    let orders = [order("dhbw-prod", "a", &[]), order("dhbw-prod", "b", &[])];
    let proposal = stand.guard.propose(&orders, stand.now()).await.unwrap();
    for wrong in ["yes", "dhbw-prod", "3 in dhbw-prod", "2 in edt-prod"] {
        let refused = stand.guard.confirm(proposal.clone(), &typed(wrong), false, stand.now()).unwrap_err();
        assert_eq!(refused, Refusal::Text("2 in dhbw-prod".into()), "{wrong}");
    }
    stand.guard.confirm(proposal, &typed("2 in dhbw-prod"), false, stand.now()).unwrap();
}

#[tokio::test]
async fn reasons_and_tickets_are_asked_for() {
    let stand = stand(Effects { reason: true, ticket: Some(Ticket::new("OPS-[0-9]+").unwrap()), ..Effects::default() });
    let reason = Some("because".to_owned());
    assert_eq!(answer(&stand, 1, typed("yes"), true).await.unwrap_err(), Refusal::Reason);
    for ticket in [None, Some(""), Some("OPS-"), Some("OPS-7x"), Some("see OPS-7")] {
        let consent = Consent { reason: reason.clone(), ticket: ticket.map(str::to_owned), ..typed("yes") };
        assert_eq!(answer(&stand, 1, consent, true).await.unwrap_err(), Refusal::Ticket("OPS-[0-9]+".into()));
    }
    let consent = Consent { reason, ticket: Some(" OPS-7 ".into()), ..typed("yes") };
    let warrant = answer(&stand, 1, consent, true).await.unwrap();
    stand.run(warrant, true).await;
    let entries = stand.guard.journal(9).unwrap();
    let Some(Event::Intent { reason, ticket, policy, broke_glass, .. }) = entries.last().map(|entry| &entry.event)
    else {
        panic!("{entries:?}")
    };
    assert_eq!((reason.as_deref(), ticket.as_deref()), (Some("because"), Some("OPS-7")));
    assert_eq!((&policy[..], *broke_glass), (&["rule".to_owned()][..], false));
}

#[tokio::test]
async fn a_ticket_that_may_be_anything_must_be_something() {
    let stand = stand(Effects { ticket: Some(Ticket::new(".*").unwrap()), ..Effects::default() });
    assert!(matches!(answer(&stand, 1, typed("yes"), true).await, Err(Refusal::Ticket(_))));
}

#[tokio::test]
async fn a_denial_cannot_be_talked_round() {
    let everything = |text: &str| Consent {
        text: text.into(),
        reason: Some("please".into()),
        ticket: Some("X-1".into()),
        break_glass: true,
    };
    let denied = stand(Effects { deny: true, ..Effects::default() });
    assert!(matches!(answer(&denied, 1, everything("yes"), true).await, Err(Refusal::Denied(Denial::Policy { .. }))));
    let never = stand(Effects { arm: Some(Arming::Never), ..Effects::default() });
    assert!(matches!(answer(&never, 1, everything("yes"), true).await, Err(Refusal::Denied(Denial::Policy { .. }))));
    let read_only = Stand::with(|settings| settings.read_only = true);
    let refused = answer(&read_only, 1, everything("yes"), true).await.unwrap_err();
    assert_eq!(refused, Refusal::Denied(Denial::ReadOnly));
    let failed = stand(Effects::default());
    failed.fake.world().verdict = Verdict::Fail;
    assert!(matches!(
        answer(&failed, 1, everything("yes"), true).await,
        Err(Refusal::Denied(Denial::Preconditions(_)))
    ));
}

#[tokio::test]
async fn what_can_be_broken_open_is_journalled_as_such() {
    let stand = stand(Effects { deny: true, break_glass: true, ..Effects::default() });
    let breaks = |reason: Option<&str>| Consent {
        text: "yes".into(),
        reason: reason.map(str::to_owned),
        ticket: None,
        break_glass: true,
    };
    let not_broken = Consent { break_glass: false, ..breaks(Some("fire")) };
    assert!(matches!(answer(&stand, 1, not_broken, true).await, Err(Refusal::Denied(_))));
    assert_eq!(answer(&stand, 1, breaks(None), true).await.unwrap_err(), Refusal::Reason);
    let warrant = answer(&stand, 1, breaks(Some("fire")), true).await.unwrap();
    stand.run(warrant, false).await;
    let entry = stand.guard.journal(9).unwrap().pop().unwrap();
    assert!(matches!(entry.event, Event::Intent { broke_glass: true, reason: Some(_), .. }));
}

#[tokio::test]
async fn a_proposal_is_judged_again_whatever_it_says_of_itself() {
    let stand = stand(Effects { confirm: Some(Risk::Critical), ..Effects::default() });
    stand.arm("dhbw-prod");
    let mut proposal = stand.guard.propose(&[order("dhbw-prod", "web", &[])], stand.now()).await.unwrap();
    proposal.judgement.confirm = crate::guard::Confirm::Apply;
    proposal.judgement.reason = false;
    let refused = stand.guard.confirm(proposal, &typed("apply"), false, stand.now()).unwrap_err();
    assert_eq!(refused, Refusal::Text("dhbw-prod/web".into()));
}

#[tokio::test]
async fn an_environment_armed_only_with_a_reason_wants_one_here_too() {
    let stand = stand(Effects { arm: Some(Arming::Reason), ..Effects::default() });
    assert_eq!(answer(&stand, 1, typed("yes"), true).await.unwrap_err(), Refusal::Reason);
    answer(&stand, 1, Consent { reason: Some("fire".into()), ..typed("yes") }, true).await.unwrap();
}

#[tokio::test]
async fn without_a_journal_nothing_is_confirmed() {
    let stand = stand(Effects::default());
    stand.arm("dhbw-prod");
    let path = stand.folder.path().join("journal.jsonl");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(answer(&stand, 1, typed("yes"), false).await, Err(Refusal::Journal(_))));
}
