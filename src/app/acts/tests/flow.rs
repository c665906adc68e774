//! Menu, form and dialog.

use std::sync::Arc;

use rstest::rstest;
use tui_input::InputRequest;

use super::super::dialog::{About, Stop};
use super::super::fixture;
use super::super::layer::ActLayer;
use super::*;
use crate::actions::Choice;
use crate::app::command::{Context, Motion};
use crate::app::layer::Layer;
use crate::guard::{Denial, Refusal};
use crate::model::{Difference, Fault, FaultClass, Undo};

fn top(state: &State) -> &ActLayer {
    match state.layers.last() {
        Some(Layer::Act(layer)) => layer,
        other => panic!("{other:?}"),
    }
}

fn notice(state: &State) -> &str {
    state.notice.as_ref().map_or("", |notice| &notice.text)
}

#[test]
fn the_menu_has_the_actions_of_the_kind_each_with_why_not() {
    let mut state = listed();
    press(&mut state, Command::Move(Motion::Down));
    assert!(press(&mut state, Command::Actions).is_empty(), "opening it asks for nothing");
    let ActLayer::Menu(menu) = top(&state) else { panic!("a menu") };
    let offers: Vec<_> = menu.offers.iter().map(|offer| (offer.action.id, offer.cannot.as_deref())).collect();
    let no = Some("it is deployed by CODE_DEPLOY");
    assert_eq!(offers, [("ecs-scale", None), ("ecs-deploy", None), ("ecs-back", no)]);
    press(&mut state, Command::Move(Motion::Last));
    assert!(press(&mut state, Command::Open).is_empty());
    assert!(notice(&state).contains("CODE_DEPLOY"));
    assert!(matches!(top(&state), ActLayer::Menu(_)), "it stays open");
}

#[test]
fn marked_resources_are_planned_together_in_the_order_of_the_list() {
    let mut state = listed();
    state.focused_mut().unwrap().1.nav.marks =
        ["worker", "api"].map(|name| service("dhbw-prod", name).id).into_iter().collect();
    let (_, orders) = scaled(&mut state, "6");
    let names: Vec<&str> = orders.iter().map(|order| &*order.target.id).collect();
    assert_eq!(names, ["api", "worker"]);
    assert!(orders.iter().all(|order| order.fields["desired"] == "6"));
    let own: Vec<&str> = orders.iter().map(|order| order.fields["service"].as_str()).collect();
    assert_eq!(own, ["api", "worker"], "what locates each stays its own");
}

#[test]
fn what_is_marked_and_gone_is_not_left_out_silently() {
    let mut state = listed();
    state.focused_mut().unwrap().1.nav.marks =
        ["api", "gone"].map(|name| service("dhbw-prod", name).id).into_iter().collect();
    press(&mut state, Command::Actions);
    assert!(state.layers.is_empty());
    assert!(notice(&state).starts_with("gone is in no list"), "{}", notice(&state));
}

#[test]
fn kinds_without_a_common_action_are_told() {
    let mut state = listed();
    let mut other = service("dhbw-prod", "x");
    other.id = Arc::new(ResourceId { kind: "alarm", ..(*other.id).clone() });
    let both = super::super::menu::offers(REGISTRY, &[service("dhbw-prod", "api"), other]);
    assert!(both.is_empty());
    state.acts.registry = super::super::Registry(&[]);
    press(&mut state, Command::Actions);
    assert_eq!(notice(&state), "there is no action for ecs-service");
}

