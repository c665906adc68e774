//! A tail: merged lines with time, level, source and text; gaps, late lines, what was dropped. Only as many lines are looked at as
//! fit on the screen (with a least level set, as many as it takes to find them).

mod rows;

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::logs::LogsView;
use crate::app::{PaneKey, Target};
use crate::engine::TailMode;
use crate::model::{Health, Level, LogLine, text};
use crate::ui::border::{self, Border};
use crate::ui::cx::Cx;
use crate::ui::glyph::{self, width};
use crate::ui::layout::{Item, inset, top};
use crate::ui::matches;
use crate::ui::theme::{Role, Theme};
use crate::ui::{blank, signs};
use rows::{Row, rows};

/// Cells of a line's time.
const TIME: u16 = 12;

/// Most cells of a source's name.
const LABEL: u16 = 24;

/// So many of the newest lines say how much room names take.
const ASKED_FOR_NAMES: usize = 200;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, logs: &LogsView, key: PaneKey, focused: bool) {
    cx.hits.push(area, Target::Pane(key));
    let number = if let PaneKey::Bridge(at) = key { Some(at + 1) } else { None };
    let title = if logs.title.is_empty() { "logs".to_owned() } else { format!("logs of {}", logs.title) };
    let items = words(cx, logs);
    let below = below(cx, logs);
    let inner = Border { focused, number, title: &title, items, below }.draw(cx, area);
    let inner = inset(inner, 1);
    let fault = logs.states.iter().zip(&logs.sources).find_map(|(state, source)| Some((state.fault.as_ref()?, source)));
    let lacking = logs.states.iter().zip(&logs.sources).find(|(state, _)| !state.lacks.is_empty());
    let (reason, body) = top(inner, u16::from(fault.is_some() || lacking.is_some()));
    if let Some((fault, source)) = fault {
        let (sign, role) = signs::fault(fault);
        let (style, muted, advice) = (cx.style(role), cx.style(Role::Muted), signs::advice(fault, cx));
        let said = format!("{sign} {} {}: {}", source.label, fault.word(), fault.summary);
        cx.pen(reason).put(&said, style).skip(2).put(&advice, muted);
    } else if let Some((state, source)) = lacking {
        let (sign, role) = signs::health(Health::Degraded);
        let said = format!("{sign} {}: {}", source.label, state.lacks.join("; "));
        let style = cx.style(role);
        cx.pen(reason).put(&said, style);
    }
    if logs.lines.is_empty() {
        cx.hits.list(key, 0, usize::from(body.height), 0);
        return nothing(cx, body, logs);
    }
    lines(cx, body, logs, key);
}

/// What a tail without lines says.
fn nothing(cx: &mut Cx, area: Rect, logs: &LogsView) {
    let (muted, loading, empty) = (cx.style(Role::Muted), cx.style(Role::Loading), cx.style(Role::Empty));
    if let Some(fault) = &logs.fault {
        let (sign, role) = signs::fault(fault);
        let style = cx.style(role);
        let advice = signs::advice(fault, cx);
        let said = format!("{sign} {}: {}", fault.word(), fault.summary);
        blank::lines(cx, area, &[(style, said.into()), (muted, advice)]);
    } else if logs.sources.is_empty() && logs.of.is_empty() {
        blank::lines(cx, area, &[(empty, "∅ nothing to tail yet".into())]);
    } else if logs.sources.is_empty() {
        blank::lines(cx, area, &[(loading, format!("◌ finding the log groups of {}", logs.title).into())]);
    } else {
        let what = if logs.pattern.is_some() { "no line matches the pattern" } else { "no lines" };
        blank::lines(cx, area, &[(empty, format!("∅ {what} in the last {}", logs.range.word()).into())]);
    }
}

