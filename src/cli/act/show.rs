//! A plan on paper: as text for people, as one object for programs.

use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::guard::Proposal;
use crate::model::{Plan, Undo, Verdict, mask};

/// The plan as one object; `account`: the one that its target is in, where that is known.
pub(super) fn json(proposal: &Proposal, plan: &Plan, account: Option<&str>) -> Json {
    let (judgement, target) = (&proposal.judgement, &plan.target);
    let changes = plan.changes.iter();
    let preconditions = plan.preconditions.iter();
    json!({
        "action": plan.order.action,
        "title": &*plan.title,
        "target": {
            "environment": &*target.id.scope.environment,
            "account": account,
            "caller": &*target.identity.arn,
            "region": &*target.id.scope.region,
            "cluster": target.id.scope.cluster.as_deref(),
            "cluster_identity": target.identity.is_in_cluster().then_some(&*target.identity.account),
            "namespace": target.id.scope.namespace.as_deref(),
            "kind": target.id.kind,
            "id": &*target.id.id,
            "name": &*target.name,
            "arn": target.arn.as_deref(),
        },
        "changes": changes.map(|change| {
            let (from, to) = change.shown();
            json!({ "field": &*change.field, "from": from.json(), "to": to.json() })
        }).collect::<Vec<_>>(),
        "preconditions": preconditions.map(|precondition| {
            let (name, evidence) = (&*precondition.name, &*precondition.evidence);
            json!({ "name": name, "verdict": precondition.verdict, "evidence": evidence })
        }).collect::<Vec<_>>(),
        "affects": plan.affects.iter().map(|line| &**line).collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(|step| {
            let input = mask::masked(Json::Object(step.input.clone()));
            json!({
                "operation": step.operation,
                "words": &*step.words,
                "environment": &*step.scope.environment,
                "region": &*step.scope.region,
                "input": input,
            })
        }).collect::<Vec<_>>(),
        "risk": judgement.risk,
        "confirm": judgement.confirm.text(),
        "reason_required": judgement.reason,
        "ticket": judgement.ticket.as_deref(),
        "because": judgement.because.iter().map(|line| &**line).collect::<Vec<_>>(),
        "denied": judgement.denial.as_ref().map(crate::guard::Denial::words),
        "undo": undo(plan),
        "command": &*plan.command,
    })
}

fn undo(plan: &Plan) -> Json {
    match &plan.undo {
        Undo::By { words, order } => json!({
            "words": &**words,
            "action": order.action,
            "fields": order.fields,
        }),
        Undo::No(why) => json!({ "words": &**why, "action": null }),
    }
}

/// The plan for people.
pub(super) fn text(proposal: &Proposal, plan: &Plan, account: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let (judgement, target) = (&proposal.judgement, &plan.target);
    writeln!(out, "{}", plan.title)?;
    writeln!(out)?;
    writeln!(out, "  target   {}/{} ({})", target.id.scope.environment, target.name, target.id.kind)?;
    if let Some(account) = account {
        writeln!(out, "  account  {account} in {}", target.id.scope.region)?;
    }
    if let Some(cluster) = target.id.scope.cluster.as_ref().filter(|_| target.identity.is_in_cluster()) {
        let namespace = target.id.scope.namespace.as_deref().map(|it| format!(", namespace {it}")).unwrap_or_default();
        writeln!(out, "  cluster  {cluster}{namespace} ({})", target.identity.account)?;
    }
    writeln!(out, "  caller   {}", target.identity.arn)?;
    for change in &plan.changes {
        let (from, to) = change.shown();
        writeln!(out, "  change   {}: {} → {}", change.field, shown(&from), shown(&to))?;
    }
    for precondition in &plan.preconditions {
        let mark = match precondition.verdict {
            Verdict::Pass => "✓",
            Verdict::Warn => "!",
            Verdict::Fail => "✗",
            Verdict::Unknown => "?",
        };
        writeln!(out, "  {mark} {}: {}", precondition.name, precondition.evidence)?;
    }
    for line in &plan.affects {
        writeln!(out, "  touches  {line}")?;
    }
    for (number, step) in plan.steps.iter().enumerate() {
        writeln!(out, "  step {}   {} ({})", number + 1, step.words, step.operation)?;
    }
    for line in &judgement.because {
        writeln!(out, "  policy   {line}")?;
    }
    let undo = match &plan.undo {
        Undo::By { words, .. } | Undo::No(words) => words,
    };
    writeln!(out, "  undo     {undo}")?;
    writeln!(out, "  same as  {}", plan.command)?;
    writeln!(out)?;
    if let Some(denial) = &judgement.denial {
        writeln!(out, "Risk {}. It can't be applied: {}.", judgement.risk, denial.words())
    } else {
        let reason = if judgement.reason { " --reason WHY" } else { "" };
        let ticket = if judgement.ticket.is_some() { " --ticket ID" } else { "" };
        let text = judgement.confirm.text();
        writeln!(out, "Risk {}. To apply it: --apply --confirm '{text}'{reason}{ticket}", judgement.risk)
    }
}

fn shown(value: &crate::model::Value) -> std::borrow::Cow<'_, str> {
    match value.show_exact() {
        text if text.is_empty() => "nothing".into(),
        text => text,
    }
}
