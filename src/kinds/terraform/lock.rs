//! The text of a lock, as Terraform writes it down.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::kinds::parts::{Verdict, minute};
use crate::model::{Health, text};

/// A lock that has been held longer may be left over.
pub const OLD: SignedDuration = SignedDuration::from_hours(1);

/// What a lock says of itself. Cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Its id: what `terraform force-unlock` takes.
    pub id: Arc<str>,
    /// Such as `OperationTypeApply`.
    pub operation: Arc<str>,
    /// `user@host`.
    pub who: Arc<str>,
    /// Terraform's version.
    pub version: Arc<str>,
    /// Since when.
    pub created: Option<Timestamp>,
    /// What else was said.
    pub info: Arc<str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Written {
    #[serde(rename = "ID")]
    id: String,
    operation: String,
    who: String,
    version: String,
    created: String,
    info: String,
}

impl Lock {
    /// Reads a lock's text; else says why it can't be read.
    pub fn parse(written: &str) -> Result<Self, String> {
        let read: Written =
            serde_json::from_str(written).map_err(|error| format!("it is not what Terraform writes ({error})"))?;
        if read.id.trim().is_empty() {
            return Err("it has no ID".to_owned());
        }
        let clean = |text: &str| Arc::from(text::clean(text));
        Ok(Self {
            id: clean(&read.id),
            operation: clean(&read.operation),
            who: clean(&read.who),
            version: clean(&read.version),
            created: read.created.parse().ok(),
            info: clean(&read.info),
        })
    }

    /// The host in `user@host`.
    pub fn host(&self) -> Option<&str> {
        self.who.rsplit_once('@').map(|(_, host)| host).filter(|host| !host.is_empty())
    }

    /// Who holds it and since when, in words that stay the same while it is held.
    pub fn words(&self) -> String {
        let who = if self.who.is_empty() { "somebody" } else { &self.who };
        let what = match self.operation.strip_prefix("OperationType").unwrap_or(&self.operation) {
            "" => String::new(),
            what => format!(" ({})", what.to_lowercase()),
        };
        match self.created {
            Some(created) => format!("held by {who}{what} since {}", minute(created)),
            None => format!("held by {who}{what}; it does not say since when"),
        }
    }

    /// A lock is work in progress while it is young; an old one is in everybody's way.
    pub fn verdict(&self, now: Timestamp) -> Verdict {
        let health = match self.created {
            Some(created) if now.duration_since(created) > OLD => Health::Degraded,
            Some(_) => Health::Progressing,
            None => Health::Unknown,
        };
        (health, self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"ID":"3f2a81c0-1111-2222-3333-444455556666","Operation":"OperationTypeApply","Info":"","Who":"runner@ip-10-0-2-117","Version":"1.11.4","Created":"2026-03-02T07:30:00.123456789Z","Path":"b/k"}"#;

    #[test]
    fn a_lock_of_terraform_is_read() {
        let lock = Lock::parse(TEXT).unwrap();
        assert_eq!((&*lock.id, lock.host()), ("3f2a81c0-1111-2222-3333-444455556666", Some("ip-10-0-2-117")));
        assert_eq!(lock.created.unwrap().to_string(), "2026-03-02T07:30:00.123456789Z");
        assert_eq!(lock.words(), "held by runner@ip-10-0-2-117 (apply) since 2026-03-02 07:30Z");
    }

    #[test]
    fn young_locks_are_in_progress_and_old_ones_in_the_way() {
        let lock = Lock::parse(TEXT).unwrap();
        assert_eq!(lock.verdict("2026-03-02T08:29:00Z".parse().unwrap()).0, Health::Progressing);
        assert_eq!(lock.verdict("2026-03-02T08:31:00Z".parse().unwrap()).0, Health::Degraded);
        let undated = Lock { created: None, ..lock };
        assert_eq!(undated.verdict(Timestamp::UNIX_EPOCH).0, Health::Unknown);
    }

    #[test]
    fn what_is_no_lock_says_so() {
        assert!(Lock::parse("busy").unwrap_err().starts_with("it is not what Terraform writes"));
        assert_eq!(Lock::parse("{}").unwrap_err(), "it has no ID");
        assert_eq!(&*Lock::parse("{\"ID\":\"a\\u001b[31mb\"}").unwrap().id, "ab");
    }
}
