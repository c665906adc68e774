//! What is under way, leaving in the middle of it, the journal.

use super::super::runs::{How, Progress};
use super::*;
use crate::app::layer::Layer;
use crate::app::view::View;
use crate::guard::{At, Ended, Report};
use crate::journal::{Entry, Event as Told, Outcome, Place, Who};
use crate::model::{Fault, FaultClass, Followed, Headway, Sent};

const FIRST: At = At { part: 0, step: 0 };

fn under_way() -> (State, u64) {
    let mut state = listed();
    let id = planned(&mut state);
    confirmed(&mut state);
    (state, id)
}

fn refreshed(state: &mut State, acted: Acted) -> Vec<Query> {
    let effects = update(state, Msg::Event(Event::Acted(acted))).effects;
    let queries = effects.into_iter().filter_map(|effect| match effect {
        Effect::Ask(Request::Refresh(queries)) => Some(queries),
        _ => None,
    });
    queries.flatten().collect()
}

#[test]
fn it_is_followed_step_by_step_and_the_target_is_read_again() {
    let (mut state, id) = under_way();
    tell(&mut state, Acted::Report(id, Report::Checking(FIRST)));
    assert!(state.layers.is_empty(), "the console is free for other things");
    tell(&mut state, Acted::Report(id, Report::Sending(FIRST)));
    let sent = Report::Sent(FIRST, Sent::Accepted { request_id: None });
    let target = service("dhbw-prod", "api").id;
    let queries = [Query::Detail(Arc::clone(&target)), services("dhbw-prod")];
    assert_eq!(refreshed(&mut state, Acted::Report(id, sent)), queries);
    let headway = Headway { words: "3 of 6 tasks run".into(), percent: Some(50) };
    tell(&mut state, Acted::Report(id, Report::Headway(FIRST, headway.clone())));
    assert_eq!(state.acts.runs[0].now(), Some((0, &Progress::Following(headway))));
    tell(&mut state, Acted::Report(id, Report::Followed(FIRST, Ok(Followed::Verified("6 of 6 tasks run".into())))));
    let done = Ended::Done { words: vec!["6 of 6 tasks run".into()], undo: Vec::new() };
    assert_eq!(refreshed(&mut state, Acted::Ended(id, Arc::new(done))), queries);
    let run = &state.acts.runs[0];
    assert_eq!(run.end.as_ref().map(|end| end.how), Some(How::Done));
    assert!(run.in_sight(at(1_000)) && !run.in_sight(at(90_000)));
}

#[test]
fn what_has_failed_stays_in_sight_until_it_was_looked_at() {
    let (mut state, id) = under_way();
    let failed = Ended::Failed { at: FIRST, words: "denied".into(), undo: Vec::new() };
    tell(&mut state, Acted::Ended(id, Arc::new(failed)));
    assert!(state.acts.runs[0].in_sight(at(10_000_000)));
    press(&mut state, Command::Runs);
    assert!(!state.acts.runs[0].in_sight(at(10_000_000)));
}

#[test]
fn leaving_while_something_is_being_sent_asks_first() {
    let (mut state, id) = under_way();
    tell(&mut state, Acted::Report(id, Report::Sending(FIRST)));
    let quits = |state: &mut State, command| {
        update(state, Msg::Do(command)).effects.iter().any(|effect| matches!(effect, Effect::Quit))
    };
    assert!(!quits(&mut state, Command::Quit));
    assert!(!quits(&mut state, Command::Open), "its keys are not heard yet");
    look_for(&mut state, 500);
    assert!(!quits(&mut state, Command::Open), "it opens on staying");
    assert!(state.layers.is_empty());
    assert!(!quits(&mut state, Command::Interrupt));
    assert!(!quits(&mut state, Command::Interrupt), "so does Ctrl-C twice");
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Apply);
    assert!(quits(&mut state, Command::Open));
}

#[test]
fn leaving_while_it_is_only_followed_does_not_ask() {
    let (mut state, id) = under_way();
    tell(&mut state, Acted::Report(id, Report::Sent(FIRST, Sent::Accepted { request_id: None })));
    let effects = update(&mut state, Msg::Do(Command::Quit)).effects;
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Quit)));
}

