//! Text from outside cut into what a terminal shows in one or two cells. Whatever terminals disagree about the width of is
//! replaced by something they agree on, so that no name moves a column. Knows nothing of colours or places.

use std::borrow::Cow;

use ratatui::buffer::CellWidth;
use unicode_segmentation::{GraphemeIndices, UnicodeSegmentation};

/// What one or two cells show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glyph<'a> {
    /// Byte position in the text it came from.
    pub(super) at: usize,
    /// What is shown.
    pub(super) symbol: Cow<'a, str>,
    /// Cells, at least one.
    pub(super) width: u16,
    /// Written from right to left.
    pub(super) rtl: bool,
}

/// The glyphs of a text.
pub(super) fn glyphs(text: &str) -> Glyphs<'_> {
    if text.is_ascii() { Glyphs::Ascii(text, 0) } else { Glyphs::Unicode(text.grapheme_indices(true)) }
}

/// Cells a text takes.
pub(super) fn width(text: &str) -> u16 {
    let cells = if text.is_ascii() {
        text.bytes().filter(|byte| !byte.is_ascii_control()).count()
    } else {
        glyphs(text).map(|glyph| usize::from(glyph.width)).sum()
    };
    cells.try_into().unwrap_or(u16::MAX)
}

/// As much of a text as fits in so many cells, with `…` where something is cut off.
pub(super) fn clip(text: &str, cells: u16) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let mut used = 1;
    let fits = |glyph: &Glyph| {
        used += glyph.width;
        used <= cells
    };
    let mut out: String = glyphs(text).take_while(fits).map(|glyph| glyph.symbol.into_owned()).collect();
    out.push('…');
    Cow::Owned(out)
}

/// Iterator over the glyphs of a text.
pub(super) enum Glyphs<'a> {
    Ascii(&'a str, usize),
    Unicode(GraphemeIndices<'a>),
}

impl<'a> Iterator for Glyphs<'a> {
    type Item = Glyph<'a>;

    fn next(&mut self) -> Option<Glyph<'a>> {
        match self {
            Self::Ascii(text, next) => loop {
                let at = *next;
                let symbol = text.get(at..=at)?;
                *next += 1;
                if !symbol.as_bytes()[0].is_ascii_control() {
                    return Some(Glyph { at, symbol: Cow::Borrowed(symbol), width: 1, rtl: false });
                }
            },
            Self::Unicode(graphemes) => graphemes.find_map(|(at, grapheme)| glyph(at, grapheme)),
        }
    }
}

fn glyph(at: usize, grapheme: &str) -> Option<Glyph<'_>> {
    let symbol = settle(grapheme)?;
    let rtl = symbol.chars().any(is_rtl);
    let width = symbol.as_ref().cell_width();
    (width > 0).then_some(Glyph { at, symbol, width, rtl })
}

/// Combining marks kept on one letter: more are a prank, or fill the rows above and below.
const MARKS: usize = 3;

/// A grapheme in a form whose width terminals agree on; `None` where nothing visible is left.
fn settle(grapheme: &str) -> Option<Cow<'_, str>> {
    let mut chars = grapheme.chars();
    let first = chars.next()?;
    if chars.as_str().is_empty() && !is_private(first) && !is_invisible(first) && !is_flag(first) {
        return (!first.is_control()).then_some(Cow::Borrowed(grapheme));
    }
    let mut out = String::with_capacity(grapheme.len());
    let mut marks = 0;
    for c in grapheme.chars() {
        match c {
            // Joined emoji are one picture here and several there: the first stands for all.
            '\u{200d}' => break,
            c if c.is_control() || is_invisible(c) || (is_skin(c) && !out.is_empty()) => {}
            c if is_flag(c) => out.push(flag_letter(c)),
            c if is_private(c) => out.push('\u{fffd}'),
            c if !out.is_empty() && is_mark(c) => {
                marks += 1;
                if marks <= MARKS {
                    out.push(c);
                }
            }
            c => out.push(c),
        }
    }
    (!out.is_empty()).then_some(Cow::Owned(out))
}

fn is_mark(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    text.cell_width() == 0
}

/// Characters that take no cell, or take one here and none there.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Private use: icons of one font, boxes in another, one or two cells wide.
const fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

const fn is_skin(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

const fn is_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Flags are written as the two letters they are made of.
fn flag_letter(c: char) -> char {
    char::from_u32(c as u32 - 0x1f1e6 + u32::from(b'A')).unwrap_or('?')
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and their presentation forms.
const fn is_rtl(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn shown(text: &str) -> String {
        glyphs(text).map(|glyph| glyph.symbol.into_owned()).collect()
    }

    #[rstest]
    #[case("backend", "backend", 7)]
    #[case("日本語", "日本語", 6)]
    #[case("e\u{301}té", "e\u{301}té", 3)]
    #[case("👩‍👩‍👧", "👩", 2)]
    #[case("👍🏽", "👍", 2)]
    #[case("🇩🇪", "DE", 2)]
    #[case("1\u{fe0f}\u{20e3}", "1", 1)]
    #[case("a\u{200b}b", "ab", 2)]
    #[case("\u{e0b0}", "\u{fffd}", 1)]
    #[case("❤\u{fe0f}", "❤", 1)]
    #[case("a\u{300}\u{300}\u{300}\u{300}\u{300}", "a\u{300}\u{300}\u{300}", 1)]
    #[case("\u{301}", "", 0)]
    fn settles(#[case] text: &str, #[case] expected: &str, #[case] cells: u16) {
        assert_eq!(shown(text), expected);
        assert_eq!(width(text), cells);
    }

    #[test]
    fn clips_to_cells() {
        assert_eq!(clip("backend", 7), "backend");
        assert_eq!(clip("backend", 6), "backe…");
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!(clip("日本語", 1), "…");
    }

    #[test]
    fn right_to_left_is_seen() {
        assert!(glyphs("שלום").all(|glyph| glyph.rtl));
        assert!(!glyphs("abc").any(|glyph| glyph.rtl));
    }

    proptest! {
        #[test]
        fn every_glyph_takes_cells_and_nothing_controls(text in ".*") {
            for glyph in glyphs(&text) {
                prop_assert!(glyph.width >= 1);
                prop_assert_eq!(glyph.width, glyph.symbol.as_ref().cell_width());
                prop_assert!(!glyph.symbol.chars().any(char::is_control));
            }
        }
    }
}
