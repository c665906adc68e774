//! A plan in words: what would change, what it stands on, what else is touched, the risk and why, the way back, the command, the
//! steps.

use super::dialog;
use super::lines::Lines;
use crate::guard::Proposal;
use crate::model::{Difference, Plan, Risk, Undo, Value, Verdict, mask, text};
use crate::ui::cx::Cx;
use crate::ui::glyph::width;
use crate::ui::signs;
use crate::ui::theme::{Role, Theme};

/// Most cells of a field's name.
const FIELD: u16 = 26;

/// Most characters shown of what a step sends.
const INPUT: usize = 600;

/// The sign of a verdict and its role.
pub(super) const fn verdict(verdict: Verdict) -> (&'static str, Role) {
    match verdict {
        Verdict::Pass => ("✓", Role::Ok),
        Verdict::Warn => ("▲", Role::Degraded),
        Verdict::Fail => ("✖", Role::Failed),
        Verdict::Unknown => ("?", Role::Unknown),
    }
}

/// How a risk looks.
pub(super) const fn risk(risk: Risk) -> Role {
    match risk {
        Risk::Low => Role::Ok,
        Risk::Medium => Role::Degraded,
        Risk::High | Risk::Critical => Role::Failed,
    }
}

/// A proposal as lines in so many cells.
pub(super) fn lines(cx: &Cx, proposal: &Proposal, moved: &[Difference], cells: u16) -> Lines {
    let mut lines = Lines::new(cells);
    differences(cx.theme, &mut lines, moved);
    let several = proposal.parts.len() > 1;
    if several {
        judgement(cx.theme, &mut lines, proposal);
    }
    for (at, plan) in proposal.parts.iter().enumerate() {
        lines.gap();
        if several {
            let (accent, muted) = (cx.style(Role::Accent), cx.style(Role::Muted));
            let (word, role) = signs::stage(super::stage(cx, &plan.target.id.scope.environment));
            let count = (format!("{} of {} ", at + 1, proposal.parts.len()), accent);
            let label = vec![count, (format!(" {word} "), cx.style(role)), (" ".to_owned(), muted)];
            lines.hang(label, &dialog::words_of(plan), muted);
        }
        part(cx, &mut lines, plan, (!several).then_some(proposal));
    }
    lines
}

fn heading(theme: &Theme, lines: &mut Lines, words: &str) {
    lines.gap();
    lines.line(vec![(words.to_owned(), theme[Role::Accent])]);
}

/// What has changed since the plan that was confirmed.
fn differences(theme: &Theme, lines: &mut Lines, moved: &[Difference]) {
    if moved.is_empty() {
        return;
    }
    let style = theme[Role::Degraded];
    lines.hang(Vec::new(), "Not sent: this has changed since the plan that was confirmed.", style);
    for difference in moved {
        let label = vec![("  ≠ ".to_owned(), style), (format!("{}  ", difference.name), theme[Role::Muted])];
        lines.hang(label, &format!("{} → {}", difference.was, difference.is), style);
    }
    lines.gap();
}

fn part(cx: &Cx, lines: &mut Lines, plan: &Plan, judged: Option<&Proposal>) {
    let theme = cx.theme;
    lines.hang(Vec::new(), &plan.title, theme[Role::TitleFocus]);
    changes(cx, lines, plan);
    preconditions(theme, lines, plan);
    if !plan.affects.is_empty() {
        heading(theme, lines, "also touched");
        for words in &plan.affects {
            lines.hang(vec![("  · ".to_owned(), theme[Role::Muted])], words, theme[Role::Text]);
        }
    }
    if let Some(proposal) = judged {
        lines.gap();
        judgement(theme, lines, proposal);
    }
    lines.gap();
    let label = vec![("undo     ".to_owned(), theme[Role::Accent])];
    match &plan.undo {
        Undo::By { words, .. } => lines.hang(label, words, theme[Role::Text]),
        Undo::No(why) => lines.hang(label, &format!("none: {why}"), theme[Role::Degraded]),
    }
    lines.hang(vec![("command  ".to_owned(), theme[Role::Accent])], &text::clean(&plan.command), theme[Role::Text]);
    steps(theme, lines, plan);
}

