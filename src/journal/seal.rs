//! How an entry is sealed: its line in the file, and the hash that ties it to the one before. The hash is the SHA-256 of the line's
//! own bytes up to the hash, the one before among them; what is checked is what stands in the file, not what a parser makes of it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::entry::{Draft, Entry};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first entry stands on.
pub(super) const START: Anchor = Anchor { seq: 0, hash: [0; 32] };

/// An entry that the next one stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) seq: u64,
    pub(super) hash: Hash,
}

/// The form of a line's ends.
const FIRST: &[u8] = br#"{"seq":"#;
const PREV: &[u8] = br#","prev":""#;
const HASH: &[u8] = br#"","hash":""#;
const LAST: &[u8] = br#""}"#;

/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// What a line says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) seq: u64,
    /// Hash of the entry it stands on.
    pub(super) prev: Hash,
    /// Its hash as it stands there.
    pub(super) hash: Hash,
    /// Its hash as it must be.
    pub(super) computed: Hash,
}

impl Seal {
    /// Reads a line without its end. `None` where it has not the form of an entry.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(FIRST)?;
        let digits = rest.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        let seq = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        let rest = line.strip_suffix(LAST)?;
        let (rest, hash) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
        let sealed = rest.strip_suffix(HASH)?;
        let (rest, prev) = sealed.split_at_checked(sealed.len().checked_sub(DIGITS)?)?;
        rest.strip_suffix(PREV)?;
        // The quote after the hash before belongs to what is sealed.
        let computed = digest(&line[..=sealed.len()]);
        Some(Self { seq, prev: unhex(prev)?, hash: unhex(hash)?, computed })
    }

    /// Whether it has stayed as it was written.
    pub(super) fn holds(&self) -> bool {
        self.hash == self.computed
    }

    pub(super) fn anchor(&self) -> Anchor {
        Anchor { seq: self.seq, hash: self.hash }
    }
}

/// An entry, its line without an end, and what the next one stands on.
pub(super) struct Sealed {
    pub(super) entry: Entry,
    pub(super) line: Vec<u8>,
    pub(super) anchor: Anchor,
}

/// Seals a draft that follows `before`.
pub(super) fn seal(draft: Draft, before: Anchor) -> serde_json::Result<Sealed> {
    let Draft { at, run, who, place, event } = draft;
    let (prev, hash) = (hex(&before.hash), String::new());
    let mut entry = Entry { seq: before.seq + 1, at, run, who, place, event, prev, hash };
    let mut line = serde_json::to_vec(&entry)?;
    // Without the empty hash at the end, and without its name.
    let sealed = line.len() - LAST.len() - (HASH.len() - 1);
    let hash = digest(&line[..sealed]);
    entry.hash = hex(&hash);
    line.truncate(line.len() - LAST.len());
    line.extend_from_slice(entry.hash.as_bytes());
    line.extend_from_slice(LAST);
    Ok(Sealed { anchor: Anchor { seq: entry.seq, hash }, entry, line })
}

pub(super) fn digest(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(DIGITS), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Reads what [`hex`] writes, and nothing else: in capital letters it would be another file.
pub(super) fn unhex(digits: &[u8]) -> Option<Hash> {
    const fn value(digit: u8) -> Option<u8> {
        match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        }
    }
    if digits.len() != DIGITS {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(hash)
}
