//! The row under the cursor, beside its list where there is room: what its columns say, its reason in full, its metrics.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::kinds;
use crate::model::{Resource, Value};
use crate::ui::border::Border;
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::layout::{inset, line, top};
use crate::ui::table::{reason_role, sparkline, trend, value_style};
use crate::ui::theme::Role;
use crate::ui::wrap::wrap_in;
use crate::ui::{blank, signs};

/// Most cells of the labels at the left.
const LABEL: u16 = 20;

/// Most lines of a reason.
const REASON: usize = 6;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, row: Option<&Resource>) {
    let title = row.map_or("detail", |row| &*row.name);
    let inner = Border { title, ..Border::default() }.draw(cx, area);
    let inner = inset(inner, 1);
    let Some(row) = row else {
        let empty = cx.style(Role::Empty);
        return blank::lines(cx, inner, &[(empty, "∅ nothing under the cursor".into())]);
    };
    let rest = head(cx, inner, row);
    let rest = fields(cx, rest, row);
    metric(cx, rest, row);
}

/// Health in a word and the reason in full; returns what is left.
fn head(cx: &mut Cx, area: Rect, row: &Resource) -> Rect {
    let (sign, role) = signs::health(row.health);
    let style = cx.style(role);
    cx.pen(area).put(sign, style).skip(1).put(row.health.word(), style);
    let style = cx.style(reason_role(row.health));
    let reason = wrap_in(&row.reason, area.width, REASON);
    let (place, rest) = top(top(area, 1).1, reason.len() as u16);
    for (words, place) in reason.into_iter().zip(place.rows()) {
        cx.pen(place).put(words, style);
    }
    top(rest, 1).1
}

/// Every column of its kind that says something, those that tables leave out too.
fn fields(cx: &mut Cx, area: Rect, row: &Resource) -> Rect {
    let scope = &row.id.scope;
    let mut fields: Vec<(&str, Value)> = vec![
        ("ENVIRONMENT", Value::Text(Arc::clone(&scope.environment))),
        ("REGION", Value::Text(Arc::clone(&scope.region))),
    ];
    let columns = kinds::by_id(row.id.kind).map_or(&[][..], |def| def.columns);
    fields.extend(columns.iter().zip(&row.cells).map(|(column, value)| (column.title, value.clone())));
    fields.retain(|(_, value)| !value.show_exact().is_empty());
    let count = fields.len() as u16;
    let cells = fields.iter().map(|(title, _)| width(title)).max().unwrap_or(0).min(LABEL);
    let (label, theme) = (cx.style(Role::Muted), cx.theme);
    let fit = if count > area.height { area.height.saturating_sub(1) } else { count };
    for (place, (title, value)) in area.rows().zip(&fields).take(fit.into()) {
        let text = cx.ages().show(value);
        cx.pen(place).cell(title, cells, label).skip(1).put(&text, value_style(theme, Some(value)));
    }
    if fit < count {
        cx.pen(line(area, fit)).put(&format!("+{} more", count - fit), label);
    }
    top(area, count + 1).1
}

fn metric(cx: &mut Cx, area: Rect, row: &Resource) {
    let Some((known, unit)) = trend(cx.state, row) else { return };
    let (text, role) = match (known.get(), &known.fault) {
        (Some(points), _) => (sparkline(points, unit, area.width), Role::Spark),
        (None, Some((fault, _))) => (signs::brief(fault), signs::fault(fault).1),
        (None, None) => return,
    };
    let (title, style) = (cx.style(Role::Muted), cx.style(role));
    cx.pen(area).put("LAST HOUR", title);
    cx.pen(line(area, 1)).put(&text, style);
}
