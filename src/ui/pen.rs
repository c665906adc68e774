//! A pen that writes along one line and never beyond its end. Everything on the screen is written with it, so that truncation,
//! wide characters and right-to-left text are handled in one place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::glyph::{Glyph, glyphs, width};

/// Ends a writing direction: after it, numbers and spaces belong to what follows again.
const LEFT_TO_RIGHT: char = '\u{200e}';

/// Writes along one line of a buffer.
pub(super) struct Pen<'b> {
    buf: &'b mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'b> Pen<'b> {
    /// A pen at the start of the first line of an area.
    pub(super) fn new(buf: &'b mut Buffer, area: Rect) -> Self {
        let area = if area.height == 0 { Rect::ZERO } else { area.intersection(buf.area) };
        Self { buf, x: area.x, y: area.y, end: area.right() }
    }

    /// Cells left on the line.
    pub(super) fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Where the next character goes.
    pub(super) fn x(&self) -> u16 {
        self.x
    }

    /// Leaves cells as they are.
    pub(super) fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    /// Writes a text, with `…` in its last cell where it does not fit.
    pub(super) fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let used = self.write(text, self.left(), 0, |_| style);
        self.skip(used)
    }

    /// Writes a text in so many cells, and leaves the rest of them empty.
    pub(super) fn cell(&mut self, text: &str, cells: u16, style: Style) -> &mut Self {
        self.cell_with(text, cells, |_| style)
    }

    /// Writes a text at the right of so many cells.
    pub(super) fn cell_right(&mut self, text: &str, cells: u16, style: Style) -> &mut Self {
        let cells = cells.min(self.left());
        let before = cells.saturating_sub(width(text));
        self.skip(before).cell(text, cells - before, style)
    }

    /// Writes a text in so many cells, its style depending on the byte position.
    pub(super) fn cell_with(&mut self, text: &str, cells: u16, style: impl Fn(usize) -> Style) -> &mut Self {
        let cells = cells.min(self.left());
        self.write(text, cells, 0, style);
        self.skip(cells)
    }

    /// Writes what is left of a text when so many cells of it are scrolled out at the left.
    pub(super) fn scrolled(&mut self, text: &str, out: u16, style: impl Fn(usize) -> Style) -> &mut Self {
        let used = self.write(text, self.left(), out, style);
        self.skip(used)
    }

    /// Writes a text at the end of the line, if it fits there, and ends the line before it.
    pub(super) fn at_end(&mut self, text: &str, style: Style) -> bool {
        let cells = width(text);
        let fits = cells <= self.left();
        if fits {
            let start = self.end - cells;
            let back = std::mem::replace(&mut self.x, start);
            self.put(text, style);
            (self.x, self.end) = (back, start);
        }
        fits
    }

    /// Repeats a one-cell symbol over so many cells.
    pub(super) fn rule(&mut self, symbol: &str, cells: u16, style: Style) -> &mut Self {
        for x in self.x..self.x.saturating_add(cells).min(self.end) {
            self.buf[(x, self.y)].set_symbol(symbol).set_style(style);
        }
        self.skip(cells)
    }

    fn write(&mut self, text: &str, cells: u16, mut out: u16, style: impl Fn(usize) -> Style) -> u16 {
        let cells = cells.min(self.left());
        let limit = self.x + cells;
        let (mut x, mut last, mut rtl) = (self.x, None, false);
        let mut all = glyphs(text).peekable();
        while let Some(glyph) = all.next() {
            if out > 0 {
                out = out.saturating_sub(glyph.width);
                continue;
            }
            // The last cell is for the last glyph or for the sign that there is more.
            let after = x + glyph.width;
            if after > limit || (after == limit && all.peek().is_some()) {
                if x < limit {
                    self.buf[(x, self.y)].set_symbol("…").set_style(style(glyph.at));
                    x += 1;
                }
                break;
            }
            self.set(x, &glyph, style(glyph.at));
            rtl |= glyph.rtl;
            last = Some(x);
            x = after;
        }
        if let (true, Some(last)) = (rtl, last) {
            let cell = &mut self.buf[(last, self.y)];
            let symbol = format!("{}{LEFT_TO_RIGHT}", cell.symbol());
            cell.set_symbol(&symbol);
        }
        x - self.x
    }

    fn set(&mut self, x: u16, glyph: &Glyph, style: Style) {
        self.buf[(x, self.y)].set_symbol(&glyph.symbol).set_style(style);
        for covered in x + 1..x + glyph.width {
            let cell = &mut self.buf[(covered, self.y)];
            cell.set_symbol(" ").set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn written(text: &str, cells: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        Pen::new(&mut buf, Rect::new(0, 0, 10, 1)).cell(text, cells, Style::new()).put("|", Style::new());
        let mut out = String::new();
        let mut x = 0;
        while x < 10 {
            let symbol = buf[(x, 0)].symbol();
            out.push_str(symbol);
            x += width(symbol).max(1);
        }
        out.trim_end().to_owned()
    }

    #[rstest]
    #[case("abc", 5, "abc  |")]
    #[case("abcde", 5, "abcde|")]
    #[case("abcdef", 5, "abcd…|")]
    #[case("日本語", 6, "日本語|")]
    #[case("日本語", 5, "日本…|")]
    #[case("日本語", 4, "日… |")]
    #[case("x", 0, "|")]
    #[case("שלום", 5, "שלום\u{200e} |")]
    fn cells_are_kept(#[case] text: &str, #[case] cells: u16, #[case] expected: &str) {
        assert_eq!(written(text, cells), expected);
    }

    #[test]
    fn nothing_is_written_outside() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 2));
        Pen::new(&mut buf, Rect::new(2, 1, 9, 9)).put("abcdef", Style::new());
        assert_eq!(buf, Buffer::with_lines(["    ", "  a…"]));
        Pen::new(&mut buf, Rect::new(9, 9, 4, 4)).put("abc", Style::new());
        Pen::new(&mut buf, Rect::new(0, 0, 4, 0)).put("abc", Style::new());
        assert_eq!(buf, Buffer::with_lines(["    ", "  a…"]));
    }

    #[test]
    fn the_end_of_a_line_is_kept_free() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        let mut pen = Pen::new(&mut buf, Rect::new(0, 0, 10, 1));
        assert!(pen.at_end("end", Style::new()));
        pen.put("0123456789", Style::new());
        assert!(!pen.at_end("x", Style::new()));
        assert_eq!(buf, Buffer::with_lines(["012345…end"]));
    }
}
