//! Breaks text into lines of so many cells, between words where there are any.

use super::glyph::{glyphs, width};

/// The lines of a text in so many cells, broken at a space, else after a sign that parts words (as in ARNs and paths), else
/// anywhere. Empty text has no line; no line is wider than asked for, if a single glyph fits.
pub(super) fn wrap(text: &str, cells: u16) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut used, mut space, mut sign) = (0, 0, None, None);
    for glyph in glyphs(text) {
        if glyph.symbol == " " {
            space = Some(glyph.at);
        }
        while used + glyph.width > cells.max(1) && glyph.at > start {
            let end = space.or(sign).filter(|at| *at > start).unwrap_or(glyph.at);
            lines.push(&text[start..end]);
            start = if space == Some(end) { end + 1 } else { end };
            used = width(&text[start..glyph.at.max(start)]);
            (space, sign) = (None, None);
        }
        if glyph.at >= start {
            used += glyph.width;
        }
        if matches!(&*glyph.symbol, "/" | ":" | "," | "=" | "&" | "?") {
            sign = Some(glyph.at + glyph.symbol.len());
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// The same in no more than so many lines; what there is no room for stays on the last one, for the pen to cut off.
pub(super) fn wrap_in(text: &str, cells: u16, lines: usize) -> Vec<&str> {
    let mut wrapped = wrap(text, cells);
    if wrapped.len() > lines {
        wrapped.truncate(lines);
        if let Some(last) = wrapped.last_mut() {
            *last = &text[last.as_ptr() as usize - text.as_ptr() as usize..];
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", 5, &[])]
    #[case("one two", 10, &["one two"])]
    #[case("one two three", 7, &["one two", "three"])]
    #[case("one two three", 8, &["one two", "three"])]
    #[case("abcdefgh", 3, &["abc", "def", "gh"])]
    #[case("日本語", 4, &["日本", "語"])]
    #[case("arn:aws:iam::111122223333:role/deployer", 30, &["arn:aws:iam::111122223333:", "role/deployer"])]
    fn breaks_between_words(#[case] text: &str, #[case] cells: u16, #[case] expected: &[&str]) {
        assert_eq!(wrap(text, cells), expected);
    }

    #[test]
    fn what_there_is_no_room_for_stays_on_the_last_line() {
        assert_eq!(wrap_in("one two three", 5, 2), ["one", "two three"]);
        assert_eq!(wrap_in("one two three", 5, 3), ["one", "two", "three"]);
        assert!(wrap_in("one", 5, 0).is_empty());
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-z日/: ]{0,40}", cells in 2u16..12) {
            let lines = wrap(&text, cells);
            for line in &lines {
                prop_assert!(width(line) <= cells, "{line:?}");
            }
            let bare = |text: &str| text.replace(' ', "");
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
