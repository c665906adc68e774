//! `terraform-digest-repair`: the digest of a state in DynamoDB rewritten to that of the state that is there, on the condition that it
//! is the one that was seen.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use super::parts;
use super::terraform::{self, PUT_ITEM, aws_command, digests, invalid, locks, steps};
use super::{ActionDef, Asked, FieldDef, FieldSort, no_choices};
use crate::kinds::parts as kind;
use crate::kinds::terraform::{DIGEST, MOST, SURVEYS, Summary, Table, split};
use crate::kinds::terraform_state::{DEF as STATES, KIND, Whole, whole};
use crate::model::{Fields, Plan, Precondition, Resource, ResourceId, Risk, Seen, Undo, Verdict};
use crate::providers::Acting;

const ID: &str = "terraform-digest-repair";

/// Rewrites a digest.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "repair digest",
    doc: "Rewrite the digest of a Terraform state in DynamoDB to that of the state that is there",
    kinds: &[KIND],
    fields: &[state_field()],
    sends: &[PUT_ITEM],
    reads: &SURVEYS,
    risk: "critical",
    undo: "none: the digest before belongs to another state",
    example: "terraform-digest-repair -e enterprise-prod --state enterprise-prod-terraform-state/prod/compute/terraform.tfstate",
    applies,
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| async move { located(acting, fields) }.boxed(),
    plan,
    look: |acting, _, step| terraform::look(acting, step).boxed(),
    send: |acting, _, step, permit| terraform::send(acting, step, None, permit).boxed(),
    follow: terraform::follow,
};

/// The field that names a state.
pub(super) const fn state_field() -> FieldDef {
    FieldDef::new("state", "state", "The state: bucket and key", "tfstate-dhbw/prod/terraform.tfstate", FieldSort::Text)
        .required()
        .locating()
}

/// The state that the field names.
pub(super) fn located(acting: &Acting, fields: &Fields) -> Result<Arc<ResourceId>, crate::model::Fault> {
    let state = parts::wanted(fields, "state")?;
    split(state).ok_or_else(|| invalid(format!("`{state}` is no path of a state: it is written BUCKET/KEY")))?;
    Ok(kind::id(&acting.env.scope, KIND, state))
}

fn applies(state: &Resource) -> Result<(), String> {
    match kind::text_of(&STATES, state, "digest") {
        "matches" => Err("its digest is right".to_owned()),
        "none" => Err("it has no digest".to_owned()),
        _ => Ok(()),
    }
}

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let whole = whole(&acting.env, &target.id, MOST).await?;
        let Some((read, content)) = &whole.state else { return Err(kind::gone(target)) };
        let summary = content.as_deref().ok();
        let mut plan = parts::plan(acting, ID, target, fields, None);
        plan.target.name = crate::model::text::clean(&target.id).into();
        plan.title = format!("rewrite the digest of {}", target.id).into();
        plan.risk = Risk::Critical;
        plan.preconditions = vec![
            Precondition::new(
                "the state can be read",
                if summary.is_some() { Verdict::Pass } else { Verdict::Fail },
                match content {
                    Ok(summary) => format!("serial {}, {} resources", summary.serial, summary.count()),
                    Err(why) => format!("{why}: what is broken must not be made to look right"),
                },
            ),
            wrong(&whole, summary),
            unlocked(&whole),
        ];
        plan.affects = vec!["Terraform works with the state that is there from then on, whoever has written it".into()];
        let Some(summary) = summary else { return Ok(plan) };
        for row in digests(&whole).filter(|row| row.text.as_deref() != Some(&*summary.md5)) {
            let there = row.place.env(&acting.env).await?;
            let table = Table { place: row.place.clone(), name: Arc::clone(&row.store) };
            let before = steps::Digest { table, path: Arc::clone(&row.path), known: row.text.clone() };
            let seen = Seen::default()
                .with(&terraform::state_name(&target.id), terraform::seen_of_state(read.etag.as_deref()));
            let words = format!("write the digest of {} in table {}", target.id, row.store);
            plan.changes.push(parts::change(
                &format!("digest in {}", row.store),
                row.text.as_deref(),
                Some(&*summary.md5),
            ));
            plan.steps.push(steps::digest(&there, &before, &summary.md5, words, seen));
            plan.command = command(acting, &before, &summary.md5);
        }
        let before: Vec<&str> = digests(&whole).filter_map(|row| row.text.as_deref()).collect();
        let words = format!("the digest before, {}, is another state's; the journal has it", before.join(", "));
        plan.undo = Undo::No(words.into());
        Ok(plan)
    }
    .boxed()
}

fn wrong(whole: &Whole, summary: Option<&Summary>) -> Precondition {
    const NAME: &str = "the digest is wrong";
    let known: Vec<&str> = digests(whole).filter_map(|row| row.text.as_deref()).collect();
    match summary {
        _ if known.is_empty() => parts::must(NAME, false, "no table has a digest of it"),
        None => Precondition::new(NAME, Verdict::Unknown, "could not be told: the state can't be read"),
        Some(summary) if known.iter().all(|digest| **digest == *summary.md5) => {
            parts::must(NAME, false, "it is the state's: nothing would change")
        }
        Some(summary) => {
            parts::must(NAME, true, format!("it says {}, the state's is {}", known.join(", "), summary.md5))
        }
    }
}

/// Whoever holds the lock may be about to write the state and its digest.
fn unlocked(whole: &Whole) -> Precondition {
    const NAME: &str = "no lock is held";
    if let Some(held) = locks(whole).next() {
        let words = held.lock().map_or_else(|why| format!("one that can't be read: {why}"), |lock| lock.words());
        return parts::must(NAME, false, format!("{words}: `terraform-unlock` first"));
    }
    match whole.faults.first() {
        Some(fault) => parts::untold(NAME, fault),
        None => parts::must(NAME, true, "none is held"),
    }
}

fn command(acting: &Acting, before: &steps::Digest, digest: &str) -> Arc<str> {
    let item = json!({ "LockID": { "S": format!("{}{DIGEST}", before.path) }, "Digest": { "S": digest } }).to_string();
    let flags = [("table-name", &*before.table.name), ("item", item.as_str())];
    aws_command(acting, &before.table.place, "dynamodb put-item", &flags)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
