//! The screens as text, at three sizes, and the styles of what must not be missed.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::fixture::{self, now};
use super::theme::Theme;
use super::{Hits, draw};
use crate::app::State;

/// A frame of this state.
fn frame(state: &State, theme: &Theme, columns: u16, lines: u16) -> (Buffer, Hits) {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    let mut hits = Hits::default();
    terminal.draw(|frame| hits = draw(frame, state, theme, &fixture::keymap(), now())).unwrap();
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
    for (columns, lines) in [(80, 24), (120, 40), (200, 60)] {
        let (buffer, _) = frame(state, &Theme::default(), columns, lines);
        if let Ok(folder) = std::env::var("QUARTERDECK_LOOK") {
            let theme = std::env::var("QUARTERDECK_LOOK_THEME").ok().and_then(|name| Theme::builtin(&name));
            let (buffer, _) = frame(state, &theme.unwrap_or_default(), columns, lines);
            std::fs::write(format!("{folder}/{name}-{columns}x{lines}.ansi"), ansi(&buffer)).unwrap();
        }
        insta::assert_snapshot!(format!("{name}_{columns}x{lines}"), text(&buffer));
    }
}

#[test]
fn bridge_of_all() {
    look("bridge_of_all", &fixture::all());
}

#[test]
fn bridge_of_one() {
    look("bridge_of_one", &fixture::one("dhbw-prod"));
}