#[test]
fn a_form_is_prefilled_and_checked_as_it_is_typed() {
    let mut state = listed();
    press(&mut state, Command::Actions);
    press(&mut state, Command::Open);
    assert_eq!(state.context(), Context::Field);
    let field = |state: &State| match top(state) {
        ActLayer::Form(form) => (form.fields[0].input.value().to_owned(), form.fields[0].problem.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(&state), ("2".to_owned(), None));
    type_in(&mut state, "x");
    assert!(field(&state).1.is_some_and(|problem| problem.contains("a whole number from 0 to 100")));
    assert!(press(&mut state, Command::Open).is_empty(), "nothing is planned of it");
    send(&mut state, Msg::Edit(InputRequest::DeletePrevChar));
    press(&mut state, Command::Move(Motion::Up));
    assert_eq!(field(&state), ("3".to_owned(), None));
    let [Act::Plan(_, orders)] = &press(&mut state, Command::Open)[..] else { panic!("it is planned") };
    assert_eq!(orders[0].fields["desired"], "3");
}

#[test]
fn values_that_differ_stay_each_its_own_until_one_is_typed() {
    let mut state = listed();
    let form = |target: &Resource| [("desired", target.name.len().to_string())].into();
    let targets = ["api", "worker"].map(|name| {
        let target = service("dhbw-prod", name);
        let fields = form(&target);
        (target, fields)
    });
    press(&mut state, Command::Actions);
    press(&mut state, Command::Open);
    let Some(Layer::Act(layer)) = state.layers.last_mut() else { panic!("a form") };
    let ActLayer::Form(form) = layer else { panic!("a form") };
    form.targets = targets.into();
    form.fields[0].own = true;
    form.fields[0].input.reset();
    let desired = |form: &super::super::form::Form| -> Vec<String> {
        form.orders().iter().map(|order| order.fields["desired"].clone()).collect()
    };
    assert_eq!(desired(form), ["3", "6"]);
    form.edit(InputRequest::InsertChar('9'));
    assert_eq!(desired(form), ["9", "9"]);
}

#[test]
fn what_can_be_chosen_is_read_and_narrowed() {
    let mut state = listed();
    press(&mut state, Command::Actions);
    press(&mut state, Command::Move(Motion::Down));
    let [Act::Choices(id, "ecs-deploy", target, "revision")] = &press(&mut state, Command::Open)[..] else {
        panic!("they are asked for")
    };
    assert_eq!(&*target.id, "api");
    let choice = |value: &str| Choice { value: value.into(), words: "".into(), difference: Vec::new() };
    tell(&mut state, Acted::Choices(*id, Ok(vec![choice("api:42"), choice("api:41"), choice("api:7")])));
    type_in(&mut state, "4");
    let listed = |state: &State| -> Vec<String> {
        let ActLayer::Form(form) = top(state) else { panic!("a form") };
        let choosing = form.fields[0].choosing.as_ref().unwrap();
        choosing.listed().iter().map(|choice| choice.value.to_string()).collect()
    };
    assert_eq!(listed(&state), ["api:42", "api:41"]);
    press(&mut state, Command::Move(Motion::Down));
    press(&mut state, Command::Move(Motion::Down));
    assert_eq!(listed(&state), ["api:42", "api:41"], "choosing does not narrow them");
    let [Act::Plan(_, orders)] = &press(&mut state, Command::Open)[..] else { panic!("it is planned") };
    assert_eq!(orders[0].fields, [("revision", "api:41".to_owned()), ("rollback", "yes".to_owned())].into());
}

#[test]
fn an_action_without_fields_is_planned_at_once() {
    let mut state = listed();
    press(&mut state, Command::Actions);
    press(&mut state, Command::Move(Motion::Last));
    assert!(matches!(&press(&mut state, Command::Open)[..], [Act::Plan(_, orders)] if orders[0].action == "ecs-back"));
}

#[test]
fn the_whole_of_a_scale() {
    let mut state = listed();
    let id = planned(&mut state);
    assert_eq!(state.dialog().unwrap().focus, Stop::Cancel);
    assert!(!state.dialog().unwrap().stops(&state.acts).contains(&Stop::Apply));
    let [Act::Confirm(confirmed_id, consent)] = &confirmed(&mut state)[..] else { panic!("it is confirmed") };
    assert_eq!((*confirmed_id, consent.text.as_str(), consent.break_glass), (id, "dhbw-prod", false));
    assert!(state.dialog().unwrap().waiting);
    assert!(press(&mut state, Command::Open).is_empty(), "a second Enter hides it, no more");
}

#[test]
fn the_cursor_moving_under_the_dialog_does_not_change_the_target() {
    let mut state = listed();
    let id = planned(&mut state);
    rows(&mut state, "dhbw-prod", 2, &["aaa", "api", "worker"]);
    rows(&mut state, "dhbw-prod", 3, &["worker"]);
    assert_eq!(&*state.selected().unwrap().id, "worker");
    let dialog = state.dialog().unwrap();
    let About::Plan(plan) = &dialog.about else { panic!("a plan") };
    assert_eq!(&*plan.orders[0].target.id, "api");
    assert_eq!(&*dialog.proposal().unwrap().parts[0].target.id.id, "api");
    assert!(matches!(&confirmed(&mut state)[..], [Act::Confirm(of, _)] if *of == id));
    assert_eq!(&*state.acts.runs[0].proposal.parts[0].target.id.id, "api");
}

#[test]
fn a_second_answer_to_the_same_question_changes_nothing() {
    let mut state = listed();
    let id = planned(&mut state);
    let other = [fixture::order(&service("edt-prod", "other").id, 0)];
    tell(&mut state, Acted::Planned(id, Ok(proposal(&other, Risk::Low, Confirm::Apply))));
    assert_eq!(&*state.dialog().unwrap().proposal().unwrap().parts[0].target.id.id, "api");
}

#[rstest]
#[case(Risk::Low, Confirm::Apply, "", None)]
#[case(Risk::Medium, Confirm::Yes, "yes", None)]
#[case(Risk::High, Confirm::Environment("dhbw-prod".into()), "dhbw-prod", None)]
#[case(Risk::Critical, Confirm::Resource("dhbw-prod/api".into()), "dhbw-prod/api", Some("incident 7"))]
fn each_risk_demands_its_own(
    #[case] risk: Risk,
    #[case] confirm: Confirm,
    #[case] text: &str,
    #[case] reason: Option<&str>,
) {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    tell(&mut state, Acted::Planned(id, Ok(proposal(&orders, risk, confirm.clone()))));
    look_for(&mut state, 500);
    if !text.is_empty() {
        go_to(&mut state, Stop::Text);
        type_in(&mut state, &format!("{text} "));
        assert!(!state.dialog().unwrap().ready(&state.acts), "it is compared as typed");
        send(&mut state, Msg::Edit(InputRequest::DeletePrevChar));
    }
    if let Some(reason) = reason {
        assert!(!state.dialog().unwrap().ready(&state.acts), "a reason is wanted");
        go_to(&mut state, Stop::Reason);
        type_in(&mut state, reason);
    }
    go_to(&mut state, Stop::Apply);
    let [Act::Confirm(_, consent)] = &press(&mut state, Command::Open)[..] else { panic!("it is confirmed") };
    assert_eq!(consent.text, confirm.text());
    assert_eq!(consent.reason.as_deref(), reason);
}

fn denied(denial: Denial) -> State {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    let mut judged = (*proposal(&orders, Risk::Low, Confirm::Apply)).clone();
    judged.judgement.denial = Some(denial);
    tell(&mut state, Acted::Planned(id, Ok(Arc::new(judged))));
    look_for(&mut state, 500);
    state
}

#[rstest]
#[case(Denial::ReadOnly)]
#[case(Denial::Policy { rule: "freeze".into(), breakable: false })]
#[case(Denial::Preconditions(vec!["no rollout runs".into()]))]
#[case(Denial::Identity("another account answers".into()))]
fn what_is_denied_can_only_be_left(#[case] denial: Denial) {
    let state = denied(denial);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel]);
}