/// What the border says at its top.
fn words<'a>(cx: &Cx, logs: &'a LogsView) -> Vec<Item<'a>> {
    let muted = cx.style(Role::Muted);
    let mut items =
        vec![Item::new(4, muted, modes(logs)), Item::new(5, muted, format!(" last {} ", logs.range.word()))];
    if let Some(pattern) = &logs.pattern {
        items.push(Item::new(2, cx.style(Role::Accent), format!(" pattern {pattern} ")));
    }
    if logs.level > Level::None {
        items.push(Item::new(2, cx.style(Role::Accent), format!(" ≥ {} ", level_word(logs.level))));
    }
    if let Some(search) = &logs.search {
        let found = text::counted(search.matches, "match", "matches");
        items.push(Item::new(1, cx.style(Role::Match), format!(" /{} · {found} ", search.text)));
    }
    let following = if logs.ended {
        Item::new(0, cx.style(Role::Muted), " complete ")
    } else if logs.follow {
        Item::new(0, cx.style(Role::Ok), " ● following ")
    } else {
        Item::new(0, cx.style(Role::Degraded), format!(" ‖ paused · {} new ", logs.unseen))
    };
    items.push(following.at_right());
    items
}

fn modes(logs: &LogsView) -> String {
    let live = logs.states.iter().filter(|state| state.mode == Some(TailMode::Live)).count();
    let polled = logs.states.iter().filter(|state| state.mode == Some(TailMode::Polled)).count();
    match (logs.sources.len(), live, polled) {
        (0, ..) => String::new(),
        (1, 1, _) => " live ".to_owned(),
        (1, _, 1) => " polled ".to_owned(),
        (1, ..) => " starting ".to_owned(),
        (all, live, 0) if live == all => format!(" {all} sources live "),
        (all, 0, polled) if polled == all => format!(" {all} sources polled "),
        (all, live, polled) => format!(" {all} sources: {live} live, {polled} polled "),
    }
}

/// What the border says at its bottom.
fn below<'a>(cx: &Cx, logs: &LogsView) -> Vec<Item<'a>> {
    let muted = cx.style(Role::Muted);
    let mut items = Vec::new();
    if logs.dropped > 0 {
        items.push(Item::new(0, cx.style(Role::LogGap), format!(" {} dropped ", rows::older(logs))).at_right());
    }
    items.extend(border::scrolled(cx, if logs.wrap { 0 } else { logs.sideways }));
    if !logs.lines.is_empty() {
        let lines = text::counted(logs.lines.len(), "line", "lines");
        items.push(Item::new(2, muted, format!(" {lines} ")).at_right());
    }
    items
}

fn lines(cx: &mut Cx, area: Rect, logs: &LogsView, key: PaneKey) {
    let label = label(logs).min(LABEL).min(area.width / 4);
    let sheet = Sheet { logs, label, text: area.width.saturating_sub(TIME + 5 + label + u16::from(label > 0)) };
    let found = rows(cx, logs, usize::from(area.height), sheet.text);
    let first = found.iter().find_map(|row| if let Row::Line { at, .. } = row { Some(*at) } else { None });
    for (place, row) in area.rows().zip(&found) {
        sheet.row(cx, place, row);
    }
    cx.hits.list(key, first.unwrap_or(0), usize::from(area.height), logs.lines.len());
    let inner = Rect { width: area.width + 1, ..area };
    border::scrollbar(cx, inner, first.unwrap_or(0), logs.lines.len());
}

/// Cells of the names in front of lines; none where all come from one.
fn label(logs: &LogsView) -> u16 {
    let several = logs.sources.len() > 1;
    let sources = logs.sources.iter().filter(|_| several).map(|source| width(&source.label)).max().unwrap_or(0);
    let newest = logs.lines.iter().rev().take(ASKED_FOR_NAMES);
    let writers = newest.filter_map(|line| line.writer.as_deref()).map(width).max().unwrap_or(0);
    match (sources, writers) {
        (0, writers) => writers,
        (sources, 0) => sources,
        (sources, writers) => sources + 1 + writers,
    }
}

