//! What speaks for and against a lock being left over. None of it proves that whoever took it is dead; all of it is told.

use jiff::Timestamp;

use super::{Attribution, Fault, Lock, Record, Whole, locks, parts, place_of, terraform};
use crate::kinds::parts::minute;
use crate::kinds::terraform::lock::OLD;
use crate::kinds::terraform_state::digest_matches;
use crate::model::{Precondition, Verdict, text};

const UNTOUCHED: &str = "the state was not written since";
const DIGEST: &str = "the digest is the state's";

/// The preconditions of releasing a lock, but for whether its holder still lives.
pub(super) fn of(
    environment: &str,
    record: &Record,
    lock: Result<&Lock, &String>,
    whose: Attribution,
    whole: Result<&Whole, &Fault>,
) -> Vec<Precondition> {
    let now = Timestamp::now();
    let mut all = match lock {
        Ok(lock) => vec![age(lock, now)],
        Err(why) => {
            vec![Precondition::new("it can be read", Verdict::Warn, format!("{why}: it can't be told whose it is"))]
        }
    };
    all.push(match whose {
        Attribution::Own => {
            parts::should("it belongs to the environment", true, format!("{} is of {environment}", record.path))
        }
        Attribution::Other | Attribution::Nobody => {
            let words =
                format!("no configuration says whose {} is: it is in a backend that {environment} shares", record.path);
            parts::should("it belongs to the environment", false, words)
        }
    });
    match whole {
        Ok(whole) => {
            all.extend([written(lock.ok(), whole), digest(whole)]);
            all.extend(other_locks(record, lock.ok(), whole));
            all.extend(whole.faults.iter().map(|fault| parts::untold("no other lock is held", fault)));
        }
        Err(fault) => all.extend([UNTOUCHED, DIGEST].map(|name| parts::untold(name, fault))),
    }
    all
}

fn age(lock: &Lock, now: Timestamp) -> Precondition {
    const NAME: &str = "it is old";
    let Some(created) = lock.created else {
        return parts::should(NAME, false, "it does not say since when it is held");
    };
    let age = text::age(created, now);
    let young = if now.duration_since(created) > OLD { "" } else { ": what it was taken for may well be running" };
    parts::should(NAME, young.is_empty(), format!("held for {age}, since {}{young}", minute(created)))
}

/// That the state was not written is no evidence of a dead apply: a long one writes it at its end.
fn written(lock: Option<&Lock>, whole: &Whole) -> Precondition {
    let Some((read, _)) = &whole.state else {
        return parts::should(UNTOUCHED, true, "there is no state yet");
    };
    match (read.written, lock.and_then(|lock| lock.created)) {
        (Some(written), Some(created)) if written > created => {
            let words = format!("written {} after the lock was taken: whoever holds it was at work", minute(written));
            parts::should(UNTOUCHED, false, words)
        }
        (Some(written), Some(_)) => {
            let words = format!(
                "written {}, before the lock was taken; that does not show that the run is dead",
                minute(written)
            );
            parts::should(UNTOUCHED, true, words)
        }
        (written, _) => {
            let when = written.map_or_else(|| "at an unknown time".to_owned(), minute);
            parts::should(UNTOUCHED, false, format!("written {when}; since when the lock is held is not known"))
        }
    }
}

fn digest(whole: &Whole) -> Precondition {
    let digests: Vec<&str> = terraform::digests(whole).filter_map(|record| record.text.as_deref()).collect();
    let Some((read, content)) = &whole.state else {
        return parts::should(
            DIGEST,
            digests.is_empty(),
            if digests.is_empty() { "neither is there" } else { "there is a digest, but no state" },
        );
    };
    if digests.is_empty() {
        return parts::should(DIGEST, true, "no table has a digest of it");
    }
    let content = content.as_deref().ok();
    let told: Vec<Option<bool>> = digests.iter().map(|it| digest_matches(it, content, read.etag.as_deref())).collect();
    if told.contains(&Some(false)) {
        return parts::should(
            DIGEST,
            false,
            "it is another state's: Terraform will refuse to work until `terraform-digest-repair`",
        );
    }
    if told.contains(&None) {
        parts::should(DIGEST, false, "could not tell: the state is too large to be read for it")
    } else {
        parts::should(DIGEST, true, "they match")
    }
}

/// Locks of the state that stay.
fn other_locks(record: &Record, lock: Option<&Lock>, whole: &Whole) -> Option<Precondition> {
    let stays = |other: &&Record| {
        let same_place = other.sort == record.sort && other.store == record.store && other.place == record.place;
        let same_lock = lock.is_some_and(|lock| other.lock().is_ok_and(|other| other.id == lock.id));
        !same_place && !same_lock
    };
    let others: Vec<String> =
        locks(whole).filter(stays).map(|other| format!("{} {}", place_of(other), other.store)).collect();
    let words = format!("another lock of the state stays in {}", others.join(", "));
    (!others.is_empty()).then(|| parts::should("no other lock is held", false, words))
}