#[test]
fn a_rule_that_can_be_broken_open_takes_a_reason() {
    let mut state = denied(Denial::Policy { rule: "freeze".into(), breakable: true });
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel, Stop::Glass]);
    go_to(&mut state, Stop::Glass);
    press(&mut state, Command::Mark);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel, Stop::Glass, Stop::Reason]);
    go_to(&mut state, Stop::Reason);
    type_in(&mut state, "customer is down");
    go_to(&mut state, Stop::Apply);
    let [Act::Confirm(_, consent)] = &press(&mut state, Command::Open)[..] else { panic!("it is confirmed") };
    assert!(consent.break_glass);
}

#[test]
fn a_ticket_is_wanted_where_a_rule_says_so() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    let mut judged = (*proposal(&orders, Risk::Low, Confirm::Apply)).clone();
    judged.judgement.ticket = Some("OPS-[0-9]+".into());
    tell(&mut state, Acted::Planned(id, Ok(Arc::new(judged))));
    look_for(&mut state, 500);
    assert!(!state.dialog().unwrap().ready(&state.acts));
    go_to(&mut state, Stop::Ticket);
    type_in(&mut state, "OPS-7");
    go_to(&mut state, Stop::Apply);
    let [Act::Confirm(_, consent)] = &press(&mut state, Command::Open)[..] else { panic!("it is confirmed") };
    assert_eq!(consent.ticket.as_deref(), Some("OPS-7"));
}

#[test]
fn where_a_step_goes_elsewhere_that_environment_is_armed_too() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    let mut judged = (*proposal(&orders, Risk::Low, Confirm::Apply)).clone();
    judged.parts[0].steps[0].scope = Scope::new("edt-prod", "eu-central-1");
    tell(&mut state, Acted::Planned(id, Ok(Arc::new(judged))));
    look_for(&mut state, 500);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel, Stop::Arm]);
    arm(&mut state, &["dhbw-prod", "edt-prod"]);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel, Stop::Apply]);
}

