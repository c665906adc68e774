//! `get changes [FILTER] [--since 2h]`: what changed in the chosen environments, newest first.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::fetch::{self, Answer};
use super::get::check_filter;
use super::output::{Sheet, SheetColumn, cell};
use super::{Failure, Setup, ago, select};
use crate::kinds::changes;
use crate::model::{Change, Fault, Filter, Health, Scope, Value};

/// How far back, unless something else is asked for: what a morning's check looks at.
const SINCE: Duration = Duration::from_hours(2);

const COLUMNS: [SheetColumn; 15] = [
    SheetColumn::data("kind"),
    SheetColumn::data("id"),
    SheetColumn::shown("name", "NAME", 16, 3, 3),
    SheetColumn::shown("environment", "ENVIRONMENT", 11, 1, 1),
    SheetColumn::data("account"),
    SheetColumn::data("region"),
    SheetColumn::data("health"),
    SheetColumn::data("reason"),
    SheetColumn::data("observed_at"),
    SheetColumn::shown("at", "AT", 20, 0, 0),
    SheetColumn::shown("who", "WHO", 8, 2, 2),
    SheetColumn::shown("what", "WHAT", 32, 5, 0),
    SheetColumn::shown("source", "SOURCE", 8, 4, 4),
    SheetColumn::data("resource_kind"),
    SheetColumn::data("resource_id"),
];

/// The changes of one scope.
#[derive(Default)]
struct Listed {
    account: Option<Arc<str>>,
    changes: Vec<Change>,
}

pub(super) async fn run(setup: &Setup, filter: &Filter, since: Option<Duration>) -> Result<ExitCode, Failure> {
    check_filter(filter, Change::COLUMNS.into_iter())?;
    let since = since.unwrap_or(SINCE);
    let scopes = select::scopes(&setup.chosen()?);
    let answers = fetch::each(&setup.access, scopes, |scope| list(setup, scope, since)).await;
    setup.print(&[sheet(filter, &answers)], "changes", fetch::complete(&answers))?;
    Ok(fetch::status(&answers, setup.global.verbose > 0))
}

async fn list(setup: &Setup, scope: Scope, since: Duration) -> (Listed, Vec<Fault>) {
    let env = match changes::env(&setup.access, &scope, None).await {
        Ok(env) => env,
        Err(fault) => return (Listed::default(), vec![fault]),
    };
    match changes::changes(&env, ago(since), None).await {
        Ok((changes, faults)) => {
            let account = Some(Arc::clone(&env.identity.account)).filter(|account| !account.is_empty());
            (Listed { account, changes }, faults)
        }
        Err(fault) => (Listed::default(), vec![fault]),
    }
}

fn sheet(filter: &Filter, answers: &[Answer<Listed>]) -> Sheet {
    let now = Timestamp::now();
    let of_answer = |answer| {
        let Answer { value, .. }: &Answer<Listed> = answer;
        value.changes.iter().map(move |change| (change, value.account.as_ref()))
    };
    let mut changes: Vec<_> =
        answers.iter().flat_map(of_answer).filter(|(change, _)| filter.matches(*change, now)).collect();
    changes.sort_by(|(a, _), (b, _)| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
    let row = |(change, account): (&Change, Option<&Arc<str>>)| {
        let resource = change.resource.as_ref();
        vec![
            Value::text("change"),
            cell(&change.id),
            cell(&change.name),
            cell(&change.scope.environment),
            account.map_or(Value::None, cell),
            cell(&change.scope.region),
            Value::Health(if change.failed { Health::Failed } else { Health::Ok }),
            Value::Text(if change.failed { "it failed" } else { "" }.into()),
            Value::Instant(now),
            // Exact, in tables too: this is what goes into a report.
            Value::text(change.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            cell(&change.who),
            cell(&change.what),
            Value::text(change.source.word()),
            resource.map_or(Value::None, |resource| Value::text(resource.kind)),
            resource.map_or(Value::None, |resource| cell(&resource.id)),
        ]
    };
    Sheet { columns: COLUMNS.to_vec(), rows: changes.into_iter().map(row).collect() }
}
