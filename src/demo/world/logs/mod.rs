//! Log lines: made when they are asked for, from the seed and the instant, so that hours of them cost no memory.
//!
//! A line belongs to a second of its group (background, dealt to the streams that are written to at that instant) or to
//! the start of a stream (what a task says when it comes up). What it says is the voices' business.

mod hostile;
mod trouble;
mod voices;

use jiff::Timestamp;

use super::account::Account;
use super::dice::{hash, mix2, unit};
use super::model::{LogEvent, LogGroup, LogPage, LogPosition, LogQuery, LogStream, StreamSpan};
use super::signal::{after, load};

pub(super) use trouble::{Spell, Trouble};
pub(super) use voices::Tone;

/// Lines are kept for so long, in seconds.
pub(super) const KEPT: i64 = 6 * 3600;
/// What a stream says as it starts is said within so many milliseconds.
const OPENING: i64 = 40_000;
/// Scripted lines are numbered from here on, so that they never meet a background line's number.
const SCRIPTED: u64 = 1 << 32;

/// What a group's lines sound like, and how many there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    pub(super) tone: Tone,
    pub(super) seed: u64,
    /// Lines a second in the busiest hour.
    pub(super) rate: f64,
    pub(super) peak_hour: i64,
    /// Now and then a line comes that means no good to a terminal.
    pub(super) hostile: bool,
    pub(super) spells: Vec<Spell>,
}

impl Voice {
    /// What a voice of its own says in a second: the instants, in milliseconds, and the lines.
    pub(super) fn lines(&self, second: i64, stream: &str) -> Vec<(i64, String)> {
        let count = self.lines_in(second);
        let line = |number: u64| {
            let seed = mix2(mix2(self.seed, second as u64), number);
            let at = second * 1000 + ((number * 1000 + seed % 1000) / count) as i64;
            (at, voices::say(self, seed, stream, at))
        };
        (0..count).map(line).collect()
    }
}

/// A line's place, before it is known what it says.
struct Slot<'a> {
    at: LogPosition,
    seed: u64,
    stream: &'a str,
    /// What is said, when a script says it.
    text: Option<String>,
}

impl Account {
    /// A page of a group's lines that had been taken in by now, oldest first. `None`: no such group.
    /// The filter pattern is the caller's: ask for more pages until enough lines match.
    pub fn log_events(&self, query: &LogQuery<'_>) -> Option<LogPage> {
        let group = self.log_groups.get(query.group)?;
        let now = self.now.as_millisecond();
        let oldest = now - KEPT * 1000;
        let start = query.start.unwrap_or(oldest).max(oldest);
        let end = query.end.unwrap_or(now + 1).min(now + 1);
        let scan = Scan { group, query, start, end, now };
        Some(if query.backward { scan.backward() } else { scan.forward() })
    }

    /// The streams of a group, by name. `None`: no such group.
    pub fn log_streams(&self, group: &str) -> Option<Vec<LogStream>> {
        let group = self.log_groups.get(group)?;
        let stream = |(name, span): (&String, &StreamSpan)| {
            let last = span.until.unwrap_or(self.now);
            LogStream {
                name: name.clone(),
                arn: format!("{}:log-stream:{name}", group.arn),
                created_at: span.from,
                first_event: Some(span.from),
                last_event: Some(last),
                last_ingestion: Some(after(last, 1).min(self.now)),
            }
        };
        Some(group.streams.iter().map(stream).collect())
    }
}

/// A walk over the lines of a group.
struct Scan<'a> {
    group: &'a LogGroup,
    query: &'a LogQuery<'a>,
    start: i64,
    end: i64,
    now: i64,
}

impl<'a> Scan<'a> {
    fn forward(&self) -> LogPage {
        let after = self.query.after;
        let first = after.map_or(self.start, |place| place.timestamp.max(self.start));
        let streams = self.streams(first, self.end);
        let mut events = Vec::new();
        for second in first.div_euclid(1000)..=(self.end - 1).max(first).div_euclid(1000) {
            for slot in self.slots(second, &streams) {
                if after.is_none_or(|place| slot.at > place) && self.wanted(&slot) {
                    let place = slot.at;
                    events.extend(self.line(slot));
                    if events.len() >= self.query.limit.max(1) {
                        return LogPage { events, next: Some(place) };
                    }
                }
            }
        }
        LogPage { events, next: None }
    }

    fn backward(&self) -> LogPage {
        let before = self.query.after;
        let last = before.map_or(self.end - 1, |place| place.timestamp.min(self.end - 1));
        let streams = self.streams(self.start, last + 1);
        let mut events = Vec::new();
        let mut next = None;
        let mut second = last.div_euclid(1000);
        while second >= self.start.div_euclid(1000) && next.is_none() {
            for slot in self.slots(second, &streams).into_iter().rev() {
                if before.is_none_or(|place| slot.at < place) && self.wanted(&slot) {
                    let place = slot.at;
                    events.extend(self.line(slot));
                    if events.len() >= self.query.limit.max(1) {
                        next = Some(place);
                        break;
                    }
                }
            }
            second -= 1;
        }
        events.reverse();
        LogPage { events, next }
    }

    /// Streams that are written to at some time between two instants.
    fn streams(&self, from: i64, to: i64) -> Vec<(&'a str, &'a StreamSpan)> {
        let overlaps = |span: &StreamSpan| {
            span.from.as_millisecond() < to && span.until.is_none_or(|until| until.as_millisecond() >= from - 1000)
        };
        let all = self.group.streams.iter();
        all.filter(|(_, span)| overlaps(span)).map(|(name, span)| (name.as_str(), span)).collect()
    }

