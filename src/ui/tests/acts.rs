//! What is drawn for the sake of actions: at three sizes, and what must never be missed on it.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::{frame, look, text};
use crate::app::acts::{ActLayer, Stop};
use crate::app::layer::Layer;
use crate::app::{Command, PaneKey, State, Target};
use crate::ui::fixture::{self, acts, stories};
use crate::ui::theme::{Role, Theme};

macro_rules! looks {
    ($($name:ident: $state:expr;)*) => {
        $(#[test] fn $name() { look(stringify!($name), &$state); })*
        /// Every picture, by name.
        pub(super) fn pictures() -> Vec<(&'static str, State)> {
            vec![$((stringify!($name), $state)),*]
        }
    };
}

looks! {
    actions_menu: acts::menu();
    actions_menu_with_a_no: acts::menu_with_a_no();
    action_form: acts::form();
    action_choices: acts::choices();
    planning: acts::planning();
    plan: acts::plan();
    plan_scrolled: acts::plan_scrolled();
    plan_unarmed: acts::plan_unarmed();
    plan_typed: acts::plan_typed();
    plan_confirmed: acts::confirmed();
    plan_critical: acts::plan_critical();
    plan_of_a_lock: acts::plan_of_a_lock();
    plan_of_several: acts::plan_of_several();
    plan_moved: acts::plan_moved();
    no_plan: acts::no_plan();
    arming: acts::arming();
    disarming: acts::disarming();
    leaving: acts::leaving();
    under_way: acts::under_way();
    runs: acts::runs();
    journal: acts::journal();
    journal_record: acts::record();
    orphans: acts::orphans();
    due: acts::due();
    due_listed: acts::due_listed();
    plan_of_a_template: acts::plan_of_a_template();
    detail_with_actions: with_actions(stories::detail());
}

fn with_actions(mut state: State) -> State {
    state.acts.registry = crate::app::acts::fixture::REGISTRY;
    state
}

fn line_of(buffer: &Buffer, words: &str) -> u16 {
    let said = text(buffer);
    let at = said.lines().position(|line| line.contains(words));
    at.unwrap_or_else(|| panic!("{words} is not on the screen:\n{said}")) as u16
}

#[test]
fn every_dialog_names_environment_and_account_in_the_colour_of_the_stage() {
    let theme = Theme::default();
    for (name, state) in pictures() {
        let dialog = matches!(state.layers.last(), Some(Layer::Act(layer)) if matches!(layer, ActLayer::Dialog(_)));
        if !dialog {
            continue;
        }
        for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
            let (buffer, _) = frame(&state, &theme, columns, lines);
            let y = line_of(&buffer, " PROD  dhbw-prod · account 111122223333");
            let x = (0..columns).find(|x| buffer[(*x, y)].symbol() == "P" && buffer[(*x + 1, y)].symbol() == "R");
            let x = x.unwrap_or_else(|| panic!("{name}"));
            // The whole line, not only the badge.
            for x in [x, x + 8, x + 40] {
                assert_eq!(Some(buffer[(x, y)].bg), theme[Role::StageProd].bg, "{name} {columns}x{lines}");
            }
        }
    }
}

#[test]
fn what_is_demanded_and_the_buttons_stand_at_every_size() {
    let theme = Theme::default();
    let state = acts::plan_critical();
    for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
        let said = text(&frame(&state, &theme, columns, lines).0);
        for words in [
            "risk critical: type dhbw-prod/dhbw-backend, and say why",
            "denied by freeze over the holidays",
            "[x] break the glass",
            "confirm ",
            "reason ",
            "ticket ",
            "[ Cancel ]",
            "[ Apply ]",
        ] {
            assert!(said.contains(words), "{words} at {columns}x{lines}:\n{said}");
        }
    }
}

