//! What the policy means, for `config check`: which rule applies to which actions of which environment.

use std::io::{self, Write};

use jiff::Timestamp;

use super::args::Format;
use super::output::{Paper, Sheet, SheetColumn};
use crate::actions;
use crate::config::Config;
use crate::guard::Rule;
use crate::model::{Environment, Value};

const COLUMNS: [SheetColumn; 5] = [
    SheetColumn::shown("environment", "ENVIRONMENT", 11, 0, 0),
    SheetColumn::shown("actions", "ACTIONS", 12, 1, 0),
    SheetColumn::shown("what", "WHAT", 24, 2, 0),
    SheetColumn::shown("when", "WHEN", 12, 3, 0),
    SheetColumn::shown("rule", "RULE", 12, 4, 0),
];

/// Writes a line for each rule that applies to an environment.
pub(super) fn explain(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    if config.policy.rules.is_empty() {
        return writeln!(out, "\npolicy: none; an action asks for what its own risk does");
    }
    writeln!(out, "\npolicy: where several rules apply, the strictest counts")?;
    let mut sheet = Sheet { columns: COLUMNS.to_vec(), rows: Vec::new() };
    for environment in &config.environments {
        for rule in &config.policy.rules {
            if let Some(actions) = actions(config, rule, environment) {
                let when = rule.when.as_ref().map(crate::guard::When::words).unwrap_or_default();
                let texts = [environment.name.to_string(), actions, rule.words(), when, rule.name.to_string()];
                sheet.rows.push(texts.iter().map(Value::text).collect());
            }
        }
    }
    let paper = Paper { width: None, colour: false, now: Timestamp::UNIX_EPOCH };
    sheet.write(Format::Table, paper, out).map(|_| ())
}

/// The actions that a rule is about in an environment, in words.
fn actions(config: &Config, rule: &Rule, environment: &Environment) -> Option<String> {
    let about = |action: &&&actions::ActionDef| {
        config.policy.about(environment, action.id, action.kinds).any(|other| std::ptr::eq(other, rule))
    };
    let named: Vec<&str> = actions::ALL.iter().filter(about).map(|action| action.id).collect();
    let actions = match named.len() {
        0 => return None,
        all if all == actions::ALL.len() => "every action".to_owned(),
        _ => named.join(", "),
    };
    let resources = rule.selects.resource.join(", ");
    Some(if resources.is_empty() { actions } else { format!("{actions} of {resources}") })
}
