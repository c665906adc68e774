//! `get KIND [FILTER]`: the resources of a kind, and `get changes`.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::args::{CHANGES, GetArgs};
use super::fetch::{self, Answer};
use super::output::{self, Sheet, SheetColumn, Stand};
use super::{Failure, Setup, changes, select};
use crate::config::Problem;
use crate::kinds::{self, KindDef, Show, Sink};
use crate::model::filter::ResourceRow;
use crate::model::{Fault, Filter, Resource, Scope, Value, text};

/// Columns that every kind has.
const COMMON: [SheetColumn; 10] = [
    SheetColumn::data("kind"),
    SheetColumn::data("id"),
    SheetColumn::shown("name", "NAME", 22, 1, 0),
    SheetColumn::shown("environment", "ENVIRONMENT", 11, 2, 1),
    SheetColumn::data("account"),
    SheetColumn::shown("region", "REGION", 9, 3, 200),
    SheetColumn::shown("health", "HEALTH", 6, 0, 0),
    SheetColumn::shown("reason", "REASON", 20, 9, 2),
    SheetColumn::data("observed_at"),
    SheetColumn::data("arn"),
];

/// Further words that the filter language knows for every kind.
const FILTER_COLUMNS: [&str; 7] = ["name", "environment", "env", "region", "kind", "health", "reason"];

pub(super) async fn run(setup: &Setup, args: &GetArgs) -> Result<ExitCode, Failure> {
    let filter = Filter::parse(&args.filter.join(" ")).map_err(|error| Failure::usage(error.to_string(), ""))?;
    if args.kind == CHANGES {
        return changes::run(setup, &filter, args.since).await;
    }
    if args.since.is_some() {
        return Err(Failure::usage(
            format!("`--since` says nothing about {}", args.kind),
            "it belongs to `get changes`",
        ));
    }
    let Some(kind) = kinds::by_word(&args.kind) else {
        return Err(Failure::usage(format!("there is no kind `{}`", args.kind), ""));
    };
    check_filter(&filter, FILTER_COLUMNS.into_iter().chain(kind.columns.iter().map(|column| column.id)))?;
    let scopes = select::scopes(&setup.chosen()?);
    let several_regions = scopes.iter().any(|scope| scope.region != scopes[0].region);
    let answers = fetch::each(&setup.access, scopes, |scope| list(setup, kind, scope)).await;
    let sheet = sheet(kind, &filter, several_regions, &answers, Timestamp::now());
    setup.print(&sheet, kind.title, fetch::complete(&answers))?;
    Ok(fetch::status(&answers, setup.global.verbose > 0))
}

/// A column that nothing has would match no row, which would look like an answer.
pub(super) fn check_filter<'a>(filter: &Filter, columns: impl Iterator<Item = &'a str> + Clone) -> Result<(), Failure> {
    for column in filter.columns() {
        if !columns.clone().any(|known| known == column) {
            let message = format!("filter: there is no column `{column}`");
            return Err(Failure::usage(message, Problem::one_of(column, columns)));
        }
    }
    Ok(())
}

/// The rows of one scope.
#[derive(Default)]
struct Listed {
    account: Option<Arc<str>>,
    /// None where there is nothing of AWS.
    region: Option<Arc<str>>,
    rows: Vec<Resource>,
    observed_at: Option<Timestamp>,
}

/// Takes pages as they come.
#[derive(Default)]
struct Pages {
    rows: Mutex<Vec<Resource>>,
    faults: Mutex<Vec<Fault>>,
}

impl Sink for Pages {
    fn page(&self, rows: Vec<Resource>) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

async fn list(setup: &Setup, kind: &'static KindDef, scope: Scope) -> (Listed, Vec<Fault>) {
    let concerned = setup.access.named(&scope.environment).is_none_or(|environment| kind.concerns(&environment));
    if !concerned {
        return (Listed::default(), Vec::new());
    }
    let env = match kind.env(&setup.access, &scope).await {
        Ok(env) => env,
        Err(fault) => return (Listed::default(), vec![fault]),
    };
    let pages = Pages::default();
    let fault = (kind.list)(&env, None, &pages).await.err();
    let mut faults = pages.faults.into_inner().unwrap_or_else(PoisonError::into_inner);
    faults.extend(fault);
    let mut rows = pages.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_cached_key(|row| text::natural_key(&row.name));
    let account = Some(Arc::clone(&env.identity.account)).filter(|account| !account.is_empty());
    let region = Some(Arc::clone(&scope.region)).filter(|_| !env.environment.without_aws);
    (Listed { account, region, rows, observed_at: Some(Timestamp::now()) }, faults)
}

fn sheet(kind: &KindDef, filter: &Filter, regions: bool, answers: &[Answer<Listed>], now: Timestamp) -> Sheet {
    let common = |id: &str| COMMON.iter().any(|column| column.id == id);
    let own: Vec<usize> = (0..kind.columns.len()).filter(|at| !common(kind.columns[*at].id)).collect();
    let mut columns = COMMON.to_vec();
    if !regions {
        columns.iter_mut().filter(|column| column.id == "region").for_each(|column| column.table = None);
    }
    columns.extend(own.iter().map(|at| sheet_column(&kind.columns[*at])));
    let column_at = |id: &str| kind.column(id);
    let mut rows = Vec::new();
    for Answer { scope, value: listed, .. } in answers {
        for resource in &listed.rows {
            if !filter.matches(&ResourceRow { resource, columns: &column_at }, now) {
                continue;
            }
            let mut row = vec![
                Value::Text(kind.id.into()),
                output::cell(&resource.id.id),
                output::cell(&resource.name),
                output::cell(&scope.environment),
                listed.account.as_ref().map_or(Value::None, output::cell),
                listed.region.as_ref().map_or(Value::None, output::cell),
                Value::Health(resource.health),
                // Text always: empty where `ok` needs no words.
                Value::Text(Arc::clone(&resource.reason)),
                listed.observed_at.map_or(Value::None, Value::Instant),
                resource.arn.as_ref().map_or(Value::None, output::cell),
            ];
            row.extend(own.iter().map(|at| resource.cells.get(*at).cloned().unwrap_or_default()));
            rows.push(row);
        }
    }
    Sheet { columns, rows }
}

/// A kind's own column. Room is given up from the highest number, after the common columns.
fn sheet_column(column: &kinds::Column) -> SheetColumn {
    let table = match column.show {
        Show::Table(rank) => Some(Stand { place: 5, rank: rank.saturating_add(3).min(199) }),
        Show::Data => None,
    };
    SheetColumn { id: column.id, title: column.title, right: column.right, least: column.width.0, table }
}
