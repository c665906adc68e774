//! The blocks of a detail below its head: fields, small tables, lines, charts. Each knows its height and draws any of its lines
//! alone, so that only what is visible is drawn.

use std::borrow::Cow;
use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::DetailView;
use crate::engine::MetricKey;
use crate::kinds;
use crate::model::{MetricSpec, Resource, ResourceId, Section, Value, text};
use crate::ui::acts;
use crate::ui::chart::{self, Chart};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Want};
use crate::ui::table::value_style;
use crate::ui::theme::Role;
use crate::ui::wrap::wrap;

/// From this width on fields stand in two columns.
const TWO: u16 = 96;

/// Most cells of a label.
const LABEL: u16 = 26;

/// What the head of a detail says already.
const HEAD: [&str; 2] = ["health", "reason"];

/// Rows looked at to find the widths of a small table.
const SAMPLE: usize = 64;

/// A line of a field: its label (on its first line), and a part of its value.
struct FieldLine {
    label: String,
    text: String,
    style: Style,
}

/// A block.
pub(super) struct Block<'d> {
    title: &'d str,
    lines: usize,
    body: Body<'d>,
}

enum Body<'d> {
    Fields { columns: Vec<Vec<FieldLine>>, label: u16 },
    Table { titles: &'d [&'static str], rows: &'d [(Vec<Value>, Option<Arc<ResourceId>>)], widths: Vec<(usize, u16)> },
    Text(Vec<&'d str>),
    Charts { charts: Vec<Chart<'d>>, cells: u16 },
}

impl<'d> Block<'d> {
    /// A section of a detail in so many cells.
    pub(super) fn section(cx: &Cx, section: &'d Section, cells: u16) -> Self {
        match section {
            Section::Fields { title, fields } => {
                Self::fields(cx, title, fields.iter().map(|(label, value)| (&**label, value)), cells)
            }
            Section::Table { title, columns, rows } => {
                let widths = table_widths(cx, columns, rows, cells);
                let body = Body::Table { titles: columns, rows, widths };
                Self { title, lines: rows.len().max(1) + 1, body }
            }
            Section::Text { title, lines } => {
                let wrapped: Vec<&str> = lines.iter().flat_map(|line| wrap(line, cells)).collect();
                Self { title, lines: wrapped.len(), body: Body::Text(wrapped) }
            }
        }
    }

    fn fields(cx: &Cx, title: &'d str, fields: impl Iterator<Item = (&'d str, &'d Value)>, cells: u16) -> Self {
        let telling = |(label, value): &(&str, &Value)| **value != Value::None && !HEAD.contains(label);
        let fields: Vec<(&str, &Value)> = fields.filter(telling).collect();
        let longest = fields.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
        let label = longest.min(LABEL).min(cells / 3);
        let count = if cells >= TWO && longest + 2 <= cells / 2 { 2 } else { 1 };
        let room = ((cells + 2) / count).saturating_sub(label + 4);
        let half = fields.len().div_ceil(usize::from(count)).max(1);
        let columns: Vec<Vec<FieldLine>> = fields
            .chunks(half)
            .map(|part| part.iter().flat_map(|(name, value)| field_lines(cx, name, value, (label, room))).collect())
            .collect();
        let lines = columns.iter().map(Vec::len).max().unwrap_or(0);
        Self { title, lines, body: Body::Fields { columns, label } }
    }

    /// The actions on it, each with what it does, or why it can't be used.
    pub(super) fn actions(cx: &Cx, resource: &Resource, cells: u16) -> Option<Self> {
        let offers = acts::offers(cx, resource);
        let label = offers.iter().map(|(title, ..)| width(title)).max()?.min(LABEL).min(cells / 3);
        let room = cells.saturating_sub(label + 2);
        let lines_of = |(title, words, role): &(&'static str, String, Role)| {
            let style = cx.style(*role);
            let line = |text: &str| FieldLine { label: String::new(), text: text.to_owned(), style };
            let mut lines: Vec<FieldLine> = wrap(words, room).into_iter().map(line).collect();
            if let Some(first) = lines.first_mut() {
                (*title).clone_into(&mut first.label);
            }
            lines
        };
        let column: Vec<FieldLine> = offers.iter().flat_map(lines_of).collect();
        Some(Self { title: "Actions", lines: column.len(), body: Body::Fields { columns: vec![column], label } })
    }

    /// Its lines, title and the empty line after it included.
    fn height(&self) -> usize {
        self.lines + 2
    }

    fn line(&self, cx: &mut Cx, area: Rect, at: usize) {
        if at == 0 {
            let (style, muted) = (cx.style(Role::Accent), cx.style(Role::Muted));
            let mut pen = cx.pen(area);
            pen.put(self.title, style).skip(2);
            if let Body::Table { titles, widths, .. } = &self.body
                && widths.len() < titles.len()
            {
                let left_out = text::counted(titles.len() - widths.len(), "column", "columns");
                pen.put(&format!("+{left_out}"), muted);
            }
            return;
        }
        let at = at - 1;
        match &self.body {
            Body::Fields { columns, label } => fields_line(cx, area, columns, *label, at),
            Body::Table { titles, rows, widths } => table_line(cx, area, titles, rows, widths, at),
            Body::Text(lines) => {
                let style = cx.style(Role::Text);
                cx.pen(area).put(lines.get(at).unwrap_or(&""), style);
            }
            Body::Charts { charts, cells } => {
                let columns = usize::from((area.width + 2) / (cells + 2)).max(1);
                let row = at / usize::from(chart::LINES + 1);
                let charts = charts.chunks(columns).nth(row).unwrap_or_default();
                let at = (at % usize::from(chart::LINES + 1)) as u16;
                if at < chart::LINES {
                    chart::row_line(cx, area, charts, *cells, at);
                }
            }
        }
    }
}

/// A field in so many cells for its label and its value; a label that is longer has a line to itself.
fn field_lines(cx: &Cx, label: &str, value: &Value, (label_cells, cells): (u16, u16)) -> Vec<FieldLine> {
    let text: Cow<str> = match value {
        Value::Instant(at) if cx.state.settings.ages => {
            let ago = if *at > cx.now { "" } else { " ago" };
            format!("{} {} ({}{ago})", cx.day(*at), cx.clock(*at), cx.age(*at)).into()
        }
        Value::Instant(at) => format!("{} {}", cx.day(*at), cx.clock(*at)).into(),
        value => value.show_exact(),
    };
    let style =
        if matches!(value, Value::Instant(_)) { cx.style(Role::Text) } else { value_style(cx.theme, Some(value)) };
    let line = |text: &str| FieldLine { label: String::new(), text: text.to_owned(), style };
    let mut lines: Vec<FieldLine> = wrap(&text, cells).into_iter().map(line).collect();
    let alone = (width(label) > label_cells).then(|| line(""));
    lines.splice(0..0, alone);
    if let Some(first) = lines.first_mut() {
        first.label = label.to_lowercase();
    }
    lines
}

fn fields_line(cx: &mut Cx, area: Rect, columns: &[Vec<FieldLine>], label: u16, at: usize) {
    let cells = (area.width + 2) / (columns.len() as u16).max(1);
    let muted = cx.style(Role::Muted);
    for (n, column) in columns.iter().enumerate() {
        let Some(line) = column.get(at) else { continue };
        let room = if line.text.is_empty() { cells.saturating_sub(2) } else { label };
        let mut pen = cx.pen(area);
        pen.skip(cells * n as u16).cell(&line.label, room, muted).skip(2).put(&line.text, line.style);
    }
}

type Rows = [(Vec<Value>, Option<Arc<ResourceId>>)];

fn table_widths(cx: &Cx, titles: &[&'static str], rows: &Rows, cells: u16) -> Vec<(usize, u16)> {
    let step = rows.len().div_ceil(SAMPLE).max(1);
    let wants: Vec<Want> = titles
        .iter()
        .enumerate()
        .map(|(at, title)| {
            let widest =
                rows.iter().step_by(step).filter_map(|(row, _)| row.get(at)).map(|v| width(&cx.ages().show(v))).max();
            let natural = widest.unwrap_or(0).max(width(title)).max(1);
            // The first columns tell rows apart; the last is mostly a long text, and may be cut.
            Want::plain(natural.min(if at + 1 == titles.len() { 12 } else { 24 }), natural, at as u8)
        })
        .collect();
    grid::fit(&wants, cells, 2)
}

fn table_line(cx: &mut Cx, area: Rect, titles: &[&'static str], rows: &Rows, widths: &[(usize, u16)], at: usize) {
    let theme = cx.theme;
    let row = at.checked_sub(1).map(|at| rows.get(at));
    if rows.is_empty() && at == 1 {
        cx.pen(area).put("∅ none", theme[Role::Empty]);
        return;
    }
    let said: Vec<(Cow<str>, Style)> = widths
        .iter()
        .map(|(column, _)| match row {
            None => (Cow::Borrowed(titles[*column]), theme[Role::ColumnTitle]),
            Some(row) => match row.and_then(|(row, _)| row.get(*column)) {
                Some(value) => (cx.ages().show(value), value_style(theme, Some(value))),
                None => (Cow::Borrowed(""), theme[Role::Text]),
            },
        })
        .collect();
    let mut pen = cx.pen(area);
    for ((_, cells), (text, style)) in widths.iter().zip(said) {
        pen.cell(&text, *cells, style).skip(2);
    }
}

/// What its list says of a resource, until its detail has come.
pub(super) fn known<'d>(cx: &Cx, resource: Option<&'d Resource>, cells: u16) -> Option<Block<'d>> {
    let resource = resource?;
    let columns = kinds::by_id(resource.id.kind)?.columns;
    let fields = columns.iter().map(|column| column.title).zip(&resource.cells);
    Some(Block::fields(cx, "As its list has it; the detail is being read", fields, cells))
}

/// A chart for each metric, if there are any.
pub(super) fn charts<'d>(cx: &Cx<'d>, view: &DetailView, cells: u16) -> Option<Block<'d>> {
    let resource = view.resource.as_ref()?;
    let specs: Vec<MetricSpec> = (kinds::by_id(view.id.kind)?.metrics)(resource);
    if specs.is_empty() {
        return None;
    }
    let (columns, each) = chart::side_by_side(cells, specs.len());
    let charts: Vec<Chart> = specs
        .iter()
        .map(|spec| {
            let key = MetricKey { resource: Arc::clone(&view.id), label: spec.label, window: view.window };
            let known = cx.state.store.points.get(&key);
            Chart::new(spec.label, spec.unit, view.window, known, cx.now, each)
        })
        .collect();
    let rows = charts.len().div_ceil(usize::from(columns));
    let lines = rows * usize::from(chart::LINES + 1) - 1;
    Some(Block { title: "Metrics", lines, body: Body::Charts { charts, cells: each } })
}

/// The lines of all blocks.
pub(super) fn height<'b, 'd: 'b>(blocks: impl IntoIterator<Item = &'b Block<'d>>) -> usize {
    blocks.into_iter().map(Block::height).sum()
}

/// Draws what is visible of the blocks from a line on; returns the first line that is shown.
pub(super) fn draw<'b, 'd: 'b>(
    cx: &mut Cx,
    area: Rect,
    blocks: impl IntoIterator<Item = &'b Block<'d>> + Copy,
    top: usize,
) -> usize {
    let visible = usize::from(area.height);
    let first = top.min(height(blocks).saturating_sub(visible));
    let mut start = 0;
    for block in blocks {
        let end = start + block.height();
        for line in start.max(first)..end.saturating_sub(1).min(first + visible) {
            let place = Rect { y: area.y + (line - first) as u16, height: 1, ..area };
            block.line(cx, place, line - start);
        }
        start = end;
    }
    first
}
