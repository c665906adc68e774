//! Whatever an operator, the world and the clock do, in whatever order: nothing is sent that was not confirmed, armed and journalled
//! before, nothing twice, and nothing after a failure.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fake::{Following, Sending, Stand, order};
use crate::guard::{Consent, Effects, Ended, Policy, Proposal, Refusal, Rule, Selects, Warrant};
use crate::journal::{Event, Journal, Outcome};
use crate::model::{Order, Stage};

const ENVIRONMENTS: [&str; 3] = ["dhbw-prod", "edt-prod", "dhbw-dev"];

#[derive(Clone, Debug)]
enum Does {
    /// Chooses an action: environments and steps of its parts, its risk.
    Plans(Vec<(usize, i64)>, i64),
    Arms(usize, &'static str),
    Disarms(usize),
    /// Types this, or what is wanted; for one plan alone; with a reason; breaking the glass.
    Answers(Option<&'static str>, bool, bool, bool),
    CarriesOut(bool),
    Waits(i64),
    SomebodyChanges(usize, i64),
    AnotherRole,
    TheRoleAgain,
    Sending(Vec<Sending>),
    Following(Vec<Following>),
}

fn does() -> impl Strategy<Value = Does> {
    let sending = prop::sample::select(vec![
        Sending::Accepted,
        Sending::Accepted,
        Sending::Accepted,
        Sending::Refused,
        Sending::Unknown,
        Sending::Panic,
    ]);
    let following =
        prop::sample::select(vec![Following::Verified, Following::Verified, Following::Failed, Following::Fault]);
    let typed = prop::sample::select(vec!["", "yes", "apply", "dhbw-prod", "edt-prod", "dhbw-prod/web"]);
    prop_oneof![
        4 => (prop::collection::vec((0..3_usize, 1..3_i64), 1..4), 0..4_i64).prop_map(|(parts, risk)| Does::Plans(parts, risk)),
        4 => (0..3_usize).prop_map(|at| Does::Arms(at, ENVIRONMENTS[at])),
        1 => (0..3_usize, typed.clone()).prop_map(|(at, typed)| Does::Arms(at, typed)),
        1 => (0..3_usize).prop_map(Does::Disarms),
        5 => (prop::option::weighted(0.2, typed), prop::bool::weighted(0.2), any::<bool>(), prop::bool::weighted(0.3))
            .prop_map(|(typed, itself, reason, breaks)| Does::Answers(typed, itself, reason, breaks)),
        5 => any::<bool>().prop_map(Does::CarriesOut),
        1 => (1..20_i64).prop_map(Does::Waits),
        1 => (0..3_usize, 1..9_i64).prop_map(|(at, number)| Does::SomebodyChanges(at, number)),
        1 => Just(Does::AnotherRole),
        1 => Just(Does::TheRoleAgain),
        2 => prop::collection::vec(sending, 0..4).prop_map(Does::Sending),
        2 => prop::collection::vec(following, 0..4).prop_map(Does::Following),
    ]
}

/// What the test itself keeps of what must have happened.
#[derive(Default)]
struct Kept {
    proposal: Option<Proposal>,
    /// With what was confirmed, and whether it arms itself.
    warrant: Option<(Warrant, bool)>,
    /// Runs that were confirmed.
    confirmed: BTreeSet<String>,
    armed: [Option<jiff::Timestamp>; 3],
}

impl Kept {
    fn is_armed(&self, stand: &Stand, name: &str) -> bool {
        let at = ENVIRONMENTS.iter().position(|other| *other == name).unwrap();
        self.armed[at].is_some_and(|until| stand.now() < until)
    }
}

/// In `dhbw-dev` rolling out needs the glass broken.
fn policy() -> Policy {
    let selects = Selects { stage: vec![Stage::Dev], ..Selects::default() };
    let effects = Effects { deny: true, break_glass: true, ..Effects::default() };
    Policy { rules: vec![Rule { name: "freeze".into(), selects, when: None, effects }] }
}

async fn step(stand: &Stand, kept: &mut Kept, does: Does) {
    match does {
        Does::Plans(parts, risk) => {
            let order = |(number, (at, steps)): (usize, (usize, i64))| {
                order(ENVIRONMENTS[at], &format!("web{number}"), &[("steps", steps), ("risk", risk)])
            };
            let orders: Vec<Order> = parts.into_iter().enumerate().map(order).collect();
            kept.proposal = Some(stand.guard.propose(&orders, stand.now()).await.unwrap());
        }
        Does::Arms(at, typed) => {
            let armed = stand.guard.arm(ENVIRONMENTS[at], typed, None, stand.now());
            assert_eq!(armed.is_ok(), typed == ENVIRONMENTS[at]);
            if let Ok(until) = armed {
                kept.armed[at] = Some(until);
            }
        }
        Does::Disarms(at) => {
            stand.guard.disarm(ENVIRONMENTS[at], stand.now());
            kept.armed[at] = None;
        }
        Does::Answers(typed, itself, reason, break_glass) => answer(stand, kept, typed, itself, reason, break_glass),
        Does::CarriesOut(follow) => {
            if let Some((warrant, itself)) = kept.warrant.take() {
                carry_out(stand, kept, warrant, itself, follow).await;
            }
        }
        Does::Waits(minutes) => stand.wait(minutes),
        Does::SomebodyChanges(at, number) => {
            for name in ["web0", "web1", "web2"] {
                stand.fake.world().numbers.insert((ENVIRONMENTS[at].into(), name.into()), number);
            }
        }
        Does::AnotherRole => stand.fake.world().role = "Reader",
        Does::TheRoleAgain => stand.fake.world().role = "Admin",
        Does::Sending(list) => {
            let mut world = stand.fake.world();
            let sent = world.sent.len();
            world.sending.resize(sent, Sending::Accepted);
            world.sending.extend(list);
        }
        Does::Following(list) => {
            let mut world = stand.fake.world();
            let sent = world.sent.len();
            world.following.resize(sent, Following::Verified);
            world.following.extend(list);
        }
    }
}

fn answer(stand: &Stand, kept: &mut Kept, typed: Option<&str>, itself: bool, reason: bool, break_glass: bool) {
    let Some(proposal) = kept.proposal.clone() else { return };
    let judgement = proposal.judgement.clone();
    let text = typed.unwrap_or(judgement.confirm.text()).to_owned();
    let reason = reason.then(|| "because".to_owned());
    let consent = Consent { text: text.clone(), reason: reason.clone(), ticket: None, break_glass };
    let environments: Vec<_> = proposal.parts.iter().map(|plan| plan.target.id.scope.environment.to_string()).collect();
    let answered = stand.guard.confirm(proposal, &consent, itself, stand.now());
    // What must be so, told without the guard's own words for it.
    let armed = itself || environments.iter().all(|name| kept.is_armed(stand, name));
    let frozen = environments.iter().any(|name| name == "dhbw-dev");
    let wants_reason = judgement.risk == crate::model::Risk::Critical || frozen;
    let may =
        armed && text == judgement.confirm.text() && (!frozen || break_glass) && (!wants_reason || reason.is_some());
    assert_eq!(answered.is_ok(), may, "{answered:?}");
    match answered {
        Ok(warrant) => {
            kept.confirmed.insert(warrant.run().to_owned());
            kept.warrant = Some((warrant, itself));
        }
        Err(refusal) => assert!(!matches!(refusal, Refusal::Journal(_))),
    }
}

async fn carry_out(stand: &Stand, kept: &mut Kept, warrant: Warrant, itself: bool, follow: bool) {
    let parts = warrant.proposal().parts.clone();
    let armed = itself || parts.iter().all(|plan| kept.is_armed(stand, &plan.target.id.scope.environment));
    let before = stand.sent().len();
    let (ended, _) = stand.run(warrant, follow).await;
    let sent = stand.sent()[before..].to_vec();
    let all: Vec<(String, usize)> =
        parts.iter().flat_map(|plan| (0..plan.steps.len()).map(|step| (plan.target.id.id.to_string(), step))).collect();
    // In order, each once, from the first on.
    assert_eq!(sent[..], all[..sent.len()]);
    // A minute may have passed between an arming and its use; the warrant itself ages, too.
    assert!(sent.is_empty() || armed || itself, "sent without arms");
    let world = stand.fake.world();
    let came = |at: usize| world.sending.get(before + at).copied().unwrap_or_default();
    for at in 0..sent.len() {
        let is_last = at + 1 == sent.len();
        assert!(is_last || came(at) == Sending::Accepted, "something was sent after {:?}", came(at));
    }
    match &ended {
        Ended::Done { .. } => assert_eq!(sent.len(), all.len()),
        Ended::Unknown { .. } => assert!(!sent.is_empty()),
        Ended::Moved { part, .. } => {
            assert_eq!(sent.len(), parts[..*part].iter().map(|plan| plan.steps.len()).sum::<usize>());
        }
        Ended::Failed { .. } => {}
    }
    drop(world);
    let now = stand.now();
    for plan in parts.iter().filter(|_| !sent.is_empty()) {
        let at = ENVIRONMENTS.iter().position(|name| **name == *plan.target.id.scope.environment).unwrap();
        // As the guard itself says; that actions start the time anew is tested elsewhere.
        let armed = stand.guard.armed(now);
        kept.armed[at] = armed.iter().find(|(name, _)| **name == *ENVIRONMENTS[at]).map(|(_, until)| *until);
    }
}

/// What the journal and the hands must say in the end.
fn check(stand: &Stand, kept: &Kept) {
    let world = stand.fake.world();
    assert_eq!(world.leaks, 0);
    let mut seen = BTreeSet::new();
    for (name, step, last) in &world.sent {
        let [sent, intent] = &last[..] else { panic!("{last:?}") };
        assert!(matches!(sent.event, Event::Sent { .. }) && sent.run == intent.run);
        let Event::Intent { input, step: intended, .. } = &intent.event else { panic!("{intent:?}") };
        assert_eq!((input["service"].as_str(), intended), (Some(&**name), step));
        assert!(kept.confirmed.contains(&intent.run), "nobody has confirmed it");
        assert!(seen.insert((intent.run.clone(), intent.event.step())), "sent twice");
    }
    let entries = stand.guard.journal(10_000).unwrap();
    let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(count(|event| matches!(event, Event::Intent { .. })), world.sent.len());
    assert_eq!(count(|event| matches!(event, Event::Outcome { .. })), world.sent.len());
    let unknown = world.sending.iter().take(world.sent.len());
    let unknown = unknown.filter(|it| matches!(it, Sending::Unknown | Sending::Panic)).count();
    assert_eq!(count(|event| matches!(event, Event::Outcome { outcome: Outcome::Unknown, .. })), unknown);
    drop(world);
    let journal = Journal::new(Some(stand.folder.path().to_owned()), None);
    assert!(journal.verify().unwrap().iter().all(|it| it.findings.is_empty()));
    assert!(stand.guard.orphans().is_empty() && !stand.guard.is_sending());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_that_should_not_be(list in prop::collection::vec(does(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stand = Stand::new(policy());
        let mut kept = Kept::default();
        runtime.block_on(async {
            for does in list {
                step(&stand, &mut kept, does).await;
            }
        });
        kept.warrant = None;
        check(&stand, &kept);
    }
}