#[test]
fn a_lock_is_told_by_its_id_which_may_be_pasted_but_not_the_environment() {
    let mut state = listed();
    arm(&mut state, &["dhbw-prod"]);
    let (id, orders) = scaled(&mut state, "6");
    let mut judged = (*proposal(&orders, Risk::High, Confirm::Environment("dhbw-prod/3f2a8c1d".into()))).clone();
    judged.parts[0].phrase = Some("3f2a8c1d".into());
    tell(&mut state, Acted::Planned(id, Ok(Arc::new(judged))));
    look_for(&mut state, 500);
    go_to(&mut state, Stop::Text);
    send(&mut state, Msg::Paste("dhbw-prod".into()));
    assert_eq!(state.dialog().unwrap().text.value(), "");
    type_in(&mut state, "dhbw-prod");
    go_to(&mut state, Stop::Lock);
    type_in(&mut state, "3f2a8c1");
    assert!(!state.dialog().unwrap().ready(&state.acts), "seven characters are not enough");
    type_in(&mut state, "d");
    assert!(state.dialog().unwrap().ready(&state.acts));
    send(&mut state, Msg::Edit(InputRequest::DeleteLine));
    send(&mut state, Msg::Paste("3f2a8c1d-77aa-4b0e".into()));
    go_to(&mut state, Stop::Apply);
    let [Act::Confirm(_, consent)] = &press(&mut state, Command::Open)[..] else { panic!("it is confirmed") };
    assert_eq!(consent.text, "dhbw-prod/3f2a8c1d");
}

#[test]
fn what_has_moved_comes_as_a_new_plan_and_is_typed_anew() {
    let mut state = listed();
    let id = planned(&mut state);
    confirmed(&mut state);
    let run = Arc::clone(&state.acts.runs[0].proposal);
    let differences = vec![Difference { name: "desired count".into(), was: "3".into(), is: "5".into() }];
    let proposal = Ok(Box::new((*run).clone()));
    let moved = crate::guard::Ended::Moved { part: 0, differences, proposal, undo: Vec::new() };
    tell(&mut state, Acted::Ended(id, Arc::new(moved)));
    let dialog = state.dialog().unwrap();
    assert_eq!((dialog.text.value(), dialog.focus, dialog.waiting), ("", Stop::Cancel, false));
    let About::Plan(plan) = &dialog.about else { panic!("a plan") };
    assert_eq!(&*plan.moved[0].is, "5");
    press(&mut state, Command::NextPane);
    assert_eq!(state.dialog().unwrap().focus, Stop::Cancel, "it has just come up: keys are not heard");
    look_for(&mut state, 500);
    assert!(matches!(&confirmed(&mut state)[..], [Act::Confirm(again, _)] if *again == id));
}

#[test]
fn a_refused_answer_is_told_and_can_be_given_again() {
    let mut state = listed();
    let id = planned(&mut state);
    confirmed(&mut state);
    tell(&mut state, Acted::Refused(id, Refusal::NotArmed("dhbw-prod".into())));
    let dialog = state.dialog().unwrap();
    assert_eq!(dialog.error.as_deref(), Some("dhbw-prod is not armed"));
    assert!(state.acts.runs.is_empty(), "nothing is under way");
    assert!(!dialog.waiting);
}

#[test]
fn leaving_the_dialog_gives_the_plan_back_and_shows_the_form() {
    let mut state = listed();
    let id = planned(&mut state);
    assert_eq!(press(&mut state, Command::Close), [Act::Abandon(id)]);
    assert!(matches!(top(&state), ActLayer::Form(_)));
    let (id, _) = {
        let acts = press(&mut state, Command::Open);
        let [Act::Plan(id, orders)] = &acts[..] else { panic!("it is planned again") };
        (*id, orders.clone())
    };
    let fault = Arc::new(Fault::new(FaultClass::TimedOut, "no answer in time"));
    tell(&mut state, Acted::Planned(id, Err(fault)));
    look_for(&mut state, 500);
    assert_eq!(state.dialog().unwrap().stops(&state.acts), [Stop::Cancel]);
    assert!(matches!(&press(&mut state, Command::Refresh)[..], [Act::Abandon(old), Act::Plan(..)] if *old == id));
}

#[test]
fn the_command_is_copied() {
    let mut state = listed();
    planned(&mut state);
    let effects = update(&mut state, Msg::Do(Command::Copy)).effects;
    assert!(matches!(&effects[..], [Effect::Copy(text)] if text.starts_with("aws ecs update-service")));
}

#[test]
fn an_undo_has_a_plan_of_its_own() {
    let mut state = listed();
    let id = planned(&mut state);
    confirmed(&mut state);
    let Undo::By { order, .. } = state.acts.runs[0].proposal.parts[0].undo.clone() else { panic!("an undo") };
    let done = crate::guard::Ended::Done { words: vec!["6 of 6 tasks run".into()], undo: vec![order.clone()] };
    tell(&mut state, Acted::Ended(id, Arc::new(done)));
    assert!(state.layers.is_empty(), "dialog and form are gone");
    press(&mut state, Command::Runs);
    let acts = press(&mut state, Command::Open);
    assert!(matches!(&acts[..], [Act::Plan(undo, orders)] if *undo != id && *orders == [order]));
    assert!(state.dialog().is_some());
}
