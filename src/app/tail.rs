//! The log buffer: lines in the order of time, doubles dropped, the view standing still while it is paused.

use super::logs::{LogsView, Search, SourceState};
use crate::engine::TailEvent;
use crate::model::{Level, LogLine, LogSource};

/// Most lines that are kept while another view has the screen: the history has room for many tails.
pub(super) const RESTING: usize = 500;

impl LogsView {
    /// Takes what a tail reports.
    pub fn take(&mut self, event: TailEvent) {
        match event {
            TailEvent::Lines(lines) => {
                for line in lines {
                    self.insert(line);
                }
                self.shorten();
            }
            TailEvent::Mode(source, mode) => self.of_source(source, |state| {
                state.mode = Some(mode);
                state.fault = None;
            }),
            TailEvent::Gap(source, from, to) => self.of_source(source, |state| state.gap = Some((from, to))),
            TailEvent::Filled(source, _) => self.of_source(source, |state| state.gap = None),
            TailEvent::Failed(source, fault) => self.of_source(source, |state| state.fault = Some(fault)),
            TailEvent::Lacks(source, what) => self.of_source(source, |state| {
                if !state.lacks.contains(&what) {
                    state.lacks.push(what);
                }
            }),
            TailEvent::End => self.ended = true,
        }
    }

    /// Starts afresh on these sources.
    pub fn restart(&mut self, sources: Vec<LogSource>) {
        self.states = vec![SourceState::default(); sources.len()];
        self.sources = sources;
        self.lines.clear();
        if let Some(search) = &mut self.search {
            search.matches = 0;
        }
        self.dropped = 0;
        self.unseen = 0;
        self.back = 0;
        self.follow = true;
        self.ended = false;
        self.fault = None;
        self.tail = 0;
    }

    fn of_source(&mut self, source: u16, change: impl FnOnce(&mut SourceState)) {
        if let Some(state) = self.states.get_mut(usize::from(source)) {
            change(state);
        }
    }

    /// Puts a line in its place. Late lines are few and near the end, so the search starts there.
    fn insert(&mut self, mut line: LogLine) {
        let after = self.lines.iter().rev().take_while(|old| old.at > line.at).count();
        let place = self.lines.len() - after;
        let double = self
            .lines
            .range(..place)
            .rev()
            .take_while(|old| old.at == line.at)
            .any(|old| old.key == line.key && old.source == line.source);
        if double {
            return;
        }
        // Older than all there is, with the buffer full: it would be the next to go.
        if place == 0 && self.lines.len() >= self.capacity {
            self.dropped += 1;
            return;
        }
        if let Some(search) = &mut self.search {
            search.matches += usize::from(search.matches(&line.text));
        }
        self.make_room();
        line.late |= after > 0 && self.lines.range(place..).any(|newer| newer.source == line.source);
        self.lines.insert(place, line);
        if !self.follow {
            self.unseen += 1;
            if after <= self.back {
                self.back += 1;
            }
        }
    }

    /// Grows as far as lines are kept and a batch comes in, no further: twice as much would never be used.
    fn make_room(&mut self) {
        let len = self.lines.len();
        if len == self.lines.capacity() {
            let most = self.capacity + self.capacity / 64;
            self.lines.reserve_exact(len.clamp(64, most.saturating_sub(len).max(64)));
        }
    }

    fn shorten(&mut self) {
        let over = self.lines.len().saturating_sub(self.capacity);
        for line in self.lines.drain(..over) {
            if let Some(search) = &mut self.search {
                search.matches -= usize::from(search.matches(&line.text));
            }
        }
        self.dropped += over as u64;
        self.back = self.back.min(self.lines.len().saturating_sub(1));
    }

    /// Another view gets the screen. What is on the screen stays, and what comes just before; what is newer is read again, since the
    /// tail goes on from its last line.
    pub(super) fn rest(&mut self) {
        if !self.ended {
            self.lines.truncate(self.lines.len() - self.back.min(self.lines.len()));
            (self.back, self.unseen) = (0, 0);
        }
        let over = self.lines.len().saturating_sub(RESTING);
        self.lines.drain(..over);
        self.lines.shrink_to_fit();
        self.dropped += over as u64;
        self.back = self.back.min(self.lines.len().saturating_sub(1));
        if let Some(search) = &mut self.search {
            search.matches = self.lines.iter().filter(|line| search.regex.is_match(&line.text)).count();
        }
    }

    /// Whether a line is shown at the present level.
    pub fn shows(&self, line: &LogLine) -> bool {
        self.level == Level::None || line.level >= self.level
    }

    /// Scrolls towards older (positive) or newer lines; at the newest it follows again.
    pub fn scroll(&mut self, lines: isize) {
        let last = self.lines.len().saturating_sub(1);
        self.back = self.back.saturating_add_signed(lines).min(last);
        self.follow = self.back == 0 && (lines < 0 || self.follow);
        if self.follow {
            self.unseen = 0;
        }
    }

    /// Pauses, or follows again.
    pub fn toggle_follow(&mut self) {
        self.follow = !self.follow;
        if self.follow {
            self.back = 0;
            self.unseen = 0;
        }
    }

    /// Searches for this from now on; an empty text ends the search.
    pub fn search_for(&mut self, text: &str) {
        self.search = Search::new(text);
        if let Some(search) = &mut self.search {
            search.matches = self.lines.iter().filter(|line| search.regex.is_match(&line.text)).count();
        }
    }

    /// Searches from the bottom of the screen, upwards or downwards; whether it found something.
    pub fn find(&mut self, upwards: bool) -> bool {
        let Some(search) = &self.search else { return false };
        let bottom = self.lines.len().saturating_sub(self.back + 1);
        let hit = |at: &usize| self.lines.get(*at).is_some_and(|line| self.shows(line) && search.matches(&line.text));
        let found = if upwards { (0..bottom).rev().find(hit) } else { (bottom + 1..self.lines.len()).find(hit) };
        let Some(at) = found else { return false };
        self.back = self.lines.len() - 1 - at;
        self.follow = false;
        true
    }

    /// The lines on the screen, as text.
    pub fn visible_text(&self) -> String {
        let shown = self.lines.iter().rev().skip(self.back).filter(|line| self.shows(line)).take(self.height);
        let mut lines: Vec<String> = shown.map(|line| format!("{} {}", line.at, line.text)).collect();
        lines.reverse();
        lines.join("\n")
    }
}

impl Search {
    /// A search for this text: a regular expression if it is one, else the text itself.
    pub fn new(text: &str) -> Option<Self> {
        let build =
            |pattern: &str| regex::RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build();
        let regex = build(text).or_else(|_| build(&regex::escape(text))).ok()?;
        (!text.is_empty()).then(|| Self { text: text.to_owned(), regex, matches: 0 })
    }

    /// Whether a line matches.
    pub fn matches(&self, line: &str) -> bool {
        self.regex.is_match(line)
    }
}
