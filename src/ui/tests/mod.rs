//! The screens as text, at three sizes, and the styles of what must not be missed.

mod acts;
mod behaviour;

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use tracing_subscriber::layer::SubscriberExt;

use super::fixture::{self, now, stories};
use super::theme::Theme;
use super::{Hits, draw};
use crate::app::command::Motion;
use crate::app::layer::Layer;
use crate::app::{Command, State};
use crate::engine::SignInState;

/// A frame of this state.
fn frame(state: &State, theme: &Theme, columns: u16, lines: u16) -> (Buffer, Hits) {
    frame_at(state, theme, columns, lines, now())
}

/// A frame of this state at a time.
fn frame_at(state: &State, theme: &Theme, columns: u16, lines: u16, now: Timestamp) -> (Buffer, Hits) {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = draw(frame, state, theme, &fixture::keymap(), now)).unwrap();
    (terminal.backend().buffer().clone(), hits)
}

/// What a frame says, line by line.
fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += super::glyph::width(symbol).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The same with colours, to look at in a terminal.
fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            out.push_str(&sgr(cell.fg, cell.bg, cell.modifier));
            out.push_str(cell.symbol());
            x += super::glyph::width(cell.symbol()).max(1);
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

fn sgr(fg: Color, bg: Color, modifier: Modifier) -> String {
    let mut codes = vec!["0".to_owned()];
    for (colour, base) in [(fg, 38), (bg, 48)] {
        if let Color::Rgb(r, g, b) = colour {
            codes.push(format!("{base};2;{r};{g};{b}"));
        } else if let Some(index) = index(colour) {
            codes.push(format!("{base};5;{index}"));
        }
    }
    let modifiers = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
    ];
    codes.extend(modifiers.iter().filter(|(bit, _)| modifier.contains(*bit)).map(|(_, code)| (*code).to_owned()));
    format!("\u{1b}[{}m", codes.join(";"))
}

fn index(colour: Color) -> Option<u8> {
    let all = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    all.iter().position(|known| *known == colour).map(|at| at as u8)
}

/// Compares a screen at three sizes with what was seen and found good. With `QUARTERDECK_LOOK` naming a folder, writes it
/// there in colour as well.
fn look(name: &str, state: &State) {
    look_at(name, state, |text| text);
}

/// The same, with what differs from time to time put right.
fn look_at(name: &str, state: &State, right: impl Fn(String) -> String) {
    let text = |buffer: &Buffer| right(text(buffer));
    for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
        let (buffer, _) = frame(state, &Theme::default(), columns, lines);
        if let Ok(folder) = std::env::var("QUARTERDECK_LOOK") {
            let theme = std::env::var("QUARTERDECK_LOOK_THEME").ok().and_then(|name| Theme::builtin(&name));
            let (buffer, _) = frame(state, &theme.unwrap_or_default(), columns, lines);
            std::fs::write(format!("{folder}/{name}-{columns}x{lines}.ansi"), ansi(&buffer)).unwrap();
        }
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), text(&buffer));
        });
    }
}

/// The console's own log is one for all tests.
static LOG: Mutex<()> = Mutex::new(());

/// Writes to the console's own log; nobody else does as long as what this returns lives.
fn logged(write: impl FnOnce()) -> MutexGuard<'static, ()> {
    let alone = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    tui_logger::set_default_level(tui_logger::LevelFilter::Info);
    let subscriber = tracing_subscriber::registry().with(tui_logger::TuiTracingSubscriberLayer);
    tracing::subscriber::with_default(subscriber, write);
    tui_logger::move_events();
    alone
}

#[test]
fn console_log() {
    let _alone = logged(|| {
        // More than the tallest screen has lines: what other tests have written is above.
        for n in 1..=20 {
            tracing::info!(target: "quarterdeck::engine::live", "the environments were read anew: {n} of them");
            tracing::warn!(
                target: "quarterdeck::engine::metrics",
                "metrics can't be read scope=dhbw-prod eu-central-1 fault=not allowed: cloudwatch:GetMetricData (User: arn:aws:sts::111122223333:assumed-role/ReadOnly/jane.doe is not authorised to perform it)"
            );
            tracing::error!(target: "quarterdeck::engine::schedule", "a fetch was lost: task {n} panicked \u{1b}[31mhere\u{1b}[0m");
        }
    });
    // Every line has the time at which it was written.
    let times = regex::Regex::new(r"\d\d:\d\d:\d\d ([EWID]) ").unwrap();
    look_at("console_log", &with(fixture::empty(), &[Command::ConsoleLog]), |text| {
        times.replace_all(&text, "10:33:42 $1 ").into_owned()
    });
}

