//! The raw JSON of a resource, coloured; long lines are wrapped, or scrolled sideways. Lines before the first visible one are
//! only skipped.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::view::DetailView;
use crate::app::{PaneKey, Viewport};
use crate::model::Query;
use crate::ui::border;
use crate::ui::cx::Cx;
use crate::ui::facts::Facts;
use crate::ui::glyph::width;
use crate::ui::matches;
use crate::ui::theme::{Role, Theme};
use crate::ui::wrap::wrap;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, area: Rect, view: &DetailView, query: &Query, facts: &Facts) {
    let Some(text) = cx.state.store.raw(query) else {
        cx.hits.list(PaneKey::Main, 0, usize::from(area.height), 0);
        return super::waiting(cx, area, facts);
    };
    let all = text.lines().count();
    let first = view.top.min(all.saturating_sub(1));
    let lines = text.lines().skip(first);
    let (height, sideways) = if view.sideways > 0 {
        scrolled(cx, area, view, lines.take(usize::from(area.height)))
    } else {
        (wrapped(cx, area, view, lines), 0)
    };
    cx.hits.viewports.push(Viewport { key: PaneKey::Main, first, height, all, sideways });
    border::scrollbar(cx, Rect { width: area.width + 1, ..area }, first, all);
}

/// Draws lines whole, without the first cells; returns how many, and how many cells are out.
fn scrolled<'t>(
    cx: &mut Cx,
    area: Rect,
    view: &DetailView,
    lines: impl Iterator<Item = &'t str> + Clone,
) -> (usize, u16) {
    let longest = lines.clone().map(width).max().unwrap_or(0);
    let out = view.sideways.min(longest.saturating_sub(area.width));
    for (place, text) in area.rows().zip(lines) {
        let (colours, found, theme) = (colours(text), found(view, text), cx.theme);
        cx.pen(place).scrolled(text, out, |at| style(theme, &colours, &found, at));
    }
    (usize::from(area.height), out)
}

/// Draws lines wrapped; returns how many of them are seen.
fn wrapped<'t>(cx: &mut Cx, area: Rect, view: &DetailView, lines: impl Iterator<Item = &'t str>) -> usize {
    let mut places = area.rows();
    let mut seen = 0;
    'screen: for text in lines {
        let (colours, found, theme) = (colours(text), found(view, text), cx.theme);
        let body = text.trim_start();
        let indent = ((text.len() - body.len()) as u16).min(area.width / 2);
        for (n, part) in wrap(body, area.width.saturating_sub(indent + 2)).into_iter().enumerate() {
            let Some(place) = places.next() else { break 'screen };
            let start = part.as_ptr() as usize - text.as_ptr() as usize;
            let mut pen = cx.pen(place);
            // What goes on is set in, so that it can't be taken for a line.
            pen.skip(if n > 0 { indent + 2 } else { indent });
            pen.scrolled(part, 0, |at| style(theme, &colours, &found, start + at));
        }
        seen += 1;
    }
    seen.max(1)
}

fn found(view: &DetailView, text: &str) -> Vec<Range<usize>> {
    view.search.as_ref().map(|search| matches::find(&search.regex, text)).unwrap_or_default()
}

fn style(theme: &Theme, colours: &[(Range<usize>, Role)], found: &[Range<usize>], at: usize) -> Style {
    let role = colours.iter().find(|(range, _)| range.contains(&at)).map_or(Role::Muted, |(_, role)| *role);
    if matches::is_in(found, at) { theme[role].patch(theme[Role::Match]) } else { theme[role] }
}

/// The parts of a line of pretty JSON: one key or value to a line, so that no state is carried from line to line.
fn colours(line: &str) -> Vec<(Range<usize>, Role)> {
    let bytes = line.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = text_end(bytes, at);
                let is_key = bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                parts.push((at..end, if is_key { Role::JsonKey } else { Role::JsonText }));
                at = end;
            }
            b'-' | b'0'..=b'9' => {
                let part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
                let end = at + bytes[at..].iter().take_while(part).count();
                parts.push((at..end, Role::JsonNumber));
                at = end;
            }
            b'a'..=b'z' => {
                let end = at + bytes[at..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
                parts.push((at..end, Role::JsonWord));
                at = end;
            }
            _ => at += 1,
        }
    }
    parts
}

/// The end of a text that begins here.
fn text_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_texts_numbers_and_words_are_told_apart() {
        let line = r#"  "na\"me": "a: 1", -1.5e3, true"#;
        let parts: Vec<(&str, Role)> = colours(line).into_iter().map(|(range, role)| (&line[range], role)).collect();
        let expected = [
            (r#""na\"me""#, Role::JsonKey),
            (r#""a: 1""#, Role::JsonText),
            ("-1.5e3", Role::JsonNumber),
            ("true", Role::JsonWord),
        ];
        assert_eq!(parts, expected);
        assert_eq!(colours(r#""cut off\"#).len(), 1);
    }
}
