//! Whether a journal is as it was written: every line's own hash, the chain from line to line, and the end by the head record.
//! Reads the file once from front to back and keeps one line of it in memory.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::book::Snapshot;
use super::entry::{Entry, Event};
use super::head::Head;
use super::lines::{End, read_line};
use super::seal::{Anchor, START, Seal, digest, hex};
use super::tail::LONGEST;

/// As many findings are kept; more say nothing new.
const MOST: usize = 1_000;

/// What became of a check of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The file.
    pub file: PathBuf,
    /// How many entries it has.
    pub entries: u64,
    /// What is wrong; nothing where it is whole.
    pub findings: Vec<Finding>,
    /// Lines that a crash has left and that a later entry accounts for.
    pub remains: Vec<u64>,
}

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, from 1; one more than there are where the end is missing.
    pub line: u64,
    /// What.
    pub what: Wrong,
}

/// What is wrong at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// This entry is not as it was written.
    Changed(u64),
    /// This entry is not the one that the next one stands on.
    Replaced(u64),
    /// It is no entry, and no later entry accounts for it.
    NoEntry,
    /// These entries are missing before this line.
    Missing(RangeInclusive<u64>),
    /// This entry stands where a later one should.
    OutOfOrder(u64),
    /// The last line is cut off.
    CutOff,
    /// These entries are missing at the end.
    LostEnd(RangeInclusive<u64>),
    /// There is no head record: whether entries are missing at the end can't be told.
    NoHead,
    /// There was no head record when this entry was written: whether entries are missing before it can't be told.
    WasHeadless(u64),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match &self.what {
            Wrong::Changed(seq) => write!(f, "entry {seq} (line {line}) was changed"),
            Wrong::Replaced(seq) => write!(f, "entry {seq} (line {line}) is not the one that was written"),
            Wrong::NoEntry => write!(f, "line {line} is no entry"),
            Wrong::Missing(range) => write!(f, "{} missing before line {line}", Entries(range)),
            Wrong::OutOfOrder(seq) => write!(f, "entry {seq} (line {line}) is out of order"),
            Wrong::CutOff => write!(f, "line {line} is cut off"),
            Wrong::LostEnd(range) => write!(f, "{} missing at the end", Entries(range)),
            Wrong::NoHead => f.write_str("the head record is missing: whether the end is whole can't be told"),
            Wrong::WasHeadless(seq) => {
                write!(
                    f,
                    "the head record was missing before entry {seq} (line {line}): what came before may be cut off"
                )
            }
        }
    }
}

struct Entries<'a>(&'a RangeInclusive<u64>);

impl fmt::Display for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.0.start(), self.0.end());
        if first == last { write!(f, "entry {first} is") } else { write!(f, "entries {first} to {last} are") }
    }
}

/// Reads a journal from front to back.
pub(super) fn verify(file: PathBuf, snapshot: Snapshot) -> io::Result<Verified> {
    let Snapshot { file: open, length, head } = snapshot;
    let mut check = Check::new(Verified { file, entries: 0, findings: Vec::new(), remains: Vec::new() }, head);
    if let Some(open) = open {
        let mut reader = BufReader::with_capacity(256 * 1024, open.take(length));
        let mut line = Vec::new();
        while let Some(end) = read_line(&mut reader, &mut line)? {
            check.line(&line, end);
        }
    }
    Ok(check.finish(length))
}

/// Lines that are no entries, until the next entry accounts for them or does not.
#[derive(Default)]
struct Strays {
    first: u64,
    count: u64,
    bytes: Vec<u8>,
    too_long: bool,
}

struct Check {
    verified: Verified,
    head: Head,
    line: u64,
    last: Anchor,
    /// What the hash of the last entry should be, where it is not what stands there.
    last_computed: Option<[u8; 32]>,
    last_line: u64,
    strays: Strays,
}

impl Check {
    fn new(verified: Verified, head: Head) -> Self {
        let strays = Strays::default();
        Self { verified, head, line: 0, last: START, last_computed: None, last_line: 0, strays }
    }

    fn found(&mut self, line: u64, what: Wrong) {
        if self.verified.findings.len() < MOST {
            self.verified.findings.push(Finding { line, what });
        }
    }

