//! The palette: kinds, commands and environments by their words, with their keys.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::layout::Rect;
use tui_input::Input;

use super::{boxed, list, searched};
use crate::app::layer::PaletteEntry;
use crate::app::{PaneKey, Target};
use crate::ui::cx::Cx;
use crate::ui::layout::line;
use crate::ui::theme::Role;

/// Draws it.
pub(super) fn draw(cx: &mut Cx, body: Rect, input: &Input, entries: &[PaletteEntry], matches: &[usize], at: usize) {
    let lines = (matches.len() as u16).clamp(1, 16) + 2;
    let foot = format!("{} of {}", matches.len(), entries.len());
    let inner = boxed(cx, body, 68, lines, "go to", &foot);
    let place = searched(cx, inner, ":", input);
    if matches.is_empty() {
        let empty = cx.style(Role::Empty);
        cx.pen(place).put("∅ nothing is called that", empty);
        return;
    }
    let first = list(cx, place, at, matches.len());
    let mut found = Found::new(input.value());
    for (row, place) in (first..matches.len()).zip(place.rows()) {
        let Some(entry) = entries.get(matches[row]) else { continue };
        let bytes = found.of(&entry.words);
        let theme = cx.theme;
        let (text, hit) = (theme[Role::Text], theme[Role::Match]);
        let mut pen = cx.pen(place);
        pen.at_end(&entry.keys, theme[Role::Key]);
        pen.cell(entry.sort, 12, theme[Role::Muted]);
        let rest = pen.left().saturating_sub(1);
        pen.cell_with(&entry.words, rest, |at| if bytes.contains(&at) { text.patch(hit) } else { text });
        if row == at {
            cx.tint(place, Role::Cursor);
        }
        cx.hits.push(line(place, 0), Target::Row(PaneKey::Layer, row));
    }
}

/// Finds which characters of a word a typed text matched, to show them; only for words on the screen.
pub(super) struct Found {
    pattern: Option<(Pattern, Matcher)>,
    buffer: Vec<char>,
    indices: Vec<u32>,
}

impl Found {
    pub(super) fn new(text: &str) -> Self {
        let pattern = (!text.trim().is_empty()).then(|| {
            let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
            (pattern, Matcher::new(Config::DEFAULT))
        });
        Self { pattern, buffer: Vec::new(), indices: Vec::new() }
    }

    /// The byte positions that matched.
    pub(super) fn of(&mut self, words: &str) -> Vec<usize> {
        let Some((pattern, matcher)) = &mut self.pattern else { return Vec::new() };
        self.indices.clear();
        let haystack = Utf32Str::new(words, &mut self.buffer);
        pattern.indices(haystack, matcher, &mut self.indices);
        // Indices count characters (graphemes outside of ASCII), the pen counts bytes.
        let starts: Vec<usize> = words.char_indices().map(|(at, _)| at).collect();
        self.indices.iter().filter_map(|index| starts.get(*index as usize).copied()).collect()
    }
}