#[test]
fn a_dialog_opens_on_cancel_and_apply_is_out_of_reach() {
    let theme = Theme::default();
    let (buffer, hits) = frame(&acts::plan(), &theme, 120, 40);
    let y = line_of(&buffer, "[ Cancel ]");
    let column = |words: &str| {
        let line: Vec<&str> = (0..120).map(|x| buffer[(x, y)].symbol()).collect();
        line.concat().find(words).map(|at| line.concat()[..at].chars().count() as u16).unwrap()
    };
    let style = |words: &str| buffer[(column(words), y)].style();
    assert_eq!(style("[ Cancel ]").bg, theme[Role::TabFocus].bg);
    assert_eq!(style("[ Apply ]").fg, theme[Role::Muted].fg);
    assert_eq!(hits.at(column("[ Apply ]"), y), Some(&Target::Pane(PaneKey::Layer)), "it can't be clicked");
    let (buffer, _) = frame(&acts::plan_typed(), &theme, 120, 40);
    let y = line_of(&buffer, "[ Apply ]");
    assert_eq!(acts::plan_typed().dialog().unwrap().focus, Stop::Apply);
    assert_eq!(buffer[Position { x: column("[ Apply ]"), y }].bg, theme[Role::TabFocus].bg.unwrap());
}

#[test]
fn the_cursor_blinks_only_where_a_line_is_edited() {
    let theme = Theme::default();
    let cursor = |state: &State| frame(state, &theme, 120, 40).1.cursor;
    assert_eq!(cursor(&acts::plan()), None, "the form below has no say");
    assert!(cursor(&acts::form()).is_some() && cursor(&acts::arming()).is_some());
}

#[test]
fn the_header_tells_what_is_armed_and_for_how_long() {
    let theme = Theme::default();
    let head = |state: &State, columns| {
        let (buffer, _) = frame(state, &theme, columns, 24);
        text(&buffer).lines().next().unwrap().to_owned()
    };
    assert!(head(&acts::ready(), 80).contains("read-only"));
    for columns in [80, 120, 200] {
        let said = head(&acts::disarming(), columns);
        assert!(said.contains("ARMED dhbw-prod 07:12 +1"), "{said}");
        assert!(!said.contains("read-only"), "{said}");
    }
    let (buffer, _) = frame(&acts::plan(), &theme, 120, 24);
    let x = text(&buffer).lines().next().unwrap().find("ARMED").unwrap() as u16;
    assert_eq!(Some(buffer[(x, 0)].bg), theme[Role::Armed].bg);
    let mut still = acts::plan();
    still.settings.ages = false;
    assert!(head(&still, 120).contains("ARMED dhbw-prod until 10:37:12Z"));
}

#[test]
fn a_long_plan_scrolls_and_says_how_much_there_is() {
    let theme = Theme::default();
    let (buffer, hits) = frame(&acts::plan(), &theme, 80, 24);
    assert!(text(&buffer).contains("more lines below"), "{}", text(&buffer));
    let seen = hits.viewports.iter().find(|list| list.key == PaneKey::Layer).unwrap();
    assert!(seen.first == 0 && seen.height < seen.all);
    let (buffer, _) = frame(&acts::plan_scrolled(), &theme, 80, 24);
    let said = text(&buffer);
    assert!(!said.contains("more lines below") && said.contains("desiredCount"), "{said}");
}

#[test]
fn what_is_under_way_stands_above_the_footer_and_leaves_the_screen_to_the_view() {
    let theme = Theme::default();
    let (buffer, hits) = frame(&acts::under_way(), &theme, 120, 40);
    let y = line_of(&buffer, "3 of 6 tasks run");
    assert_eq!(y, 36);
    assert_eq!(hits.at(10, y), Some(&Target::Command(Command::Runs)));
    assert_eq!(line_of(&buffer, "failed: ECS refused UpdateService"), 37);
    let said = text(&frame(&fixture::one("dhbw-prod"), &theme, 120, 40).0);
    assert!(!said.lines().nth(36).unwrap().contains("dhbw-prod"), "nothing is taken where nothing is under way");
}

#[test]
fn a_plan_shows_no_secret_of_what_it_sends() {
    let theme = Theme::default();
    let said = text(&frame(&acts::plan_of_a_template(), &theme, 200, 60).0);
    assert!(said.contains("DB_PASSWORD") && said.contains("(masked)"), "{said}");
    let change = said.lines().find(|line| line.contains("MasterUserPassword")).unwrap();
    assert!(change.contains("(masked) → (masked)"), "{change}");
    assert!(!said.contains("hunter"), "{said}");
}

#[test]
fn what_is_due_stands_above_the_footer_at_every_size() {
    let theme = Theme::default();
    for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
        let (buffer, hits) = frame(&acts::due(), &theme, columns, lines);
        let y = line_of(&buffer, "its time is over");
        assert_eq!(y, lines - 2);
        assert_eq!(hits.at(10, y), Some(&Target::Command(Command::Runs)));
    }
}
