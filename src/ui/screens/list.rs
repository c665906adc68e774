//! A list of a kind over the whole screen; where there is room, the row under the cursor stands beside it.

use ratatui::layout::Rect;

use super::summary;
use crate::app::PaneKey;
use crate::app::pane::Pane;
use crate::ui::cx::Cx;
use crate::ui::layout::right;
use crate::ui::table;

/// Widest a table is worth drawing before what is left goes to the summary beside it.
const TABLE: u16 = 130;

/// Least columns a summary needs.
const SUMMARY: u16 = 40;

/// Draws it.
pub(in crate::ui) fn draw(cx: &mut Cx, area: Rect, pane: &Pane, key: PaneKey) {
    let beside = if area.width >= 150 { (area.width - TABLE.min(area.width)).max(SUMMARY) } else { 0 };
    let (list, side) = right(area, beside);
    table::draw(cx, list, pane, key, true);
    if !side.is_empty() {
        summary::draw(cx, side, pane.shown.get(pane.nav.at));
    }
}