#[test]
fn an_unknown_outcome_is_said_as_such() {
    let (mut state, id) = under_way();
    let cut = Fault::new(FaultClass::Unreachable, "the connection was cut after the request had left");
    tell(&mut state, Acted::Report(id, Report::Sent(FIRST, Sent::Unknown(cut))));
    assert!(matches!(&state.acts.runs[0].steps[0].1, Progress::Unknown(_)));
    tell(&mut state, Acted::Ended(id, Arc::new(Ended::Unknown { at: FIRST, words: "cut".into(), undo: Vec::new() })));
    assert_eq!(state.acts.runs[0].end.as_ref().map(|end| end.how), Some(How::Unknown));
}

pub(super) fn entry(seq: u64, run: &str, event: Told) -> Entry {
    let place = Place {
        environment: "dhbw-prod".into(),
        account: Some(ACCOUNT.into()),
        region: "eu-central-1".into(),
        cluster: Some("main".into()),
        kind: "ecs-service".into(),
        id: "api".into(),
        name: "api".into(),
    };
    let who = Who { user: "jane".into(), host: "bridge".into(), caller: None };
    let seconds = i64::try_from(seq).unwrap();
    Entry { seq, at: at(seconds * 1_000), run: run.into(), who, place, event, prev: String::new(), hash: String::new() }
}

pub(super) fn intent(title: &str) -> Told {
    Told::Intent {
        action: "ecs-scale".into(),
        title: title.into(),
        part: 0,
        step: 0,
        steps: 1,
        operation: "ecs:UpdateService".into(),
        input: serde_json::Map::new(),
        changes: Vec::new(),
        risk: Risk::High,
        reason: None,
        ticket: None,
        policy: Vec::new(),
        broke_glass: false,
    }
}

fn outcome(outcome: Outcome) -> Told {
    Told::Outcome { part: 0, step: 0, outcome, request_id: None, fault: None }
}

fn next_step() -> Told {
    match intent("next step of the first") {
        Told::Intent { action, title, part, steps, operation, input, changes, risk, .. } => {
            let (reason, ticket, policy, broke_glass) = (None, None, Vec::new(), false);
            Told::Intent {
                action,
                title,
                part,
                step: 1,
                steps,
                operation,
                input,
                changes,
                risk,
                reason,
                ticket,
                policy,
                broke_glass,
            }
        }
        other => other,
    }
}

#[test]
fn entries_of_two_consoles_are_put_together_by_their_runs() {
    let told = [
        entry(1, "a", intent("first")),
        entry(2, "b", intent("second")),
        entry(3, "a", Told::Sent { part: 0, step: 0 }),
        entry(4, "b", Told::Sent { part: 0, step: 0 }),
        entry(5, "b", outcome(Outcome::Failed)),
        entry(6, "a", outcome(Outcome::Succeeded)),
        entry(7, "a", next_step()),
        entry(8, "a", Told::Outcome { part: 0, step: 1, outcome: Outcome::Unknown, request_id: None, fault: None }),
        entry(9, "", Told::Disarmed { reason: None }),
    ];
    let newest_first: Vec<Entry> = told.into_iter().rev().collect();
    let records = super::super::journal::records(&newest_first);
    let said: Vec<_> = records.iter().map(|record| (record.seq(), record.outcome().0, record.0.len())).collect();
    assert_eq!(said, [(9, "", 1), (7, "unknown", 2), (2, "failed", 3), (1, "succeeded", 3)]);
}

#[test]
fn the_journal_is_read_when_it_is_opened_and_can_be_filtered() {
    let mut state = listed();
    assert!(matches!(&press(&mut state, Command::Journal)[..], [Act::Journal(_)]));
    let entries = [entry(3, "b", intent("x")), entry(2, "a", outcome(Outcome::Failed)), entry(1, "a", intent("y"))];
    tell(&mut state, Acted::Journal(Ok(entries.into())));
    let View::Journal(view) = &state.view else { panic!("the journal") };
    assert_eq!(view.order, [0, 1]);
    press(&mut state, Command::Filter);
    type_in(&mut state, "outcome:failed");
    press(&mut state, Command::Open);
    let View::Journal(view) = &state.view else { panic!("the journal") };
    assert_eq!(view.order, [1]);
    press(&mut state, Command::Open);
    assert!(matches!(state.layers.last(), Some(Layer::Act(_))));
    press(&mut state, Command::Open);
    let View::Detail(detail) = &state.view else { panic!("the target") };
    assert_eq!(*detail.id, *service("dhbw-prod", "api").id);
}

