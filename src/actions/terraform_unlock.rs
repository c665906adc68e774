//! `terraform-unlock`: a lock of a Terraform state that nobody needs any more, released wherever it is written down. Only the very lock
//! that was shown is deleted: a DynamoDB condition on its text, `If-Match` on its `ETag`.

mod evidence;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join3;

use super::parts;
use super::terraform::{self, DELETE_ITEM, DELETE_OBJECT, alive, aws_command, invalid, kept, locks, steps};
use super::{ActionDef, Asked, FieldDef, FieldSort, no_choices};
use crate::guard::Permit;
use crate::kinds::terraform::{Attribution, Lock, Record, Sort, known_lock, survey};
use crate::kinds::terraform_lock::{DEF as LOCKS, KIND, found};
use crate::kinds::terraform_state::{Whole, whole};
use crate::kinds::{parts as kind, terraform as tf};
use crate::model::{
    Fault, FaultClass, FieldChange, Fields, Order, Plan, Resource, ResourceId, Risk, Sent, Step, Undo, Value,
};
use crate::providers::Acting;

/// Id of the action.
pub(super) const ID: &str = "terraform-unlock";

/// The largest state whose content is read to compare its digest.
const READ: u64 = 8 << 20;
/// So many characters of the id are typed.
const TYPED: usize = 8;

/// Releases a lock.
///
/// A plan waits twice where the locks and the clusters were listed before, as the console does; else oftener. Whether its
/// holder still lives takes longer where that is a task by its address and a cluster has more than a hundred tasks: each hundred more
/// is one answer more to wait for, up to four seconds, because it is what the decision hangs on.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "release",
    doc: "Release a lock of a Terraform state that nobody needs any more",
    kinds: &[KIND],
    fields: &[
        FieldDef::new(
            "lock-id",
            "lock id",
            "The whole id of the lock, as Terraform prints it",
            "3f2a81c0-9c1e-4b1f-8e55-2d1f6f0a7b3c",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new(
            "state",
            "state",
            "Instead of the id, where the lock can't be read: the state it is of",
            "tfstate-dhbw/prod/terraform.tfstate",
            FieldSort::Text,
        )
        .locating(),
    ],
    sends: &[DELETE_ITEM, DELETE_OBJECT],
    reads: &tf::SURVEYS,
    risk: "high; a lock that can't be read, or that belongs to no environment, critical",
    undo: "the lock's text is put back, if no other lock is held by then",
    example: "terraform-unlock -e dhbw-prod --lock-id 3f2a81c0-9c1e-4b1f-8e55-2d1f6f0a7b3c",
    applies,
    form: |lock, _| {
        let id = kind::text_of(&LOCKS, lock, "lock_id");
        if id.is_empty() { Fields::new() } else { [("lock-id", id.to_owned())].into() }
    },
    choices: no_choices,
    locate,
    plan,
    look: |acting, _, step| terraform::look(acting, step).boxed(),
    send: |acting, _, step, permit| send(acting, step, permit).boxed(),
    follow: terraform::follow,
};

fn applies(row: &Resource) -> Result<(), String> {
    if kind::text_of(&LOCKS, row, "sort") == Sort::Digest.word() {
        Err("it is the digest of a state, not a lock".to_owned())
    } else {
        Ok(())
    }
}

