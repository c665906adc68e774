//! The console's own log, as tui-logger keeps it.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_logger::{ExtLogRecord, LevelFilter, LogFormatter, TuiLoggerWidget};

use crate::app::{PaneKey, Target};
use crate::model::text;
use crate::ui::border::Border;
use crate::ui::cx::Cx;
use crate::ui::layout::{Item, inset};
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;

/// Most lines that are drawn to scroll back: the widget scrolls by events only, so what is above is drawn and left out.
const BACK: usize = 2_000;

/// Draws it, scrolled back by so many lines.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, back: usize) {
    cx.hits.push(area, Target::Pane(PaneKey::Main));
    let back = back.min(BACK);
    let muted = cx.style(Role::Muted);
    let place =
        if back > 0 { format!(" {} back ", text::counted(back, "line", "lines")) } else { " newest ".to_owned() };
    let items = vec![Item::new(0, muted, place).at_right()];
    let inner = Border { focused: true, number: None, title: "console log", items, below: Vec::new() }.draw(cx, area);
    let inner = inset(inner, 1);
    if inner.is_empty() {
        return;
    }
    let tall = Rect { x: 0, y: 0, width: inner.width, height: inner.height.saturating_add(back as u16) };
    let mut sheet = Buffer::empty(tall);
    sheet.set_style(tall, cx.theme[Role::Base]);
    let style = Styles::of(cx);
    TuiLoggerWidget::default().formatter(Box::new(style)).style(cx.theme[Role::Base]).render(tall, &mut sheet);
    for position in inner.positions() {
        let from = (position.x - inner.x, position.y - inner.y);
        if let (Some(cell), Some(drawn)) = (cx.buf.cell_mut(position), sheet.cell(from)) {
            *cell = drawn.clone();
        }
    }
    cx.hits.list(PaneKey::Main, 0, usize::from(inner.height), 0);
}

/// How the records look.
struct Styles {
    zone: TimeZone,
    time: Style,
    target: Style,
    levels: [Style; 4],
}

impl Styles {
    fn of(cx: &Cx) -> Self {
        let theme = cx.theme;
        let levels = [Role::LevelError, Role::LevelWarn, Role::LevelInfo, Role::LevelDebug].map(|role| theme[role]);
        Self { zone: cx.zone(), time: theme[Role::LogTime], target: theme[Role::Muted], levels }
    }
}

impl LogFormatter for Styles {
    fn min_width(&self) -> u16 {
        10
    }

    fn format(&self, width: usize, record: &ExtLogRecord) -> Vec<Line<'_>> {
        let (letter, level) = match record.level.to_level_filter() {
            LevelFilter::Error => ("E", self.levels[0]),
            LevelFilter::Warn => ("W", self.levels[1]),
            LevelFilter::Info => ("I", self.levels[2]),
            _ => ("D", self.levels[3]),
        };
        let at = self.zone.to_datetime(record.timestamp.timestamp());
        let time = format!("{:02}:{:02}:{:02} ", at.hour(), at.minute(), at.second());
        let target = format!(" {} ", record.target().rsplit("::").next().unwrap_or_default());
        let said = text::clean(record.msg()).into_owned();
        let mut lines = wrap(&said, width.saturating_sub(time.len() + target.len() + 1).max(20) as u16)
            .into_iter()
            .map(str::to_owned);
        let first = vec![
            Span::styled(time, self.time),
            Span::styled(letter, level),
            Span::styled(target, self.target),
            Span::styled(lines.next().unwrap_or_default(), level),
        ];
        let rest = lines.map(|line| Line::from(vec![Span::raw("  "), Span::styled(line, level)]));
        std::iter::once(Line::from(first)).chain(rest).collect()
    }
}