    fn line(&mut self, bytes: &[u8], end: End) {
        self.line += 1;
        match Seal::read(bytes).filter(|_| end != End::TooLong) {
            Some(seal) => {
                self.settle_strays(&seal, bytes);
                self.entry(&seal);
            }
            None => self.stray(bytes, end),
        }
        if end == End::OfFile {
            self.found(self.line, Wrong::CutOff);
        }
    }

    fn entry(&mut self, seal: &Seal) {
        self.verified.entries += 1;
        let line = self.line;
        let follows = seal.prev == self.last.hash || self.last_computed.is_some_and(|hash| hash == seal.prev);
        // What an entry that was changed says of itself is not to be believed.
        let seq = if seal.holds() { seal.seq } else { self.last.seq + 1 };
        if seq <= self.last.seq {
            self.found(line, Wrong::OutOfOrder(seq));
        } else if seq > self.last.seq + 1 {
            self.found(line, Wrong::Missing(self.last.seq + 1..=seq - 1));
        } else if !follows && seal.holds() {
            self.found(self.last_line, Wrong::Replaced(self.last.seq));
        }
        if !seal.holds() {
            self.found(line, Wrong::Changed(seq));
        }
        if let Head::Is(head) = self.head
            && head.seq == seq
            && head.hash != seal.hash
            && seal.holds()
        {
            self.found(line, Wrong::Replaced(seq));
        }
        if seq > self.last.seq {
            self.last = Anchor { seq, hash: seal.hash };
            self.last_computed = (!seal.holds()).then_some(seal.computed);
            self.last_line = line;
        }
    }

    fn stray(&mut self, bytes: &[u8], end: End) {
        let strays = &mut self.strays;
        if strays.count == 0 {
            strays.first = self.line;
        } else {
            strays.bytes.push(b'\n');
        }
        strays.count += 1;
        strays.too_long |= end == End::TooLong || strays.bytes.len() + bytes.len() > LONGEST;
        if !strays.too_long {
            strays.bytes.extend_from_slice(bytes);
        }
    }

    /// Lines that are no entries are in order only where the next entry says that a crash has left them.
    fn settle_strays(&mut self, seal: &Seal, line: &[u8]) {
        let strays = std::mem::take(&mut self.strays);
        let resumed = looks_resumed(line).then(|| serde_json::from_slice::<Entry>(line).ok()).flatten();
        let Some(Entry { event: Event::Resumed { bytes, remains, headless }, .. }) = resumed.filter(|_| seal.holds())
        else {
            return self.unaccounted(&strays);
        };
        if headless {
            self.found(self.line, Wrong::WasHeadless(seal.seq));
        }
        let accounted = bytes == strays.bytes.len() as u64 && remains == hex(&digest(&strays.bytes));
        if !accounted || strays.too_long {
            return self.unaccounted(&strays);
        }
        let lines = strays.first..strays.first + strays.count;
        self.verified.remains.extend(lines.take(MOST.saturating_sub(self.verified.remains.len())));
    }

    fn unaccounted(&mut self, strays: &Strays) {
        for line in (strays.first..strays.first + strays.count).take(MOST) {
            self.found(line, Wrong::NoEntry);
        }
    }

    fn finish(mut self, length: u64) -> Verified {
        let strays = std::mem::take(&mut self.strays);
        let cut_off = self.verified.findings.last().is_some_and(|finding| finding.what == Wrong::CutOff);
        // What was cut off at the end is said already.
        let known = Strays { count: strays.count.saturating_sub(u64::from(cut_off)), ..strays };
        self.unaccounted(&known);
        match self.head {
            Head::Is(head) if head.seq > self.last.seq => {
                self.found(self.line + 1, Wrong::LostEnd(self.last.seq + 1..=head.seq));
            }
            Head::Gone if length > 0 => self.found(self.line, Wrong::NoHead),
            _ => {}
        }
        self.verified.findings.sort_by_key(|finding| finding.line);
        self.verified
    }
}

/// Whether a line may be an entry that accounts for what a crash has left, so that only those are parsed.
fn looks_resumed(line: &[u8]) -> bool {
    str::from_utf8(line).is_ok_and(|line| line.contains(r#""event":"resumed""#))
}
