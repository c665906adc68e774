//! What the journal is told of plans and of what comes of them.

use serde_json::Value as Json;

use super::At;
use super::warrant::Grant;
use crate::journal::{Event, Outcome, Place};
use crate::model::{Fault, Followed, Plan, Risk, Sent, Value};

/// Where a plan acts, and on what.
pub(super) fn place(plan: &Plan) -> Place {
    let (id, identity) = (&plan.target.id, &plan.target.identity);
    Place {
        environment: id.scope.environment.to_string(),
        account: Some(identity.account.to_string()),
        region: id.scope.region.to_string(),
        cluster: id.scope.cluster.as_deref().map(str::to_owned),
        kind: id.kind.to_owned(),
        id: id.id.to_string(),
        name: plan.target.name.to_string(),
    }
}

/// A step is about to be sent.
pub(super) fn intent(plan: &Plan, at: At, risk: Risk, grant: &Grant) -> Option<Event> {
    let step = plan.steps.get(at.step)?;
    let json = |value: &Value| value.json();
    let change = |change: &crate::model::FieldChange| -> (String, Json, Json) {
        (change.field.to_string(), json(&change.from), json(&change.to))
    };
    Some(Event::Intent {
        action: plan.order.action.to_owned(),
        title: plan.title.to_string(),
        part: at.part,
        step: at.step,
        steps: plan.steps.len(),
        operation: step.operation.to_owned(),
        input: step.input.clone(),
        changes: plan.changes.iter().map(change).collect(),
        risk,
        reason: grant.reason.clone(),
        ticket: grant.ticket.clone(),
        policy: grant.rules.clone(),
        broke_glass: grant.broke_glass,
    })
}

/// What came of the request.
pub(super) fn outcome(At { part, step }: At, sent: &Sent) -> Event {
    let (outcome, request_id, fault) = match sent {
        Sent::Accepted { request_id } => (Outcome::Succeeded, request_id.as_deref().map(str::to_owned), None),
        Sent::Refused(fault) => (Outcome::Failed, fault.request_id.clone(), Some(words(fault))),
        Sent::Unknown(fault) => (Outcome::Unknown, fault.request_id.clone(), Some(words(fault))),
    };
    Event::Outcome { part, step, outcome, request_id, fault }
}

/// What came of following it.
pub(super) fn followed(At { part, step }: At, followed: &Result<Followed, Fault>) -> Event {
    let (outcome, words) = match followed {
        Ok(Followed::Verified(words)) => (Outcome::Succeeded, words.to_string()),
        Ok(Followed::Failed(words)) => (Outcome::Failed, words.to_string()),
        Err(fault) => (Outcome::Unknown, words(fault)),
    };
    Event::Followed { part, step, outcome, words }
}

/// A fault in words. What the provider said word for word may hold what should not be kept, and is left out.
fn words(fault: &Fault) -> String {
    format!("{}: {}", fault.word(), fault.summary)
}
