//! The journal as a whole: what is written can be read, and whatever is done to the file is found.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;

use super::testing::{intent, note, now, who};
use super::*;

const FILE: &str = book::NAME;
const HEAD: &str = head::NAME;

fn journal(folder: &Path) -> Journal {
    Journal::new(Some(folder.to_owned()), None)
}

fn verified(folder: &Path) -> Verified {
    journal(folder).verify().unwrap().remove(0)
}

fn words(verified: &Verified) -> Vec<String> {
    verified.findings.iter().map(ToString::to_string).collect()
}

fn entries(folder: &Path) -> Vec<Entry> {
    let mut entries = journal(folder).newest(1_000, None, &|_| true).unwrap();
    entries.reverse();
    entries
}

/// The files after each of so many appends.
fn grown(count: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let folder = TempDir::new().unwrap();
    let journal = journal(folder.path());
    let after = |number: usize| {
        journal.append(if number.is_multiple_of(2) { intent("r", 0, number) } else { note("r") }).unwrap();
        (std::fs::read(folder.path().join(FILE)).unwrap(), std::fs::read(folder.path().join(HEAD)).unwrap())
    };
    (0..count).map(after).collect()
}

static GROWN: LazyLock<Vec<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| grown(6));

/// A folder with these files.
fn with(file: &[u8], head: Option<&[u8]>) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(FILE), file).unwrap();
    if let Some(head) = head {
        std::fs::write(folder.path().join(HEAD), head).unwrap();
    }
    folder
}

#[test]
fn what_is_written_can_be_read() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    let journal = journal(&state);
    assert!(journal.verify().unwrap().is_empty() && journal.newest(5, None, &|_| true).unwrap().is_empty());
    for step in 0..5 {
        let written = journal.append(intent("r", 0, step)).unwrap();
        assert_eq!(written.seq, step as u64 + 1);
        assert_eq!(entries(&state).last(), Some(&written));
    }
    let steps = |entries: Vec<Entry>| entries.iter().map(|entry| entry.event.step().unwrap().1).collect::<Vec<_>>();
    assert_eq!(steps(journal.newest(2, None, &|_| true).unwrap()), [4, 3]);
    assert_eq!(steps(journal.newest(9, None, &|entry| entry.seq < 3).unwrap()), [1, 0]);
    assert!(journal.newest(9, Some(now() + jiff::SignedDuration::from_secs(1)), &|_| true).unwrap().is_empty());
    let verified = verified(&state);
    assert_eq!((verified.entries, verified.findings, verified.remains), (5, Vec::new(), Vec::new()));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    let journal = journal(&state);
    journal.append(note("r")).unwrap();
    let _run = journal.start(now()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join("runs"))), (0o700, 0o700));
    for file in std::fs::read_dir(&state).unwrap().chain(std::fs::read_dir(state.join("runs")).unwrap()) {
        let path = file.unwrap().path();
        assert!(path.is_dir() || mode(&path) == 0o600, "{}", path.display());
    }
}

#[test]
fn several_consoles_write_at_once() {
    let folder = TempDir::new().unwrap();
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let path = folder.path();
            scope.spawn(move || {
                let journal = journal(path);
                (0..10).for_each(|step| drop(journal.append(intent(name, 0, step)).unwrap()));
            });
        }
    });
    let verified = verified(folder.path());
    assert_eq!((verified.entries, words(&verified)), (30, Vec::new()));
    for name in ["a", "b", "c"] {
        let own = entries(folder.path()).into_iter().filter(|entry| entry.run == name);
        assert_eq!(own.map(|entry| entry.event.step().unwrap().1).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    }
}

#[test]
fn a_second_folder_stands_in_and_a_full_disk_is_told() {
    let folder = TempDir::new().unwrap();
    let (blocked, second) = (folder.path().join("blocked"), folder.path().join("second"));
    std::fs::write(&blocked, "no folder").unwrap();
    let alone = Journal::new(Some(blocked.join("state")), None);
    assert!(alone.append(note("r")).is_err() && alone.start(now()).is_err());
    assert!(Journal::new(None, None).append(note("r")).unwrap_err().to_string().contains("no folder"));
    let both = Journal::new(Some(blocked.join("state")), Some(second.clone()));
    both.append(note("r")).unwrap();
    drop(both.start(now()).unwrap());
    assert_eq!(entries(&second).len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join(FILE)).unwrap();
    let error = journal(folder.path()).append(note("r")).unwrap_err().to_string();
    assert!(error.contains("No space left"), "{error}");
}

