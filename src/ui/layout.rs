//! Arithmetic of places: splitting areas, and dropping what is least important where there is no room for all.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::glyph::width;
use super::pen::Pen;

/// Takes lines from the top: those, and the rest.
pub(super) fn top(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    (Rect { height: lines, ..area }, Rect { y: area.y + lines, height: area.height - lines, ..area })
}

/// Takes lines from the bottom: the rest, and those.
pub(super) fn bottom(area: Rect, lines: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(lines))
}

/// Takes columns from the left: those, and the rest.
pub(super) fn left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (Rect { width: columns, ..area }, Rect { x: area.x + columns, width: area.width - columns, ..area })
}

/// Takes columns from the right: the rest, and those.
pub(super) fn right(area: Rect, columns: u16) -> (Rect, Rect) {
    left(area, area.width.saturating_sub(columns))
}

/// One line of an area, counted from its top; empty below it.
pub(super) fn line(area: Rect, at: u16) -> Rect {
    if at >= area.height { Rect { height: 0, ..area } } else { Rect { y: area.y + at, height: 1, ..area } }
}

/// An area without some columns at both sides.
pub(super) fn inset(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width / 2);
    Rect { x: area.x + columns, width: area.width - 2 * columns, ..area }
}

/// An area of this size in the middle of another, or what fits of it; a little above the middle, where eyes are.
pub(super) fn centre(area: Rect, columns: u16, lines: u16) -> Rect {
    let (columns, lines) = (columns.min(area.width), lines.min(area.height));
    Rect {
        x: area.x + (area.width - columns) / 2,
        y: area.y + (area.height - lines) / 3,
        width: columns,
        height: lines,
    }
}

/// A word that may be dropped.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    /// What it says.
    pub(super) text: Cow<'a, str>,
    /// How it looks.
    pub(super) style: Style,
    /// The highest goes first.
    pub(super) rank: u8,
    /// Stands at the right end of the line.
    pub(super) right: bool,
}

impl<'a> Item<'a> {
    pub(super) fn new(rank: u8, style: Style, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), style, rank, right: false }
    }

    /// The same at the right end of the line.
    pub(super) fn at_right(self) -> Self {
        Self { right: true, ..self }
    }
}

/// Drops the least important items until the rest fits with so many cells between them; the last one left may have to be
/// truncated.
pub(super) fn fit(items: &mut Vec<Item>, cells: u16, gap: u16) {
    items.retain(|item| !item.text.is_empty());
    let wide = |item: &Item| u32::from(width(&item.text)) + u32::from(gap);
    let mut total: u32 = items.iter().map(wide).sum();
    while items.len() > 1 && total > u32::from(cells) + u32::from(gap) {
        let Some(worst) = items.iter().enumerate().max_by_key(|(at, item)| (item.rank, *at)).map(|(at, _)| at) else {
            return;
        };
        total -= wide(&items.remove(worst));
    }
}

/// Writes items that fit along a line, those at its right end there.
pub(super) fn spread(buf: &mut Buffer, area: Rect, mut items: Vec<Item>, gap: u16) {
    fit(&mut items, area.width, gap);
    let end: u16 = items.iter().filter(|item| item.right).map(|item| width(&item.text) + gap).sum();
    let (front, back) = right(area, end.saturating_sub(gap));
    for (area, at_right) in [(front, false), (back, true)] {
        let mut pen = Pen::new(buf, area);
        for item in items.iter().filter(|item| item.right == at_right) {
            pen.put(&item.text, item.style).skip(gap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_goes_first() {
        let item = |rank, text: &'static str| Item::new(rank, Style::new(), text);
        let mut items = vec![item(0, "dhbw-prod"), item(2, "eu-central-1"), item(1, "111122223333"), item(3, "")];
        fit(&mut items, 35, 1);
        assert_eq!(
            items.iter().map(|item| &*item.text).collect::<Vec<_>>(),
            ["dhbw-prod", "eu-central-1", "111122223333"]
        );
        fit(&mut items, 34, 1);
        assert_eq!(items.iter().map(|item| &*item.text).collect::<Vec<_>>(), ["dhbw-prod", "111122223333"]);
        fit(&mut items, 3, 1);
        assert_eq!(items.iter().map(|item| &*item.text).collect::<Vec<_>>(), ["dhbw-prod"]);
    }

    #[test]
    fn areas_never_leave_their_parent() {
        let area = Rect::new(3, 4, 5, 2);
        assert_eq!(top(area, 9), (area, Rect::new(3, 6, 5, 0)));
        assert_eq!(bottom(area, 1), (Rect::new(3, 4, 5, 1), Rect::new(3, 5, 5, 1)));
        assert_eq!(centre(area, 99, 99), area);
        assert_eq!(line(area, 2).height, 0);
        assert_eq!(inset(area, 9).width, 1);
    }
}
