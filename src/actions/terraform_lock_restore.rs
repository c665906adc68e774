//! `terraform-lock-restore`: the text of a released lock put back where it was, if nobody holds another one by now. It takes
//! `terraform-unlock` back.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::try_join_all;

use super::parts;
use super::terraform::{self, PUT_ITEM, PUT_OBJECT, aws_command, invalid, kept, steps};
use super::{ActionDef, Asked, FieldDef, FieldSort, no_choices};
use crate::kinds::parts as kind;
use crate::kinds::terraform::{ITEM, Lock, OBJECT, Record, Sort, records};
use crate::kinds::terraform_lock::KIND;
use crate::model::{Fault, FieldChange, Fields, Order, Plan, Resource, ResourceId, Risk, Seen, Undo, Value};
use crate::providers::Acting;

/// Id of the action.
pub(super) const ID: &str = "terraform-lock-restore";

/// Puts a released lock back.
pub static DEF: ActionDef = ActionDef {
    id: ID,
    title: "put back",
    doc: "Put the text of a released lock back, if no other lock is held",
    kinds: &[KIND],
    fields: &[
        FieldDef::new(
            "lock",
            "lock",
            "Where it was: the id of its row",
            "dynamodb:terraform-state-lock:tfstate-dhbw/prod/terraform.tfstate",
            FieldSort::Text,
        )
        .locating(),
        FieldDef::new(
            "text",
            "text",
            "The lock's text, as the journal has it",
            "{\"ID\":\"3f2a81c0-…\",…}",
            FieldSort::Text,
        )
        .required(),
        FieldDef::new(
            "also",
            "also",
            "Where else it was, if in more than one place: the ids of those rows",
            "s3:tfstate-dhbw:tfstate-dhbw/prod/terraform.tfstate",
            FieldSort::Text,
        ),
    ],
    sends: &[PUT_ITEM, PUT_OBJECT],
    reads: &[ITEM, OBJECT],
    risk: "medium",
    undo: "released again",
    example: "terraform-lock-restore -e dhbw-prod --lock dynamodb:terraform-state-lock:tfstate-dhbw/prod/terraform.tfstate --text '{…}'",
    applies: |_: &Resource| Err("it is held".to_owned()),
    form: |_, _| Fields::new(),
    choices: no_choices,
    locate: |acting, fields| {
        async move { Ok(kind::id(&acting.env.scope, KIND, parts::wanted(fields, "lock")?)) }.boxed()
    },
    plan,
    look: |acting, _, step| terraform::look(acting, step).boxed(),
    send: |acting, plan, step, permit| {
        let text = exact(&plan.order.fields);
        let body = terraform::with_digest(step, text);
        async move { terraform::send(acting, step, body, permit).await }.boxed()
    },
    follow: terraform::follow,
};

fn plan<'a>(acting: &'a Acting, target: &'a ResourceId, fields: &'a Fields) -> Asked<'a, Plan> {
    async move {
        let text = exact(fields).ok_or_else(|| invalid("`--text` is missing"))?;
        let others = parts::given(fields, "also").unwrap_or_default();
        let ids = std::iter::once(&*target.id).chain(others.split_whitespace());
        let places = try_join_all(ids.map(|id| place(acting, id))).await?;
        let Some((first, _)) = places.first() else { return Err(invalid("`--lock` is missing")) };
        let path = Arc::clone(&first.path);
        let lock = Lock::parse(text);
        let mut plan = parts::plan(acting, ID, target, fields, None);
        plan.target.name = crate::model::text::clean(&path).into();
        plan.title = format!("put the lock of {path} back").into();
        plan.preconditions = places.iter().map(free).collect();
        plan.preconditions.push(match &lock {
            Ok(lock) => parts::should("it is a lock", true, lock.words()),
            Err(why) => parts::should("it is a lock", false, why),
        });
        plan.affects = vec!["nobody else can change the state while the lock is held".into()];
        for (record, _) in &places {
            let there = record.place.env(&acting.env).await?;
            let words = format!("put the lock of {path} back in {}", record.store);
            plan.steps.push(steps::take(&there, record, text, words, Seen::default()));
            let field = format!("lock in {}", record.store).into();
            plan.changes.push(FieldChange { field, from: Value::None, to: kept(text) });
        }
        plan.risk = Risk::Medium;
        plan.undo = match lock {
            Ok(lock) => Undo::By {
                words: "release it again".into(),
                order: Order {
                    action: super::terraform_unlock::ID,
                    target: Arc::clone(&plan.order.target),
                    fields: [("lock-id", lock.id.to_string())].into(),
                },
            },
            Err(_) => Undo::By {
                words: "release it again".into(),
                order: Order {
                    action: super::terraform_unlock::ID,
                    target: Arc::clone(&plan.order.target),
                    fields: Fields::new(),
                },
            },
        };
        plan.command = command(acting, first, text);
        Ok(plan)
    }
    .boxed()
}

/// The record that would be written, and what is there now.
async fn place(acting: &Acting, id: &str) -> Result<(Record, Option<Record>), Fault> {
    let there = records::find(&acting.env, id).await?;
    let record = records::empty(&acting.env, id)?;
    if !record.is_lock() {
        return Err(invalid(format!("`{id}` is where a digest stands, not a lock")));
    }
    Ok((record, there))
}

fn free((record, there): &(Record, Option<Record>)) -> crate::model::Precondition {
    let held = there.as_ref().map(|there| there.lock().map_or_else(|why| why, |lock| lock.words()));
    let words = match &held {
        None => format!("none in {}", record.store),
        Some(held) => format!("there is one in {}: {held}", record.store),
    };
    parts::must("no lock is held", held.is_none(), words)
}

fn command(acting: &Acting, record: &Record, text: &str) -> Arc<str> {
    if record.sort == Sort::S3 {
        let flags =
            [("bucket", &*record.store), ("key", &*record.key()), ("if-none-match", "*"), ("body", "lock.json")];
        return aws_command(acting, &record.place, "s3api put-object", &flags);
    }
    let item = serde_json::json!({ "LockID": { "S": record.key() }, "Info": { "S": text } }).to_string();
    let condition = "attribute_not_exists(LockID)";
    let flags = [("table-name", &*record.store), ("item", &*item), ("condition-expression", condition)];
    aws_command(acting, &record.place, "dynamodb put-item", &flags)
}

/// The text, just as it was given.
fn exact(fields: &Fields) -> Option<&str> {
    fields.get("text").map(String::as_str).filter(|text| !text.trim().is_empty())
}