fn changes(cx: &Cx, lines: &mut Lines, plan: &Plan) {
    let theme = cx.theme;
    let cells = plan.changes.iter().map(|change| width(&change.field)).max().unwrap_or(0).min(FIELD);
    let shown = |value: &Value| match value {
        Value::None => "nothing".to_owned(),
        value => value.show_exact().into_owned(),
    };
    for change in &plan.changes {
        let muted = theme[Role::Muted];
        let field = format!("  {:<cells$}  ", change.field, cells = usize::from(cells));
        let (from, to) = change.shown();
        let (from, to) = (shown(&from), shown(&to));
        // What it becomes is what matters: a long text before it must not push it out of sight.
        if width(&field) + width(&from) > lines.cells() / 2 {
            lines.hang(vec![(field, muted)], &from, muted);
            let arrow = format!("  {:<cells$}  → ", "", cells = usize::from(cells));
            lines.hang(vec![(arrow, muted)], &to, theme[Role::Match]);
        } else {
            let label = vec![(field, muted), (format!("{from} → "), muted)];
            lines.hang(label, &to, theme[Role::Match]);
        }
    }
}

fn preconditions(theme: &Theme, lines: &mut Lines, plan: &Plan) {
    if plan.preconditions.is_empty() {
        return;
    }
    heading(theme, lines, "preconditions");
    for precondition in &plan.preconditions {
        let (sign, role) = verdict(precondition.verdict);
        let name = format!("{}: ", precondition.name);
        let label = vec![(format!("  {sign} "), theme[role])];
        let style = if precondition.verdict == Verdict::Pass { theme[Role::Text] } else { theme[role] };
        let words = if precondition.evidence.is_empty() {
            precondition.name.to_string()
        } else {
            name + &precondition.evidence
        };
        lines.hang(label, &words, style);
    }
}

fn judgement(theme: &Theme, lines: &mut Lines, proposal: &Proposal) {
    let judgement = &proposal.judgement;
    let label = vec![("risk     ".to_owned(), theme[Role::Accent])];
    lines.hang(label, judgement.risk.word(), theme[risk(judgement.risk)]);
    for words in &judgement.because {
        lines.hang(vec![("       · ".to_owned(), theme[Role::Muted])], words, theme[Role::Text]);
    }
    let names: Vec<String> = dialog::environment_names(proposal);
    if names.len() > 1 {
        let words = format!("{} resources in {} environments: {}", proposal.parts.len(), names.len(), names.join(", "));
        lines.hang(vec![("where    ".to_owned(), theme[Role::Accent])], &words, theme[Role::Failed]);
    }
}

fn steps(theme: &Theme, lines: &mut Lines, plan: &Plan) {
    let title = if plan.steps.len() == 1 { "one step" } else { "steps, in order" };
    heading(theme, lines, title);
    for (at, step) in plan.steps.iter().enumerate() {
        let label = vec![(format!("  {} ", at + 1), theme[Role::Muted])];
        let place = if step.scope.region_scope() == plan.target.id.scope.region_scope() {
            String::new()
        } else {
            format!(" in {}", step.scope)
        };
        lines.hang(label, &format!("{} ({}{place})", step.words, step.operation), theme[Role::Text]);
        // Whoever looks over the shoulder, or at a recording, sees no more than the journal keeps.
        let input = mask::masked(serde_json::Value::Object(step.input.clone())).to_string();
        let input = text::clean(&input);
        let shown: String = input.chars().take(INPUT).collect();
        let more = if shown.len() < input.len() { " …" } else { "" };
        lines.hang(vec![("    sends ".to_owned(), theme[Role::Muted])], &format!("{shown}{more}"), theme[Role::Muted]);
    }
}