/// A change to the file, and the first line it touches (from 1). `None` where it changes nothing.
fn damaged(file: &[u8], damage: Damage) -> Option<(Vec<u8>, u64)> {
    let line_of = |at: usize| file[..at].split(|byte| *byte == b'\n').count() as u64;
    let mut lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let count = lines.len();
    let (mut bytes, line) = match damage {
        Damage::Byte(at, byte) => {
            let at = at.index(file.len());
            let mut bytes = file.to_vec();
            bytes[at] = byte;
            (bytes, line_of(at))
        }
        Damage::Insert(at, byte) => {
            let at = at.index(file.len());
            (([&file[..at], &[byte], &file[at..]]).concat(), line_of(at))
        }
        Damage::Remove(at, length) => {
            let at = at.index(file.len());
            let end = (at + length).min(file.len());
            ([&file[..at], &file[end..]].concat(), line_of(at))
        }
        Damage::Cut(at) => (file[..at.index(file.len())].to_vec(), line_of(at.index(file.len()))),
        Damage::RemoveLine(at) => {
            let at = at.index(count);
            lines.remove(at);
            (lines.concat(), at as u64 + 1)
        }
        Damage::Swap(a, b) => {
            let (a, b) = (a.index(count), b.index(count));
            lines.swap(a, b);
            (lines.concat(), a.min(b) as u64 + 1)
        }
        Damage::Repeat(a, b) => {
            let (a, b) = (a.index(count), b.index(count));
            lines.insert(b, lines[a]);
            // The first of two that are equal is in its place.
            (lines.concat(), if a == b { b as u64 + 2 } else { b as u64 + 1 })
        }
    };
    bytes.shrink_to_fit();
    (bytes != file).then_some((bytes, line))
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Byte(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Cut(prop::sample::Index),
    RemoveLine(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        // Digits and letters where hashes and numbers stand.
        (index(), b'0'..=b'f').prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (index(), 1_usize..2_000).prop_map(|(at, length)| Damage::Remove(at, length)),
        index().prop_map(Damage::Cut),
        index().prop_map(Damage::RemoveLine),
        (index(), index()).prop_map(|(a, b)| Damage::Swap(a, b)),
        (index(), index()).prop_map(|(a, b)| Damage::Repeat(a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_damage_is_found_and_located(damage in any_damage()) {
        let (file, head) = GROWN.last().unwrap();
        let Some((bytes, line)) = damaged(file, damage) else { return Ok(()) };
        let folder = with(&bytes, Some(head));
        let verified = verified(folder.path());
        let first = verified.findings.first();
        prop_assert!(first.is_some(), "{damage:?} was not found");
        let first = first.unwrap();
        // What follows tells of what is missing before it.
        prop_assert!((line..=line + 1).contains(&first.line), "{damage:?} of line {line}: {:?}", words(&verified));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_append_hides_what_was_lost(damage in any_damage()) {
        let (file, head) = GROWN.last().unwrap();
        let Some((bytes, _)) = damaged(file, damage) else { return Ok(()) };
        // Only the last line's end is gone, or something stands after it: nothing is lost.
        if bytes.starts_with(&file[..file.len() - 1]) {
            return Ok(());
        }
        let folder = with(&bytes, Some(head));
        let entry = journal(folder.path()).append(note("later")).unwrap();
        prop_assert!(entry.seq > 6);
        let verified = verified(folder.path());
        prop_assert!(!verified.findings.is_empty(), "{damage:?} is hidden");
        prop_assert_eq!(entries(folder.path()).pop(), Some(entry));
    }

    #[test]
    fn a_crash_in_the_middle_of_an_append_is_got_over(
        whole in 0_usize..5,
        cut in any::<prop::sample::Index>(),
        again in prop::option::of(any::<prop::sample::Index>()),
        zeros in 0_usize..40,
        head_is_written in any::<bool>(),
    ) {
        // The last line is there in part, and the head record as it was before it.
        let empty = (Vec::new(), slots_of_start());
        let (file, head) = whole.checked_sub(1).map_or(&empty, |last| &GROWN[last]);
        let (next, next_head) = &GROWN[whole];
        let length = file.len() + cut.index(next.len() - file.len() + 1);
        let mut torn = next[..length].to_vec();
        let complete = length == next.len();
        if !complete {
            torn.extend(std::iter::repeat_n(0, zeros));
        }
        let head = if complete && head_is_written { next_head } else { head };
        let folder = with(&torn, Some(head));
        let before = verified(folder.path());
        let is_torn = torn.len() > file.len() && !complete;
        prop_assert_eq!(before.findings.len(), usize::from(is_torn), "{:?}", words(&before));
        prop_assert!(before.findings.iter().all(|it| it.what == Wrong::CutOff && it.line == whole as u64 + 1));

        if let Some(again) = again {
            // The append that gets over it is cut off, too.
            let head = std::fs::read(folder.path().join(HEAD)).unwrap();
            journal(folder.path()).append(note("once")).unwrap();
            let mended = std::fs::read(folder.path().join(FILE)).unwrap();
            let length = torn.len() + again.index(mended.len() - torn.len());
            std::fs::write(folder.path().join(FILE), &mended[..length]).unwrap();
            std::fs::write(folder.path().join(HEAD), head).unwrap();
        }
        let entry = journal(folder.path()).append(note("later")).unwrap();
        let after = verified(folder.path());
        prop_assert_eq!(words(&after), Vec::<String>::new());
        prop_assert_eq!(entries(folder.path()).pop(), Some(entry));
    }
}

/// A head record from before the first entry.
fn slots_of_start() -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    head::write(folder.path(), seal::START).unwrap();
    std::fs::read(folder.path().join(HEAD)).unwrap()
}

#[test]
fn findings_say_which_entry() {
    let (file, head) = &GROWN[5];
    let said = |bytes: &[u8]| words(&verified(with(bytes, Some(head)).path()));
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(said(&lines[..4].concat()), ["entries 5 to 6 are missing at the end"]);
    assert_eq!(said(&[&lines[..1], &lines[2..]].concat().concat()), ["entry 2 is missing before line 2"]);
    let changed = String::from_utf8(file.clone()).unwrap().replacen("the queue grows", "the queue grew!", 1);
    assert_eq!(said(changed.as_bytes()), ["entry 1 (line 1) was changed"]);
    assert_eq!(said(&file[..file.len() - 20]), ["line 6 is cut off", "entry 6 is missing at the end"]);
    assert_eq!(said(&[&file[..], b"junk\n"].concat()), ["line 7 is no entry"]);
    let swapped = [lines[0], lines[2], lines[1], lines[3], lines[4], lines[5]].concat();
    assert_eq!(said(&swapped), ["entry 2 is missing before line 2", "entry 2 (line 3) is out of order"]);
    assert_eq!(said(&[]), ["entries 1 to 6 are missing at the end"]);
}

#[test]
fn an_entry_sealed_anew_is_found_by_what_stands_on_it() {
    let (file, head) = &GROWN[5];
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    for at in [2, 5] {
        let before = seal::Seal::read(lines[at - 1].trim_ascii_end()).unwrap().anchor();
        let mut forged = seal::seal(intent("forged", 0, 0), before).unwrap().line;
        forged.push(b'\n');
        let mut bytes = lines.clone();
        bytes[at] = &forged;
        let words = words(&verified(with(&bytes.concat(), Some(head)).path()));
        assert_eq!(words, [format!("entry {0} (line {0}) is not the one that was written", at + 1)]);
    }
}

#[test]
fn a_head_record_that_is_gone_is_told_for_ever() {
    let (file, head) = &GROWN[5];
    let folder = with(file, None);
    assert!(words(&verified(folder.path()))[0].starts_with("the head record is missing"));
    journal(folder.path()).append(note("r")).unwrap();
    let words = words(&verified(folder.path()));
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].starts_with("the head record was missing before entry 7 (line 7)"), "{words:?}");
    // The file gone and the record there: the numbers go on.
    let folder = with(b"", Some(head));
    std::fs::remove_file(folder.path().join(FILE)).unwrap();
    assert_eq!(self::words(&verified(folder.path())), ["entries 1 to 6 are missing at the end"]);
    assert_eq!(journal(folder.path()).append(note("r")).unwrap().seq, 7);
    assert_eq!(self::words(&verified(folder.path())), ["entries 1 to 6 are missing before line 1"]);
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let folder = with(&vec![b'x'; tail::LONGEST + 10], None);
    assert!(journal(folder.path()).append(note("r")).is_err());
    assert_eq!(verified(folder.path()).entries, 0);
    assert_eq!(std::fs::metadata(folder.path().join(FILE)).unwrap().len(), tail::LONGEST as u64 + 10);
}

fn outcome(run: &str, outcome: Outcome) -> Draft {
    Draft { event: Event::Outcome { part: 0, step: 0, outcome, request_id: None, fault: None }, ..intent(run, 0, 0) }
}

#[test]
fn what_a_console_has_left_is_told_once() {
    let folder = TempDir::new().unwrap();
    let journal = journal(folder.path());
    let run = |ended: &[Outcome], begin: bool| {
        let run = journal.start(now()).unwrap();
        if begin {
            run.begin();
            journal.append(intent(run.id(), 0, 0)).unwrap();
        }
        for ended in ended {
            journal.append(outcome(run.id(), *ended)).unwrap();
        }
        run
    };
    let told = || journal.orphans(now(), &who()).into_iter().map(|intent| intent.run).collect::<Vec<_>>();
    let done = run(&[Outcome::Succeeded], true);
    done.settle();
    let (unused, living) = (run(&[], false), run(&[], true));
    drop((done, unused));
    assert_eq!(std::fs::read_dir(folder.path().join("runs")).unwrap().count(), 1);
    assert!(told().is_empty(), "another console's living run is its own");
    let (killed, hung_up, late) =
        (run(&[], true), run(&[Outcome::Unknown], true), run(&[Outcome::Unknown, Outcome::Succeeded], true));
    let killed_id = killed.id().to_owned();
    let mut expected = vec![killed.id().to_owned(), hung_up.id().to_owned()];
    expected.sort();
    drop((killed, hung_up, late));
    let mut found = told();
    found.sort();
    assert_eq!(found, expected);
    let last = entries(folder.path()).pop().unwrap();
    assert!(matches!(last.event, Event::Outcome { outcome: Outcome::Unknown, .. }) && last.run == killed_id);
    assert!(told().is_empty());
    drop(living);
    assert_eq!(told().len(), 1);
    assert_eq!(verified(folder.path()).findings, []);
}