/// A screen of a state that is made by a function.
macro_rules! looks {
    ($($name:ident: $state:expr;)*) => {
        $(#[test] fn $name() { look(stringify!($name), &$state); })*
    };
}

looks! {
    start: fixture::empty();
    loading: stories::loading();
    unreachable: stories::unreachable();
    bridge_of_all: fixture::all();
    bridge_of_one: fixture::one("dhbw-prod");
    bridge_focus_on_clusters: with(fixture::all(), &[Command::Pane(0), Command::Move(Motion::Down)]);
    bridge_zoomed: with(fixture::one("dhbw-prod"), &[Command::Zoom]);
    bridge_on_logs: with(fixture::one("dhbw-prod"), &[Command::Pane(4)]);
    expired: with(fixture::one("unilux-prod"), &[Command::List("ecs-service")]);
    list: with(fixture::all(), &[Command::List("ecs-service"), Command::Move(Motion::Down), Command::Mark]);
    list_filtered: filtered("back");
    list_filtered_to_nothing: filtered("nothing-is-called-this");
    objects: stories::objects(&[]);
    objects_sorted: stories::objects(&[Command::SortBy(6), Command::SortBy(6)]);
    objects_filtered: stories::filtered_objects("ready:false");
    palette_of_types: stories::types("cert");
    list_sideways: with(fixture::one("dhbw-prod"), &[Command::List("ecs-service"), Command::Sideways(40)]);
    list_filtered_out_of_sight: filtered("-cluster");
    list_sorted: with(fixture::all(), &[Command::List("alarm"), Command::SortBy(4), Command::SortBy(4)]);
    fleet: with(fixture::all(), &[Command::Fleet]);
    fleet_in_common: in_common();
    fleet_sideways: with(fixture::all(), &[Command::Fleet, Command::Sideways(24)]);
    fleet_filtered: filtered_on(Command::Fleet, "2222 edt");
    bridge_sorted: with(fixture::all(), &[Command::SortBy(2), Command::SortBy(2)]);
    detail: stories::detail();
    detail_scrolled: with(stories::detail(), &[Command::Move(Motion::PageDown), Command::Move(Motion::Down)]);
    detail_denied: stories::denied_detail();
    raw: stories::raw();
    raw_sideways: with(stories::raw(), &[Command::Sideways(8)]);
    logs: stories::logs();
    logs_searched: stories::searched_logs();
    logs_wrapped: with(stories::logs(), &[Command::Wrap]);
    changes: stories::changes();
    changes_sideways: with(stories::changes(), &[Command::Sideways(16)]);
    palette: typed(&[Command::Palette], "serv");
    picker: typed(&[Command::Environments, Command::Mark], "prod");
    sort_menu: with(fixture::all(), &[Command::List("ecs-service"), Command::SortMenu]);
    help: with(fixture::all(), &[Command::Help]);
    prompt: typed(&[Command::Filter], "/(open");
    code: layered(Layer::Code {
        environment: "tfe-prod".into(),
        serial: "arn:aws:iam::777788889999:mfa/jane.doe".into(),
        input: "123".into(),
        waiting: false,
        error: Some("the code was not accepted".into()),
    });
    sign_in: layered(Layer::SignIn {
        environment: "unilux-prod".into(),
        state: Some(SignInState::Open {
            url: "https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH".into(),
            code: "ABCD-EFGH".into(),
        }),
    });
    notice: with(fixture::one("edt-prod"), &[Command::Interrupt]);
}

fn with(mut state: State, commands: &[Command]) -> State {
    for command in commands {
        fixture::run(&mut state, command.clone());
    }
    state
}

fn typed(commands: &[Command], text: &str) -> State {
    let mut state = with(fixture::all(), commands);
    fixture::type_in(&mut state, text);
    state
}

fn filtered(text: &str) -> State {
    filtered_on(Command::List("ecs-service"), text)
}

fn filtered_on(view: Command, text: &str) -> State {
    let mut state = with(fixture::all(), &[view, Command::Filter]);
    fixture::type_in(&mut state, text);
    with(state, &[Command::Open])
}

fn in_common() -> State {
    let mut state = with(fixture::all(), &[Command::Fleet]);
    state.common = Some("11 of 12 sick services: az eu-central-1a".into());
    state
}

fn layered(layer: Layer) -> State {
    let mut state = fixture::all();
    state.layers.push(layer);
    state
}
