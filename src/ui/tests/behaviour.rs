//! What must hold whatever the screen looks like: sizes, styles of what must not be missed, the mouse, the cost of a frame.

use std::collections::HashSet;
use std::sync::Arc;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

use super::{filtered, frame, frame_at, logged, text, typed, with};
use crate::app::command::Motion;
use crate::app::layer::Layer;
use crate::app::pane::{RowRef, Shown};
use crate::app::{Command, Msg, PaneKey, State, Store, Target, View, update};
use crate::engine::{Event, MetricsSpent, SignInState, TailEvent, TailMode};
use crate::model::{Answer, Detail, Environment, Fault, FaultClass, Health, Query, Rows, Section, Stage, Value};
use crate::ui::fixture::{self, stories};
use crate::ui::theme::{PLAIN, Role, Theme};

/// Every screen of the snapshots, by name.
fn screens() -> Vec<(&'static str, State)> {
    let mut screens = vec![
        ("start", fixture::empty()),
        ("all", fixture::all()),
        ("zoomed", with(fixture::one("dhbw-prod"), &[Command::Zoom])),
        ("list", with(fixture::all(), &[Command::List("ecs-service"), Command::Sideways(40)])),
        ("fleet", with(fixture::all(), &[Command::Fleet])),
        ("detail", stories::detail()),
        ("raw", stories::raw()),
        ("logs", with(stories::searched_logs(), &[Command::Wrap])),
        ("changes", stories::changes()),
        ("console log", with(fixture::empty(), &[Command::ConsoleLog, Command::Move(Motion::PageUp)])),
        ("palette", typed(&[Command::Palette], "serv")),
        ("picker", typed(&[Command::Environments], "prod")),
        ("sort menu", with(fixture::all(), &[Command::List("ecs-service"), Command::SortMenu])),
        ("help", with(fixture::all(), &[Command::Help])),
        (
            "prompt",
            typed(&[Command::Filter], "a filter that is much longer than the line that it is typed into can be"),
        ),
    ];
    let of_actions =
        ["action_choices", "planning", "plan_critical", "arming", "under_way", "runs", "journal", "orphans"];
    screens.extend(super::acts::pictures().into_iter().filter(|(name, _)| of_actions.contains(name)));
    screens
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let theme = Theme::default();
    for (name, state) in screens() {
        for columns in [1, 3, 20, 39, 40, 80, 110, 151, 300] {
            for lines in [1, 2, 8, 13, 20, 27, 70] {
                let (buffer, hits) = frame(&state, &theme, columns, lines);
                let inside = |area: Rect| buffer.area.intersection(area) == area;
                let outside = hits.targets.iter().find(|(area, _)| !inside(*area));
                assert_eq!(outside, None, "{name} {columns}x{lines}");
                assert!(hits.cursor.is_none_or(|cursor| buffer.area.contains(cursor)), "{name} {columns}x{lines}");
            }
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let (buffer, _) = frame(&fixture::all(), &Theme::default(), 20, 5);
    assert_eq!(text(&buffer), "Quarterdeck needs 40\ncolumns and 8 lines.\n\n\n\n");
}

/// Where a word stands first.
fn place_of(buffer: &Buffer, word: &str) -> Position {
    let symbols: Vec<&str> = word.graphemes(true).collect();
    let stands = |position: &Position| {
        let cell = |n: usize| buffer.cell((position.x + n as u16, position.y)).map(Cell::symbol);
        symbols.iter().enumerate().all(|(n, symbol)| cell(n) == Some(*symbol))
    };
    buffer.area.positions().find(stands).unwrap_or_else(|| panic!("{word} is not on the screen:\n{}", text(buffer)))
}

/// The style of a word where it stands first.
fn style_of(buffer: &Buffer, word: &str) -> Style {
    buffer[place_of(buffer, word)].style()
}

#[test]
fn production_can_not_be_mistaken() {
    let theme = Theme::default();
    let (prod, _) = frame(&fixture::one("dhbw-prod"), &theme, 120, 40);
    let (dev, _) = frame(&fixture::one("starttech-dev"), &theme, 120, 40);
    for x in 0..120 {
        let ground = prod[(x, 0)].bg;
        let own = [theme[Role::HeaderProd].bg, theme[Role::StageProd].bg, theme[Role::Tag].bg];
        assert!(own.contains(&Some(ground)), "column {x}: {ground:?}");
        assert_ne!(Some(dev[(x, 0)].bg), theme[Role::HeaderProd].bg, "column {x}");
    }
    assert_eq!(style_of(&prod, "PROD").bg, theme[Role::StageProd].bg);
    assert_eq!(style_of(&dev, "DEV").bg, theme[Role::StageDev].bg);
    // One production environment among several is enough.
    let (several, _) = frame(&fixture::all(), &theme, 40, 8);
    assert_eq!(Some(several[(39, 0)].bg), theme[Role::HeaderProd].bg);
}

#[test]
fn the_clock_stays_whatever_else_there_is() {
    let theme = Theme::default();
    let mut staged = fixture::all();
    let stages = [Some(Stage::Prod), None, Some(Stage::Staging), Some(Stage::Test), Some(Stage::Dev)];
    for (at, environment) in staged.environments.iter_mut().enumerate() {
        *environment = Arc::new(Environment { stage: stages[at % 5], ..(**environment).clone() });
    }
    let states = [fixture::one("enterprise-prod"), fixture::one("unilux-prod"), fixture::all(), staged];
    for (columns, lines) in [(40, 8), (60, 19), (80, 24), (100, 30), (120, 40), (200, 60)] {
        for (at, mut state) in states.clone().into_iter().enumerate() {
            let first =
                |state: &State| text(&frame(state, &theme, columns, lines).0).lines().next().unwrap().to_owned();
            let utc = first(&state);
            assert!(utc.ends_with(" 10:30:00Z") && utc.contains(" PROD "), "{at} {columns}x{lines}: {utc}");
            fixture::run(&mut state, Command::LocalTime);
            assert!(first(&state).ends_with(" 11:30:00"), "{at} {columns}x{lines}");
            state.settings.ages = false;
            assert!(first(&state).ends_with(" local"), "{at} {columns}x{lines}");
        }
    }
}

#[test]
fn the_badge_stays_whatever_is_armed() {
    let theme = Theme::default();
    let first = |state: &State, columns| text(&frame(state, &theme, columns, 12).0).lines().next().unwrap().to_owned();
    for armed in ["dhbw-prod", "enterprise-prod"] {
        for columns in [40, 44, 50, 60, 80, 120] {
            for (name, mut state) in [
                (armed, fixture::one(armed)),
                ("edt-prod", fixture::one("edt-prod")),
                ("7 environments", fixture::all()),
            ] {
                let until = fixture::now() + jiff::SignedDuration::from_secs(432);
                state.acts.armed = vec![(armed.into(), until), ("tfe-prod".into(), until)];
                let said = first(&state, columns);
                assert!(said.contains(" PROD ") && said.contains(name), "{columns}: {said}");
                assert!(said.contains(" ARMED"), "{columns}: {said}");
                let named = said.contains(&format!("ARMED {armed} 07:12 +1"));
                assert!(named || columns < 80, "{columns}: {said}");
                assert!(named || name != "edt-prod" || said.contains("ARMED other"), "{columns}: {said}");
            }
        }
    }
}

#[test]
fn of_several_faults_the_gravest_is_told_with_its_owner_and_the_number_of_the_others() {
    let said = |state: &State, columns| {
        text(&frame(state, &Theme::default(), columns, 30).0).lines().nth(1).unwrap().to_owned()
    };
    let all = fixture::all();
    let renew = "◷ unilux-prod expired: aws sso login --profile lecture-unilux-prod (L) · +1 more";
    assert!(said(&all, 120).contains(renew), "{}", said(&all, 120));
    let short = said(&all, 80);
    assert!(short.contains("◷ unilux-prod expired: ") && short.ends_with("… · +1 more"), "{short}");
    let one = said(&fixture::one("edt-prod"), 120);
    assert!(one.contains("≈ edt-prod throttled since 10:28:25Z  ") && !one.contains("more"), "{one}");
}

#[test]
fn the_reason_of_the_sick_stays_in_every_pane_or_in_its_border() {
    for (columns, lines) in [(80, 24), (110, 30), (120, 40), (160, 45), (200, 60)] {
        for (at, reason) in ["", "tasks k", "modifying: s", "HTTPCode"].into_iter().enumerate().skip(1) {
            let state = with(fixture::all(), &[Command::Pane(at as u8)]);
            let said = text(&frame(&state, &Theme::default(), columns, lines).0);
            let told = said.lines().filter(|line| line.contains(['✖', '▲', '╰'])).any(|line| line.contains(reason));
            assert!(told, "{columns}x{lines} {reason}:\n{said}");
        }
    }
}

#[test]
fn names_are_the_last_to_be_cut() {
    for (columns, lines) in [(80, 24), (110, 30), (120, 40), (160, 45), (200, 60)] {
        for (at, name, environment) in [
            (1, "dhbw-backend ", "dhbw-prod "),
            (2, "enterprise-postgres ", "enterprise"),
            (3, "dhbw-backend-cpu-high ", "dhbw-prod "),
        ] {
            let state = with(fixture::all(), &[Command::Pane(at)]);
            let said = text(&frame(&state, &Theme::default(), columns, lines).0);
            let row = |line: &str| {
                line.find(name).is_some_and(|at| line[at + name.len()..].trim_start().starts_with(environment))
            };
            assert!(said.lines().any(row), "{columns}x{lines} {name}:\n{said}");
        }
    }
}

#[test]
fn what_is_sorted_by_is_marked_in_its_title() {
    for (n, title) in [(0, "▲ NAME "), (1, "NAME▲"), (2, "ENV"), (4, "TASKS▲")] {
        let state = with(fixture::all(), &[Command::SortBy(n)]);
        for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
            let said = text(&frame(&state, &Theme::default(), columns, lines).0);
            let titles = said.lines().find(|line| line.contains("TASKS")).unwrap();
            assert!(titles.contains(title) && titles.contains('▲'), "{columns}x{lines}: {titles}");
        }
    }
}

#[test]
fn a_layer_tells_its_own_keys() {
    let said = |state: &State| text(&frame(state, &Theme::default(), 80, 24).0).lines().last().unwrap().to_owned();
    assert_eq!(said(&typed(&[Command::Palette], "x")), " Enter choose  Up previous  Down next  Esc close");
    let picker = typed(&[Command::Environments], "x");
    assert_eq!(said(&picker), " Enter go there  Space mark several  Up previous  Down next  Esc close");
    let help = with(fixture::all(), &[Command::Help]);
    assert_eq!(said(&help), " k up  j down  PageDown page  G end  Esc close");
}

#[test]
fn what_is_sick_stale_chosen_or_matched_looks_so() {
    let theme = Theme::default();
    let (buffer, _) = frame(&fixture::all(), &theme, 120, 60);
    assert_eq!(style_of(&buffer, "1/3").fg, theme[Role::Degraded].fg);
    assert_eq!(style_of(&buffer, "dhbw-backend").bg, theme[Role::Cursor].bg);
    assert_eq!(style_of(&buffer, "edt-frontend").fg, theme[Role::Stale].fg);
    assert_eq!(style_of(&buffer, "beta9-worker").fg, theme[Role::Text].fg);
    assert_eq!(style_of(&buffer, "≈ edt-prod throttled").fg, theme[Role::Throttled].fg);
    assert_eq!(style_of(&buffer, "◷ unilux-prod expired").fg, theme[Role::Expired].fg);
    assert_eq!(style_of(&buffer, "╭─ 2").fg, theme[Role::BorderFocus].fg);
    assert_eq!(style_of(&buffer, "╭─ 3").fg, theme[Role::Border].fg);
    let (buffer, _) = frame(&filtered("back"), &theme, 120, 40);
    assert_eq!(style_of(&buffer, "backend").fg, theme[Role::Match].fg);
}

#[test]
fn without_colour_shapes_and_modifiers_tell() {
    let plain = Theme::builtin(PLAIN).unwrap();
    let (buffer, _) = frame(&fixture::all(), &plain, 120, 40);
    let coloured = buffer.content().iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
    assert_eq!(coloured, None);
    assert!(style_of(&buffer, "dhbw-backend").add_modifier.contains(Modifier::REVERSED));
    assert!(style_of(&buffer, "PROD").add_modifier.contains(Modifier::REVERSED));
    let said = text(&buffer);
    for sign in ["✖ dhbw-backend", "◐ dhbw-worker", "● beta9-worker", "▲ enterprise", "○ cafe"] {
        assert!(said.contains(sign), "{sign}");
    }
}

#[test]
fn wide_and_right_to_left_names_move_no_column() {
    let state = with(fixture::one("dhbw-prod"), &[Command::List("ecs-service")]);
    let (buffer, _) = frame(&state, &Theme::default(), 120, 40);
    // The sparkline's last value ends with the same cell in every row.
    let ends: Vec<u16> = (3..30).filter_map(|y| (28..118).find(|x| buffer[(*x, y)].symbol() == "%")).collect();
    assert!(ends.len() == 7 && ends.iter().all(|x| *x == ends[0]), "{ends:?}");
}

#[test]
fn the_mouse_finds_rows_columns_tabs_and_hints() {
    let theme = Theme::default();
    let (buffer, hits) = frame(&fixture::all(), &theme, 120, 40);
    let at = |word: &str| {
        let place = place_of(&buffer, word);
        hits.at(place.x, place.y).cloned()
    };
    assert_eq!(at("dhbw-worker"), Some(Target::Row(PaneKey::Bridge(1), 2)));
    assert_eq!(at("TASKS"), Some(Target::Column(PaneKey::Bridge(1), "tasks")));
    assert_eq!(at("starttech-dev"), Some(Target::Environment("starttech-dev".into())));
    assert_eq!(at("z zoom"), Some(Target::Command(Command::Zoom)));
    assert_eq!(at("╭─ 5"), Some(Target::Pane(PaneKey::Bridge(4))));
    let (_, hits) = frame(&fixture::all(), &theme, 80, 24);
    assert_eq!(hits.at(16, 2), Some(&Target::Command(Command::Pane(1))));
    // A layer takes the mouse from what is below it.
    let (_, hits) = frame(&typed(&[Command::Palette], "serv"), &theme, 120, 40);
    let of_layer = |target: &Target| match target {
        Target::Row(key, _) | Target::Pane(key) => *key == PaneKey::Layer,
        Target::Command(command) => matches!(command, Command::Open | Command::Close | Command::Move(_)),
        Target::Column(..) | Target::Environment(_) => false,
    };
    assert!(hits.targets.iter().all(|(_, target)| of_layer(target)), "{:?}", hits.targets);
}

#[test]
fn a_frame_costs_the_same_whatever_the_number_of_rows() {
    let many = |count: usize| {
        let mut state = fixture::one("dhbw-prod");
        let name = |n: usize| format!("service-{n}");
        let rows = (0..count).map(|n| fixture::row("dhbw-prod", "ecs-service", &name(n), (Health::Ok, ""), &[]));
        let rows = Arc::new(Rows { items: rows.collect(), faults: Vec::new(), ..Default::default() });
        let order: Arc<[RowRef]> = (0..count as u32).map(|row| RowRef { part: 0, row }).collect();
        if let View::Bridge(bridge) = &mut state.view {
            let shown = Shown { parts: vec![rows], sorted: Arc::clone(&order), sort: None, order, sick: 0 };
            bridge.panes[1].shown = shown;
            bridge.panes[1].nav.at = count / 2;
        }
        state
    };
    let theme = Theme::default();
    let cost = |state: &State| {
        let start = std::time::Instant::now();
        frame(state, &theme, 120, 40);
        start.elapsed()
    };
    let (few, lots) = (many(100), many(100_000));
    // In turns, so that what a busy machine adds falls on both; the best of each is what a frame costs.
    let costs: Vec<_> = (0..60).map(|_| (cost(&few), cost(&lots))).collect();
    let few = costs.iter().map(|(few, _)| *few).min().unwrap_or_default();
    let lots = costs.iter().map(|(_, lots)| *lots).min().unwrap_or_default();
    assert!(lots < few * 2, "100 rows: {few:?}, 100,000 rows: {lots:?}");
}

#[test]
fn nothing_moves_by_itself_where_ages_are_hidden() {
    let theme = Theme::default();
    for (name, mut state) in screens() {
        state.settings.ages = false;
        // Within one period of metrics: charts move on with their metrics.
        let (then, _) = frame_at(&state, &theme, 160, 50, fixture::ago(9));
        let (later, _) = frame(&state, &theme, 160, 50);
        assert_eq!(text(&then), text(&later), "{name}");
    }
}

#[test]
fn times_are_utc_or_the_operators_own() {
    let theme = Theme::default();
    let mut state = stories::logs();
    assert!(text(&frame(&state, &theme, 120, 40).0).contains("10:30:00Z"));
    fixture::run(&mut state, Command::LocalTime);
    let local = text(&frame(&state, &theme, 120, 40).0);
    assert!(local.contains("11:30:00\n"), "{local}");
    assert!(!local.contains("10:30:00Z"), "{local}");
}

#[test]
fn a_tail_says_what_it_leaves_out() {
    let mut state = stories::logs();
    let id = state.tail().map_or(0, |tail| tail.tail);
    fixture::take(&mut state, Event::Tail(id, TailEvent::Lacks(1, "only some of it")));
    fixture::take(&mut state, Event::Tail(id, TailEvent::Mode(1, TailMode::Live)));
    let label = state.tail().unwrap().sources[1].label.to_string();
    let shown = text(&frame(&state, &Theme::default(), 120, 40).0);
    assert!(shown.contains(&format!("▲ {label}: only some of it")), "{shown}");
}

#[test]
fn every_sort_of_nothing_looks_different() {
    let list = |fault: Option<FaultClass>| {
        let mut state = fixture::one("dhbw-prod");
        state.store = Store::default();
        let query = fixture::list("dhbw-prod", "ecs-service");
        match fault {
            Some(class) => fixture::fail(&mut state, query, 60, Fault::new(class, "it did not work")),
            None => fixture::rows(&mut state, "dhbw-prod", "ecs-service", Vec::new()),
        }
        let (buffer, _) = frame(&with(state, &[Command::List("ecs-service")]), &Theme::default(), 100, 24);
        let said = text(&buffer);
        said.lines().skip(9).take(7).map(|line| line.trim_matches(['│', ' '])).collect::<Vec<_>>().join("\n")
    };
    let classes = [
        None,
        Some(FaultClass::Expired { renew: Some("aws sso login --profile dhbw".into()), sign_in: false }),
        Some(FaultClass::Expired { renew: None, sign_in: true }),
        Some(FaultClass::NeedsCode { serial: "arn".into() }),
        Some(FaultClass::Denied { permission: Some("ecs:ListServices".into()) }),
        Some(FaultClass::Throttled { until: Some(fixture::ago(-20)) }),
        Some(FaultClass::Unreachable),
        Some(FaultClass::TimedOut),
        Some(FaultClass::WrongAccount { expected: "111122223333".into(), found: "999988887777".into() }),
    ];
    let said: Vec<String> = classes.into_iter().map(list).collect();
    let all: HashSet<&String> = said.iter().collect();
    assert_eq!(all.len(), said.len(), "{said:#?}");
    for (said, words) in said.iter().zip([
        "∅ no services here",
        "run: aws sso login --profile dhbw",
        "L signs in again",
        "L asks for its code",
        "⊘ dhbw-prod: denied since 10:29:00Z",
        "asked again in 20s",
        "≠ dhbw-prod: unreachable",
        "timed out",
        "expected 111122223333, found 999988887777: its rows are withheld",
    ]) {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_line_that_begins_with_its_time_shows_it_once() {
    let mut state = stories::logs();
    let View::Logs(logs) = &mut state.view else { panic!("no logs") };
    let last = logs.lines.back_mut().unwrap();
    last.text = format!("{} INFO said once", last.at).into();
    let raw = last.text.to_string();
    assert!(logs.visible_text().contains(&raw), "what is copied is whole");
    let drawn = text(&frame(&state, &Theme::default(), 120, 40).0);
    assert!(drawn.contains("INFO said once") && !drawn.contains("Z INFO said once"), "{drawn}");
}

#[test]
fn the_consoles_log_is_shown_clean_and_scrolls_back() {
    let _alone = logged(|| {
        for n in 0..60 {
            tracing::warn!("line {n} \u{1b}[31mred\u{1b}[0m");
        }
    });
    let theme = Theme::default();
    let mut state = with(fixture::empty(), &[Command::ConsoleLog]);
    let (buffer, _) = frame(&state, &theme, 80, 24);
    assert!(text(&buffer).contains("line 59 red"), "{}", text(&buffer));
    assert_eq!(style_of(&buffer, "line 59").fg, theme[Role::LevelWarn].fg);
    state.view = View::ConsoleLog { back: 30, height: 20 };
    let back = text(&frame(&state, &theme, 80, 24).0);
    assert!(back.contains("line 29 red") && !back.contains("line 59"), "{back}");
}

/// A screen on which every environment has been asked so many seconds ago, and none has answered.
fn unanswered(seconds: i64, ages: bool, command: Command) -> String {
    let mut state = fixture::empty();
    state.settings.ages = ages;
    for environment in state.environments.clone() {
        let scope = fixture::scope(&environment.name);
        for query in [Query::Identity(scope), fixture::list(&environment.name, "ecs-service")] {
            fixture::take(&mut state, Event::Started { query, generation: 1, at: fixture::ago(seconds) });
        }
    }
    update(&mut state, Msg::Tick(fixture::now()));
    text(&frame(&with(state, &[command]), &Theme::default(), 160, 50).0)
}

#[test]
fn what_does_not_answer_is_told_after_a_moment() {
    let fleet = unanswered(2, true, Command::Fleet);
    assert!(fleet.contains("◌ loading") && !fleet.contains("no answer"), "{fleet}");
    let fleet = unanswered(7, true, Command::Fleet);
    let rows = fleet.lines().filter(|line| line.contains("PROD ") && line.contains("no answer for 7s"));
    assert_eq!(rows.count(), 6, "{fleet}");
    let list = unanswered(7, true, Command::List("ecs-service"));
    assert!(list.contains("◌ loading services") && list.contains("no answer for 7s"), "{list}");
    assert_eq!(list.matches("◌ 7s").count(), 7, "the list at the left:\n{list}");
    let still = unanswered(7, false, Command::Fleet);
    assert!(still.contains("no answer since 10:29:53Z"), "nothing counts where ages are hidden:\n{still}");
}

#[test]
fn what_comes_bit_by_bit_is_answering() {
    let state = stories::loading();
    let list = text(&frame(&state, &Theme::default(), 160, 50).0);
    assert!(list.contains("1200 so far") && !list.contains("no answer"), "{list}");
}

#[test]
fn a_metric_that_can_not_be_read_says_why_in_chart_and_row() {
    let mut state = with(stories::detail(), &[]);
    let keys: Vec<_> = state.store.points.keys().filter(|key| key.resource == stories::backend()).cloned().collect();
    assert!(!keys.is_empty());
    state.store.points.clear();
    let loading = text(&frame(&state, &Theme::default(), 160, 50).0);
    assert!(loading.contains("cpu  ◌ loading"), "{loading}");
    let class = FaultClass::Denied { permission: Some("cloudwatch:GetMetricData".into()) };
    let fault = Arc::new(Fault::new(class, "not allowed: cloudwatch:GetMetricData"));
    fixture::take(&mut state, Event::NoPoints(keys.clone(), Arc::clone(&fault), fixture::ago(5)));
    let denied = text(&frame(&state, &Theme::default(), 160, 50).0);
    assert!(denied.contains("cpu  ⊘ denied: cloudwatch:GetMetricData"), "{denied}");
    let list = with(state.clone(), &[Command::List("ecs-service")]);
    let list = text(&frame(&list, &Theme::default(), 160, 50).0);
    assert!(list.lines().any(|line| line.contains("dhbw-backend") && line.contains("⊘ denied")), "{list}");
    // What was there stays, with a sign that nothing newer comes.
    let mut known = stories::detail();
    fixture::take(&mut known, Event::NoPoints(keys, fault, fixture::ago(5)));
    let known = text(&frame(&known, &Theme::default(), 160, 50).0);
    assert!(known.lines().any(|line| line.contains("cpu  last ") && line.contains('⊘')), "{known}");
}

#[test]
fn a_budget_that_is_used_up_is_no_loading() {
    let mut state = stories::detail();
    state.store.points.clear();
    fixture::take(&mut state, Event::Spent(MetricsSpent { exhausted: true, ..MetricsSpent::default() }));
    let screen = text(&frame(&state, &Theme::default(), 160, 50).0);
    assert!(screen.contains("cpu  the day's budget is used up"), "{screen}");
}

#[test]
fn a_sign_in_that_can_not_be_says_only_that() {
    let words = "tfe-prod has no SSO session to sign in to: its keys stand in the AWS files";
    let failed = SignInState::Failed(Arc::new(Fault::new(FaultClass::Invalid, words)));
    let mut state = fixture::all();
    state.layers.push(Layer::SignIn { environment: "tfe-prod".into(), state: Some(failed) });
    let screen = text(&frame(&state, &Theme::default(), 160, 50).0);
    assert!(screen.contains("tfe-prod: not signed in") && screen.ends_with(" Esc close\n"), "{screen}");
    assert!(screen.contains("! tfe-prod has no SSO session") && !screen.contains("it goes on"), "{screen}");
}

#[test]
fn a_label_longer_than_its_column_is_shown_whole_above_its_value() {
    let long = "kubernetes.io/a-label-that-is-longer-than-the-column-of-labels";
    let mut state = stories::detail();
    let View::Detail(view) = &state.view else { panic!("a detail") };
    let query = Query::Detail(Arc::clone(&view.id));
    let fields = vec![("short".into(), Value::text("one")), (long.into(), Value::text("two"))];
    let sections = vec![Section::Fields { title: "labels", fields }];
    let answer = Answer::Detail(Arc::new(Detail { sections }));
    let done = Event::Done { query, generation: 9, at: state.now, result: Ok(Some(answer)) };
    update(&mut state, Msg::Event(done));
    let shown = text(&frame(&state, &Theme::default(), 100, 40).0);
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains(long)).unwrap_or_else(|| panic!("{shown}"));
    assert!(!lines[at].contains("two") && lines[at + 1].contains("two"), "{shown}");
    assert!(lines.iter().any(|line| line.contains("short") && line.contains("one")), "{shown}");
}