/// Who wrote a line: its source where there are several, and which of the source's writers. Where both have no room the source's
/// name is cut: the writer's is what tells lines apart.
fn name<'l>(logs: &'l LogsView, line: &'l LogLine, room: u16) -> Cow<'l, str> {
    let source = logs.sources.get(usize::from(line.source)).map_or("?", |source| &*source.label);
    match line.writer.as_deref() {
        None => source.into(),
        Some(writer) if logs.sources.len() < 2 => writer.into(),
        Some(writer) => {
            let left = room.saturating_sub(width(writer) + 1);
            format!("{} {writer}", glyph::clip(source, left)).into()
        }
    }
}

/// What every line needs.
struct Sheet<'l> {
    logs: &'l LogsView,
    label: u16,
    text: u16,
}

impl Sheet<'_> {
    fn row(&self, cx: &mut Cx, area: Rect, row: &Row) {
        match row {
            Row::Rule(words) => {
                let style = cx.style(Role::LogGap);
                let mut pen = cx.pen(area);
                pen.rule("┄", 4, style).put(words, style);
                let rest = pen.left();
                pen.rule("┄", rest, style);
            }
            Row::Line { at, range } => {
                if let Some(line) = self.logs.lines.get(*at) {
                    self.line(cx, area, line, &line.shown()[range.clone()], range.start == 0);
                }
            }
        }
    }

    fn line(&self, cx: &mut Cx, area: Rect, line: &LogLine, text: &str, head: bool) {
        let theme = cx.theme;
        let hit = self.logs.search.as_ref().map(|search| search.matches(&line.text));
        let time = clock(cx, line);
        let mut pen = cx.pen(area);
        pen.cell(if hit == Some(true) { "▌" } else { "" }, 1, theme[Role::Mark]);
        if head {
            let (letter, role) = level(line.level);
            pen.cell(&time, TIME, theme[Role::LogTime]).skip(1).cell(letter, 1, theme[role]);
            pen.cell(if line.late { "↶" } else { "" }, 1, theme[Role::LogLate]);
            if self.label > 0 {
                let name = name(self.logs, line, self.label);
                pen.cell(&name, self.label, theme[source_role(&name)]).skip(1);
            }
            pen.skip(1);
        } else {
            pen.skip(TIME + 4 + self.label + u16::from(self.label > 0));
        }
        let plain = text_style(theme, line.level, hit);
        let found = match &self.logs.search {
            Some(search) if hit == Some(true) => matches::find(&search.regex, text),
            _ => Vec::new(),
        };
        let mark = theme[Role::Match];
        let out = if self.logs.wrap { 0 } else { self.logs.sideways };
        pen.scrolled(text, out, |at| if matches::is_in(&found, at) { plain.patch(mark) } else { plain });
    }
}

/// Lines that do not match stand back, so that the context is there without being in the way.
fn text_style(theme: &Theme, at: Level, hit: Option<bool>) -> Style {
    if hit == Some(false) { theme[Role::Muted] } else { theme[level(at).1] }
}

fn clock(cx: &Cx, line: &LogLine) -> String {
    let time = cx.civil(line.at);
    let millis = time.subsec_nanosecond() / 1_000_000;
    format!("{:02}:{:02}:{:02}.{millis:03}", time.hour(), time.minute(), time.second())
}

/// The letter and the role of a level.
const fn level(level: Level) -> (&'static str, Role) {
    match level {
        Level::Error => ("E", Role::LevelError),
        Level::Warn => ("W", Role::LevelWarn),
        Level::Info => ("I", Role::LevelInfo),
        Level::Debug => ("D", Role::LevelDebug),
        Level::None => (" ", Role::LevelInfo),
    }
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "information",
        Level::Debug => "debug",
        Level::None => "all",
    }
}

/// A source keeps its colour for ever: it follows from its name.
fn source_role(name: &str) -> Role {
    const ROLES: [Role; 6] = [Role::Source1, Role::Source2, Role::Source3, Role::Source4, Role::Source5, Role::Source6];
    let sum = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    ROLES[sum % ROLES.len()]
}
