//! Where a state is restored from: a version of the object, a copy beside it, or a file on this machine.

use std::fmt;

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};

use super::{Summary, differences};
use crate::actions::Choice;
use crate::actions::parts;
use crate::actions::terraform::invalid;
use crate::kinds::parts::minute;
use crate::kinds::terraform::objects::{self, Version};
use crate::kinds::terraform::{MOST, split};
use crate::kinds::terraform_state::place;
use crate::model::{Fault, Fields, ResourceId, text};
use crate::providers::{Acting, Env};

/// What the key of a copy has after that of its state.
pub(super) const COPY: &str = ".backup-";
/// Versions and copies that can be chosen, and as many of the newest are read to tell what is in them.
const CHOICES: usize = 50;
const TOLD: usize = 8;
const AT_ONCE: usize = 4;
/// The largest version that is read for that.
const READ: u64 = 4 << 20;

/// Where from.
pub(super) enum Source {
    /// A version of the object.
    Version(String),
    /// A copy, by its key.
    Copy(String),
    /// A file.
    File(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(id) => write!(f, "version {id}"),
            Self::Copy(key) => f.write_str(key),
            Self::File(path) => write!(f, "the file {path}"),
        }
    }
}

impl Source {
    /// What the fields say.
    pub(super) fn of(fields: &Fields) -> Result<Self, Fault> {
        match (parts::given(fields, "version"), parts::given(fields, "file")) {
            (Some(copy), None) if copy.contains(COPY) => Ok(Self::Copy(copy.to_owned())),
            (Some(version), None) => Ok(Self::Version(version.to_owned())),
            (None, Some(file)) => Ok(Self::File(file.to_owned())),
            (Some(_), Some(_)) => Err(invalid("`--version` and `--file` exclude each other")),
            (None, None) => Err(invalid("`--version` is missing, or `--file`")),
        }
    }

    /// The text of the earlier state. `acting` may be that of the target or of the place that holds it.
    pub(super) async fn read(&self, acting: &Acting, path: &str) -> Result<String, Fault> {
        let (bucket, key) = split(path).ok_or_else(|| invalid(format!("`{path}` is no path of a state")))?;
        let (key, version) = match self {
            Self::File(file) => return of_file(file).await,
            Self::Version(id) => (key, Some(id.as_str())),
            Self::Copy(copy) if copy.starts_with(&format!("{key}{COPY}")) => (copy.as_str(), None),
            Self::Copy(copy) => return Err(invalid(format!("{copy} is no copy of {path}"))),
        };
        let there = place(&acting.env, bucket).env(&acting.env).await?;
        let read = objects::read(&there, bucket, key, version, MOST).await?;
        let read = read.ok_or_else(|| invalid(format!("{path} has no {self}")))?;
        let Some(body) = read.body else { return Err(too_large(read.size)) };
        String::from_utf8(body.to_vec()).map_err(|_| invalid(format!("{self} is no text")))
    }
}

fn too_large(size: u64) -> Fault {
    invalid(format!("{} are more than the {} that are read", text::bytes(size), text::bytes(MOST)))
}

async fn of_file(file: &str) -> Result<String, Fault> {
    let unread = |error: std::io::Error| invalid(format!("{file} can't be read: {error}"));
    let size = tokio::fs::metadata(file).await.map_err(unread)?.len();
    if size > MOST {
        return Err(too_large(size));
    }
    tokio::fs::read_to_string(file).await.map_err(unread)
}

/// The versions and copies that can be put back, newest first, and what is in the newest of them.
pub(super) async fn choices(acting: &Acting, target: &ResourceId, field: &str) -> Result<Vec<Choice>, Fault> {
    if field != "version" {
        return Ok(Vec::new());
    }
    let (bucket, key) = split(&target.id).ok_or_else(|| invalid(format!("`{}` is no path of a state", target.id)))?;
    let there = place(&acting.env, bucket).env(&acting.env).await?;
    let (versions, _) = objects::versions(&there, bucket, key).await?;
    let present = summary(&there, bucket, key, None).await;
    let found =
        versions.into_iter().filter(|version| !version.latest && version.size.is_some() && &*version.id != "null");
    let found: Vec<Version> = found.take(CHOICES).collect();
    let read: Vec<_> =
        found.iter().take(TOLD).map(|version| summary(&there, bucket, key, Some(version)).boxed()).collect();
    let mut read: Vec<Option<Summary>> = stream::iter(read).buffered(AT_ONCE).collect().await;
    read.resize(found.len(), None);
    let choices = found.iter().zip(read).map(|(version, summary)| choice(version, summary.as_ref(), present.as_ref()));
    Ok(choices.collect())
}

async fn summary(there: &Env, bucket: &str, key: &str, version: Option<&Version>) -> Option<Summary> {
    let id = version.map(|version| &*version.id);
    let read = objects::read(there, bucket, key, id, READ).await.ok()??;
    Summary::of(read.body?).await.ok()
}

fn choice(version: &Version, summary: Option<&Summary>, present: Option<&Summary>) -> Choice {
    let written =
        version.written.map_or_else(|| "written at an unknown time".to_owned(), |at| format!("written {}", minute(at)));
    let size = text::bytes(version.size.unwrap_or_default());
    let words = match summary {
        Some(summary) => format!("serial {}, {} resources, {size}, {written}", summary.serial, summary.count()),
        None => format!("{size}, {written}"),
    };
    let difference = summary.zip(present).map(|(earlier, present)| differences(present, earlier)).unwrap_or_default();
    Choice { value: text::clean(&version.id).into(), words: words.into(), difference }
}
