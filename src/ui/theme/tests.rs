//! Every built-in theme sets every role, and its words can be read on every ground they may stand on.

use ratatui::style::{Color, Modifier, Style};
use rstest::rstest;

use super::*;

/// Grounds that words of other roles stand on.
const GROUNDS: [Role; 4] = [Role::Base, Role::Layer, Role::Cursor, Role::CursorBlurred];

/// Roles that draw and never write, and roles that bring their own ground.
const DRAWN: [Role; 10] = [
    Role::Faint,
    Role::Border,
    Role::BorderFocus,
    Role::Scrollbar,
    Role::Spark,
    Role::Chart,
    Role::LayerBorder,
    Role::Cursor,
    Role::CursorBlurred,
    Role::Layer,
];

/// The sixteen colours as xterm has them; the ground is black.
fn rgb(colour: Color, otherwise: [u8; 3]) -> [u8; 3] {
    match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Black => [0, 0, 0],
        Color::Red => [205, 0, 0],
        Color::Green => [0, 205, 0],
        Color::Yellow => [205, 205, 0],
        Color::Blue => [0, 0, 238],
        Color::Magenta => [205, 0, 205],
        Color::Cyan => [0, 205, 205],
        Color::Gray => [229, 229, 229],
        Color::DarkGray => [127, 127, 127],
        Color::LightRed => [255, 0, 0],
        Color::LightGreen => [0, 255, 0],
        Color::LightYellow => [255, 255, 0],
        Color::LightBlue => [92, 92, 255],
        Color::LightMagenta => [255, 0, 255],
        Color::LightCyan => [0, 255, 255],
        Color::White => [255, 255, 255],
        _ => otherwise,
    }
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [r, g, b] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// WCAG's contrast ratio of a style's words against its ground.
fn contrast(style: Style) -> f64 {
    let mut colours = [rgb(style.fg.unwrap_or(Color::Reset), [229; 3]), rgb(style.bg.unwrap_or(Color::Reset), [0; 3])];
    if style.add_modifier.contains(Modifier::REVERSED) {
        colours.reverse();
    }
    let [words, ground] = colours.map(luminance);
    (words.max(ground) + 0.05) / (words.min(ground) + 0.05)
}

#[rstest]
#[case("harbor", 4.5)]
#[case("daylight", 4.5)]
#[case("beacon", 7.0)]
#[case("okabe", 4.5)]
#[case("sixteen", 4.5)]
fn words_can_be_read(#[case] name: &str, #[case] least: f64) {
    let theme = Theme::builtin(name).unwrap();
    let mut bad = Vec::new();
    for role in Role::ALL.iter().copied().filter(|role| !DRAWN.contains(role)) {
        for ground in GROUNDS {
            let style = theme[Role::Base].patch(theme[role]);
            let style = if theme[role].bg.is_some() {
                style
            } else {
                theme[Role::Base].patch(theme[ground]).patch(theme[role])
            };
            let ratio = contrast(style);
            if ratio < least {
                bad.push(format!("{} on {}: {ratio:.2}", role.name(), ground.name()));
            }
        }
    }
    assert!(bad.is_empty(), "{name}: {bad:#?}");
}

#[rstest]
#[case("harbor")]
#[case("daylight")]
#[case("beacon")]
#[case("okabe")]
#[case("sixteen")]
fn what_has_the_focus_is_seen(#[case] name: &str) {
    let theme = Theme::builtin(name).unwrap();
    for role in [Role::BorderFocus, Role::Scrollbar, Role::Spark, Role::Chart, Role::LayerBorder] {
        assert!(contrast(theme[Role::Base].patch(theme[role])) >= 3.0, "{name}: {}", role.name());
    }
    assert_ne!(theme[Role::BorderFocus], theme[Role::Border]);
    assert_ne!(theme[Role::HeaderProd], theme[Role::Header]);
}

#[test]
fn every_file_sets_every_role_and_is_named_as_its_file() {
    for name in builtin::names() {
        let source = builtin::source(name).unwrap_or_else(|| panic!("{name} does not parse"));
        assert_eq!(parse::unset(&source), [], "{name}");
        assert_eq!(Theme::builtin(name).unwrap().name, name);
    }
    assert_eq!(builtin::names().count(), 6);
    assert_eq!(Theme::default().name, DEFAULT);
}

#[test]
fn the_plain_theme_has_no_colour() {
    let plain = Theme::builtin(PLAIN).unwrap();
    for role in Role::ALL {
        let style = plain[*role];
        assert!(!matches!(style.fg, Some(colour) if colour != Color::Reset), "{}", role.name());
        assert!(!matches!(style.bg, Some(colour) if colour != Color::Reset), "{}", role.name());
    }
}

#[test]
fn a_theme_needs_only_what_it_changes() {
    let theme = Theme::parse("[palette]\nred = \"#ff0000\"\n[roles]\nok = \"white on night bold\"\n").unwrap();
    assert_eq!(theme[Role::Failed].fg, Some(Color::Rgb(255, 0, 0)), "an inherited role follows the palette");
    let white = Style::new().fg(Color::Rgb(255, 255, 255)).bg(Color::Rgb(0x10, 0x16, 0x1d));
    assert_eq!(theme[Role::Ok], white.add_modifier(Modifier::BOLD));
    assert_eq!(theme[Role::Text], Theme::default()[Role::Text]);
    assert!(!Theme::parse("inherits = \"daylight\"").unwrap().dark);
}

#[rstest]
#[case("[roles]\n\nhealth-fialed = \"red\"", 3, "unknown role `health-fialed`")]
#[case("[roles]\nfailled = \"red\"", 2, "did you mean failed?")]
#[case("[roles]\nok = \"gren\"", 2, "did you mean green")]
#[case("[palette]\nred = \"#12345\"", 2, "is no colour")]
#[case("[palette]\nred = 3", 2, "expected a text, found integer")]
#[case("inherits = \"harbour\"", 1, "did you mean harbor?")]
#[case("[colours]\n", 1, "unknown setting `colours`")]
#[case("[roles]\nok = \n", 2, "")]
fn mistakes_are_told_with_their_line(#[case] text: &str, #[case] line: usize, #[case] words: &str) {
    let problems = Theme::parse(text).unwrap_err();
    assert_eq!(problems[0].line, line, "{problems:?}");
    assert!(problems[0].message.contains(words), "{problems:?}");
}

#[test]
fn themes_of_a_folder_join_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "[roles]\nok = \"blue\"\n").unwrap();
    std::fs::write(folder.path().join("broken.toml"), "[roles]\nokk = \"blue\"\n").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
    let themes = Themes::load(Some(folder.path()));
    assert_eq!(themes.names().last().map(String::as_str), Some("mine"));
    assert_eq!(themes.names().len(), 6);
    assert_eq!(themes.problems.len(), 1);
    assert!(themes.get("mine").is_ok());
    assert_eq!(themes.get("harbro").unwrap_err(), ["harbor"]);
    assert_eq!(Themes::load(None).names(), ["harbor", "daylight", "beacon", "okabe", "sixteen"]);
}