/// The lock of this id, or the one of this state that can't be read.
fn locate<'a>(acting: &'a Acting, fields: &'a Fields) -> Asked<'a, Arc<ResourceId>> {
    async move {
        let (wanted, state) = (parts::given(fields, "lock-id"), parts::given(fields, "state"));
        if wanted.is_none() && state.is_none() {
            return Err(invalid("`--lock-id` is missing: the id that Terraform prints"));
        }
        let env = &acting.env;
        let survey = survey(env).await?;
        let held = survey.records.iter().map(|(record, _)| record).filter(|record| record.is_lock());
        let is = |record: &&Record| match wanted {
            Some(id) => record.lock().is_ok_and(|lock| *lock.id == *id),
            None => state == Some(&*record.path) && record.lock().is_err(),
        };
        if let Some(record) = held.clone().find(is) {
            return Ok(kind::id(&env.scope, KIND, record.id(env)));
        }
        if let Some(fault) = survey.faults.into_iter().next() {
            return Err(fault);
        }
        let known: Vec<String> = held
            .map(|record| match record.lock() {
                Ok(lock) => format!("{} of {}, {}", lock.id, record.path, lock.words()),
                Err(_) => format!("one of {} that can't be read", record.path),
            })
            .collect();
        let known =
            if known.is_empty() { "none is held".to_owned() } else { format!("held: {}", terraform::listed(known)) };
        let what = match (wanted, state) {
            (Some(id), _) => format!("there is no lock {id}"),
            (None, state) => format!("there is no unreadable lock of {}", state.unwrap_or_default()),
        };
        Err(Fault::new(FaultClass::NotFound, format!("{what} in {}; {known}", env.scope.environment)))
    }
    .boxed()
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let path = target.id.rsplit_once(':').map_or(&*target.id, |(_, path)| path);
        let known = known_lock(&acting.env, &target.id);
        let alive = alive::ahead(acting, known.as_ref());
        let (found, whole, alive) = join3(found(&acting.env, target), whole(&acting.env, path, READ), alive).await;
        let (record, whose) = found?;
        if !record.is_lock() {
            return Err(invalid(format!("it is the digest of {}, not a lock: it is never deleted", record.path)));
        }
        let lock = record.lock();
        if let (Some(wanted), Ok(lock)) = (parts::given(fields, "lock-id"), &lock)
            && *lock.id != *wanted
        {
            return Err(invalid(format!("it is lock {} by now, {}: not {wanted}", lock.id, lock.words())));
        }
        let together = together(&record, lock.as_ref().ok(), whole.as_ref().ok());
        let mut plan = parts::plan(acting, ID, target, fields, None);
        plan.target.name = crate::model::text::clean(&record.path).into();
        plan.title = match &lock {
            Ok(lock) => format!("release the lock of {}, {}", record.path, lock.words()).into(),
            Err(_) => format!("release the lock of {}, which can't be read", record.path).into(),
        };
        plan.changes = together.iter().map(change).collect();
        for record in &together {
            let there = record.place.env(&acting.env).await?;
            let words = format!("delete the lock of {} in {} {}", record.path, place_of(record), record.store);
            plan.steps.push(steps::release(&there, record, words)?);
        }
        plan.preconditions = evidence::of(&acting.env.scope.environment, &record, lock.as_ref(), whose, whole.as_ref());
        if let Ok(lock) = &lock {
            // After its age.
            plan.preconditions.insert(1, alive::holder(acting, lock, alive).await);
        }
        plan.affects = vec!["whoever holds the lock can go on writing the state, and so can others now".into()];
        let plain = lock.is_ok() && whose == Attribution::Own;
        plan.risk = if plain { Risk::High } else { Risk::Critical };
        plan.phrase = lock.as_ref().ok().map(|lock| lock.id.chars().take(TYPED).collect::<String>().into());
        plan.undo = undo(acting, &plan, &together);
        plan.command = command(acting, &record, lock.as_ref().ok());
        Ok(plan)
    }
    .boxed()
}

/// Everywhere the lock is written down: Terraform notes the same one in a table and beside the state where it is told to use both.
fn together(record: &Record, lock: Option<&Lock>, whole: Option<&Whole>) -> Vec<Record> {
    let mut together = vec![record.clone()];
    let (Some(lock), Some(whole)) = (lock, whole) else { return together };
    let same = |other: &&Record| {
        let is_it = other.sort == record.sort && other.store == record.store && other.place == record.place;
        !is_it && other.lock().is_ok_and(|other| other.id == lock.id)
    };
    together.extend(locks(whole).filter(same).cloned());
    together
}

fn place_of(record: &Record) -> &'static str {
    if record.sort == Sort::S3 { "bucket" } else { "table" }
}

/// The whole text goes to the journal, so that it can be put back whatever happens.
fn change(record: &Record) -> FieldChange {
    let from = record.text.as_deref().map_or_else(|| Value::text("no text"), kept);
    FieldChange { field: format!("lock in {} {}", place_of(record), record.store).into(), from, to: Value::None }
}

fn undo(acting: &Acting, plan: &Plan, together: &[Record]) -> Undo {
    let Some(text) = together.first().and_then(|record| record.text.as_deref()) else {
        return Undo::No("the lock has no text that could be put back".into());
    };
    // A command line names what the screen has selected.
    let mut fields: Fields = [("lock", plan.order.target.id.to_string()), ("text", text.to_owned())].into();
    if let [_, others @ ..] = together
        && !others.is_empty()
    {
        let ids: Vec<String> = others.iter().map(|record| record.id(&acting.env)).collect();
        fields.insert("also", ids.join(" "));
    }
    let order = Order { action: super::terraform_lock_restore::ID, target: Arc::clone(&plan.order.target), fields };
    Undo::By { words: "put the lock's text back, if no other lock is held by then".into(), order }
}

fn command(acting: &Acting, record: &Record, lock: Option<&Lock>) -> Arc<str> {
    if let Some(lock) = lock {
        return format!("terraform force-unlock {}", shell_words::quote(&lock.id)).into();
    }
    let key = record.key();
    if record.sort == Sort::S3 {
        let flags = [("bucket", &*record.store), ("key", key.as_str())];
        return aws_command(acting, &record.place, "s3api delete-object", &flags);
    }
    let key = serde_json::json!({ "LockID": { "S": key } }).to_string();
    let flags = [("table-name", &*record.store), ("key", key.as_str())];
    aws_command(acting, &record.place, "dynamodb delete-item", &flags)
}

async fn send(acting: &Acting, step: &Step, permit: Permit) -> Sent {
    terraform::send(acting, step, None, permit).await
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