    /// Places of the lines of one second, oldest first.
    fn slots(&self, second: i64, streams: &[(&'a str, &'a StreamSpan)]) -> Vec<Slot<'a>> {
        let mut slots = self.background(second, streams);
        let calm = slots.len();
        for (name, span) in streams {
            let begin = span.from.as_millisecond();
            if begin < (second + 1) * 1000 && begin + OPENING >= second * 1000 {
                self.scripted(second, name, span, &mut slots);
            }
        }
        if slots.len() > calm {
            slots.sort_by_key(|slot| slot.at);
        }
        slots
    }

    fn background(&self, second: i64, streams: &[(&'a str, &'a StreamSpan)]) -> Vec<Slot<'a>> {
        let voice = &self.group.voice;
        let count = voice.lines_in(second);
        let (begin, end) = (second * 1000, (second + 1) * 1000);
        let lives = |span: &StreamSpan, at: i64| {
            !span.failing
                && span.from.as_millisecond() <= at
                && span.until.is_none_or(|until| until.as_millisecond() > at)
        };
        let changing = streams.iter().any(|(_, span)| lives(span, begin) != lives(span, end));
        let settled: Vec<&str> = streams.iter().filter(|(_, span)| lives(span, begin)).map(|(name, _)| *name).collect();
        let mut slots = Vec::with_capacity(count as usize);
        for number in 0..count {
            let seed = mix2(mix2(voice.seed, second as u64), number);
            let at = begin + ((number * 1000 + seed % 1000) / count) as i64;
            let stream = if changing {
                let alive: Vec<&str> =
                    streams.iter().filter(|(_, span)| lives(span, at)).map(|(name, _)| *name).collect();
                pick(&alive, seed)
            } else {
                pick(&settled, seed)
            };
            if let Some(stream) = stream {
                slots.push(Slot { at: LogPosition { timestamp: at, number }, seed, stream, text: None });
            }
        }
        slots
    }

    /// What a stream says as it starts, as far as it falls into this second.
    fn scripted(&self, second: i64, name: &'a str, span: &StreamSpan, slots: &mut Vec<Slot<'a>>) {
        let voice = &self.group.voice;
        let begin = span.from.as_millisecond();
        for (number, (offset, text)) in (SCRIPTED..).zip(voices::opening(voice.tone, span.failing, begin)) {
            let at = begin + offset;
            let said = span.until.is_none_or(|until| at <= until.as_millisecond());
            if at.div_euclid(1000) == second && said {
                let seed = mix2(hash(voice.seed, name), number);
                let number = number + ((seed & 0xffff) << 8);
                slots.push(Slot { at: LogPosition { timestamp: at, number }, seed, stream: name, text: Some(text) });
            }
        }
    }

    /// Whether the line lies in the time and the streams asked for.
    fn wanted(&self, slot: &Slot<'_>) -> bool {
        let streams = self.query.streams;
        (self.start..self.end).contains(&slot.at.timestamp)
            && (streams.is_empty() || streams.iter().any(|name| name == slot.stream))
            && self.query.stream_prefix.is_none_or(|prefix| slot.stream.starts_with(prefix))
    }

    /// The line itself, unless it has not come in yet.
    fn line(&self, slot: Slot<'_>) -> Option<LogEvent> {
        let timestamp = slot.at.timestamp;
        let ingestion = timestamp + delay(slot.seed);
        if ingestion > self.now {
            return None;
        }
        let message = slot.text.unwrap_or_else(|| voices::say(&self.group.voice, slot.seed, slot.stream, timestamp));
        let (high, low) = (mix2(slot.seed, 1), mix2(slot.seed, 2));
        let digits = 1_000_000_000_000_000_000;
        let id = format!("3{:019}{:018}{:018}", timestamp * 100_000, high % digits, low % digits);
        Some(LogEvent { id, place: slot.at, stream: slot.stream.to_owned(), timestamp, ingestion, message })
    }
}

impl Voice {
    /// How many background lines a second has.
    fn lines_in(&self, second: i64) -> u64 {
        if self.tone == Tone::Firehose {
            return self.rate as u64;
        }
        let rate = self.rate * (0.35 + 0.65 * load(second, self.peak_hour));
        let surplus = unit(mix2(self.seed ^ 0x5eed, second as u64)) < rate.fract();
        rate as u64 + u64::from(surplus)
    }

    /// The trouble that a line tells of, if the time has come for it.
    fn trouble(&self, seed: u64, stream: &str, timestamp: i64) -> Option<Trouble> {
        let concerns = |spell: &&Spell| spell.covers(timestamp) && spell.spared.as_deref() != Some(stream);
        let spell = self.spells.iter().find(concerns)?;
        (unit(mix2(seed, 77)) < spell.share).then_some(spell.trouble)
    }
}

/// Milliseconds from a line's instant until it can be read: mostly a second or two, now and then a minute.
fn delay(seed: u64) -> i64 {
    let hash = mix2(seed, 3);
    let usual = 150 + (hash % 1_800) as i64;
    if hash.is_multiple_of(331) { 15_000 + (hash >> 20).rem_euclid(45_000) as i64 } else { usual }
}

fn pick<'a>(streams: &[&'a str], seed: u64) -> Option<&'a str> {
    let index = (seed >> 17) as usize % streams.len().max(1);
    streams.get(index).copied()
}

/// The instant of a line, for what it says.
fn instant(timestamp: i64) -> Timestamp {
    Timestamp::from_millisecond(timestamp).unwrap_or(Timestamp::UNIX_EPOCH)
}