#[test]
fn what_ended_unknown_is_told_at_the_start_and_leads_to_its_target() {
    let mut state = listed();
    press(&mut state, Command::Palette);
    tell(&mut state, Acted::Orphans([entry(1, "a", intent("x"))].into()));
    assert!(matches!(state.layers.last(), Some(Layer::Palette { .. })), "it does not take the keys from what is open");
    press(&mut state, Command::Close);
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad && notice.text.contains("unknown")));
    press(&mut state, Command::Open);
    let View::Detail(detail) = &state.view else { panic!("the target") };
    assert_eq!(*detail.id, *service("dhbw-prod", "api").id);
}

#[test]
fn what_was_done_before_the_target_moved_can_still_be_taken_back() {
    let (mut state, id) = under_way();
    let run = Arc::clone(&state.acts.runs[0].proposal);
    let undo = vec![fixture::order(&service("dhbw-prod", "worker").id, 3)];
    let proposal = Ok(Box::new((*run).clone()));
    let moved = Ended::Moved { part: 1, differences: Vec::new(), proposal, undo: undo.clone() };
    tell(&mut state, Acted::Ended(id, Arc::new(moved)));
    assert!(state.acts.runs[0].in_sight(at(10_000_000)));
    // Confirming what is left does not lose it.
    look_for(&mut state, 500);
    assert!(matches!(&confirmed(&mut state)[..], [Act::Confirm(..)]));
    let kept: Vec<_> = state.acts.runs.iter().map(|run| run.end.as_ref().map(|end| end.undo.clone())).collect();
    assert_eq!(kept, [None, Some(undo.clone())]);
    // Nor does an outcome that nobody knows.
    let unknown = Ended::Unknown { at: FIRST, words: "cut".into(), undo: undo.clone() };
    tell(&mut state, Acted::Ended(id, Arc::new(unknown)));
    press(&mut state, Command::Runs);
    assert!(matches!(&press(&mut state, Command::Open)[..], [Act::Plan(_, orders)] if *orders == undo));
}

#[test]
fn where_nothing_was_done_before_the_target_moved_only_the_new_plan_is_in_sight() {
    let (mut state, id) = under_way();
    let proposal = Ok(Box::new((*state.acts.runs[0].proposal).clone()));
    let moved = Ended::Moved { part: 0, differences: Vec::new(), proposal, undo: Vec::new() };
    tell(&mut state, Acted::Ended(id, Arc::new(moved)));
    assert!(!state.acts.runs[0].in_sight(at(0)));
}

#[test]
fn that_it_was_not_sent_counts_more_than_that_it_was_about_to_be() {
    let told = [
        entry(3, "a", Told::Sent { part: 0, step: 0 }),
        entry(2, "a", outcome(Outcome::Failed)),
        entry(1, "a", intent("x")),
    ];
    assert_eq!(super::super::journal::records(&told)[0].outcome().0, "failed");
}

#[test]
fn what_is_due_stays_until_it_is_taken_back_or_dismissed() {
    let mut state = listed();
    let due = |seqs: &[u64]| Acted::Due(seqs.iter().map(|seq| entry(*seq, "a", intent("actions off"))).collect());
    tell(&mut state, due(&[1]));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad && notice.text.contains("actions off")));
    send(&mut state, Msg::Tick(at(600_000)));
    assert_eq!((state.notice.is_some(), state.acts.due.len()), (false, 1), "the word passes, the reminder stays");
    // Taken back.
    tell(&mut state, due(&[]));
    assert!(state.acts.due.is_empty());
    // Looked at, which dismisses nothing.
    tell(&mut state, due(&[1]));
    press(&mut state, Command::Runs);
    press(&mut state, Command::Open);
    assert!(matches!(&state.view, View::Detail(detail) if *detail.id == *service("dhbw-prod", "api").id));
    assert_eq!(state.acts.due.len(), 1);
    // Dismissed: only what is new is told again.
    press(&mut state, Command::Runs);
    press(&mut state, Command::Close);
    assert!(state.acts.due.is_empty() && state.layers.is_empty());
    tell(&mut state, due(&[1]));
    assert!(state.acts.due.is_empty());
    tell(&mut state, due(&[2, 1]));
    assert_eq!(state.acts.due.iter().map(super::super::journal::Record::seq).collect::<Vec<_>>(), [2]);
}
