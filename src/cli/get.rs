//! `get KIND [FILTER]`: the resources of a kind, and `get changes`.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{OptionFuture, join, join_all};
use jiff::Timestamp;

use super::args::{CHANGES, GetArgs};
use super::fetch::{self, Answer};
use super::output::{self, Sheet, SheetColumn, Stand};
use super::{Failure, Setup, changes, objects, select};
use crate::config::Problem;
use crate::kinds::firing::{ALARM, firing, is_watched, marked};
use crate::kinds::{self, BridgePane, KindDef, Show, Sink, titles};
use crate::model::filter::Sieve;
use crate::model::{Fault, Filter, KindId, Resource, Rows, Scope, Value, text};
use crate::providers::Env;

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
pub(super) const FILTER_COLUMNS: [&str; 7] = ["name", "environment", "env", "region", "kind", "health", "reason"];

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
    let kinds = meant(&args.kind);
    if kinds.is_empty() {
        return objects::run(setup, &args.kind, &filter).await;
    }
    let own = kinds.iter().flat_map(|kind| kind.columns.iter().map(|column| column.id));
    check_filter(&filter, FILTER_COLUMNS.into_iter().chain(own))?;
    let scopes = select::scopes(&setup.chosen()?);
    let several_regions = scopes.iter().any(|scope| scope.region != scopes[0].region);
    let kinds = &kinds[..];
    let mut answers = fetch::each(&setup.access, scopes, |scope| list(setup, kinds, scope)).await;
    let now = Timestamp::now();
    let sheets = kinds.iter().enumerate().map(|(at, kind)| {
        let of_kind = |answer: &mut Answer<Vec<Listed>>| Answer {
            scope: answer.scope.clone(),
            value: answer.value.get_mut(at).map(std::mem::take).unwrap_or_default(),
            faults: Vec::new(),
        };
        let own: Vec<Answer<Listed>> = answers.iter_mut().map(of_kind).collect();
        sheet(kind, &filter, several_regions, &own, now)
    });
    let sheets: Vec<Sheet> = sheets.collect();
    let word = if let [kind] = kinds { kind.title } else { &args.kind };
    setup.print(&sheets, word, fetch::complete(&answers))?;
    Ok(fetch::status(&answers, setup.global.verbose > 0))
}

/// The kinds that a word means: for a pane's word all that stand in the pane, as on the screen; none for what only clusters know.
fn meant(word: &str) -> Vec<&'static KindDef> {
    match BridgePane::by_word(word) {
        Some(pane) => pane.kinds().collect(),
        None => kinds::by_word(word).filter(|kind| kind.stands_alone()).into_iter().collect(),
    }
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

/// What one scope has.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) account: Option<Arc<str>>,
    /// None where there is nothing of AWS.
    pub(super) region: Option<Arc<str>>,
    /// More than one where the server names the columns, and another names them otherwise.
    pub(super) parts: Vec<Rows>,
    pub(super) observed_at: Option<Timestamp>,
}

/// Takes pages as they come.
#[derive(Default)]
pub(super) struct Pages(Mutex<Rows>);

impl Pages {
    /// What has come, in order, and why some is missing.
    pub(super) fn all(self) -> (Rows, Vec<Fault>) {
        let mut rows = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        rows.items.sort_by_cached_key(|row| text::natural_key(&row.name));
        let faults = std::mem::take(&mut rows.faults);
        (rows, faults)
    }
}

impl Sink for Pages {
    fn page(&self, rows: Vec<Resource>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).items.extend(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).faults.push(fault);
    }

    fn titles(&self, titles: Arc<[Arc<str>]>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).titles = titles;
    }
}

/// What a scope has of each kind, in the order of the kinds; what is wrong with the scope itself is told once.
async fn list(setup: &Setup, kinds: &[&'static KindDef], scope: Scope) -> (Vec<Listed>, Vec<Fault>) {
    let environment = setup.access.named(&scope.environment);
    let concerned = |kind: &&'static KindDef| environment.as_ref().is_none_or(|environment| kind.concerns(environment));
    let watched = |kind: &&'static KindDef| is_watched(kind.id) && concerned(kind);
    let alarms = kinds::by_id(ALARM).filter(|_| kinds.iter().any(watched));
    let alarms = OptionFuture::from(alarms.map(|alarms| listed(setup, alarms, &scope)));
    let own = kinds.iter().map(|kind| OptionFuture::from(concerned(kind).then(|| listed(setup, kind, &scope))));
    let (own, alarms) = join(join_all(own), alarms).await;
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (kind, (mut listed, why)) in kinds.iter().zip(own.into_iter().map(Option::unwrap_or_default)) {
        if let Some((alarms, _)) = alarms.as_ref().filter(|_| is_watched(kind.id)) {
            let firing = firing(alarms.parts.first().map_or(&[][..], |part| &part.items));
            for part in &mut listed.parts {
                *part = marked(part, kind.id, &firing).unwrap_or_else(|| std::mem::take(part));
            }
        }
        all.push(listed);
        faults.extend(why);
    }
    // Whoever is told that something is well may rely on it: that no alarm fires on it must be known, too.
    faults.extend(alarms.map(|(_, why)| why).unwrap_or_default());
    let mut told: Vec<Fault> = Vec::new();
    for fault in faults {
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    (all, told)
}

/// What a scope has of one kind.
async fn listed(setup: &Setup, kind: &'static KindDef, scope: &Scope) -> (Listed, Vec<Fault>) {
    let env = match kind.env(&setup.access, scope).await {
        Ok(env) => env,
        Err(fault) => return (Listed::default(), vec![fault]),
    };
    let (rows, faults) = rows(&env, kind).await;
    let (account, region) = (account(setup, &env).await, region(&env));
    (Listed { account, region, parts: vec![rows], observed_at: Some(Timestamp::now()) }, faults)
}

/// The rows of a kind, and why some are missing.
async fn rows(env: &Env, kind: &KindDef) -> (Rows, Vec<Fault>) {
    let pages = Pages::default();
    let fault = (kind.list)(env, None, &pages).await.err();
    let (rows, mut faults) = pages.all();
    faults.extend(fault);
    (rows, faults)
}

/// The account of an environment, where it is known by now: clusters are asked before AWS has said who answers, and whoever asks one of
/// an account is attested there on the way.
pub(super) async fn account(setup: &Setup, env: &Env) -> Option<Arc<str>> {
    let known = |env: &Env| Some(Arc::clone(&env.identity.account)).filter(|account| !account.is_empty());
    match known(env) {
        Some(account) => Some(account),
        None => setup.access.kube_env(&env.scope).await.ok().and_then(|env| known(&env)),
    }
}

/// The region of an environment, where it has one.
pub(super) fn region(env: &Env) -> Option<Arc<str>> {
    Some(Arc::clone(&env.scope.region)).filter(|_| !env.environment.without_aws)
}

/// The rows that pass a filter, of however many scopes and parts.
pub(super) fn sheet(
    kind: &KindDef,
    filter: &Filter,
    regions: bool,
    answers: &[Answer<Listed>],
    now: Timestamp,
) -> Sheet {
    let mut columns = COMMON.to_vec();
    if !regions {
        columns.iter_mut().filter(|column| column.id == "region").for_each(|column| column.table = None);
    }
    let parts = || answers.iter().flat_map(|answer| &answer.value.parts);
    // Without any part there are no titles but the kind's own.
    let none = Rows::default();
    let places: Vec<Vec<Option<usize>>> =
        parts().chain(parts().next().is_none().then_some(&none)).map(|part| own(kind, part, &mut columns)).collect();
    let mut places = places.iter();
    let mut rows = Vec::new();
    for Answer { scope, value: listed, .. } in answers {
        for part in &listed.parts {
            let places = places.next().map(Vec::as_slice).unwrap_or_default();
            let column_at = |_: KindId, id: &str| titles::place_of(kind, &part.titles, id);
            let mut sieve = Sieve::new(filter, &column_at, now);
            let passing = part.items.iter().filter(|resource| sieve.passes(resource));
            rows.extend(passing.map(|resource| {
                let mut row = common(kind, scope, listed, resource);
                row.resize(columns.len(), Value::None);
                for (cell, place) in resource.cells.iter().zip(places) {
                    if let Some(place) = place {
                        row[*place] = cell.clone();
                    }
                }
                row
            }));
        }
    }
    Sheet { columns, rows }
}

/// Where the cells of a part go among the columns; those that are not there yet are added.
fn own(kind: &KindDef, part: &Rows, columns: &mut Vec<SheetColumn>) -> Vec<Option<usize>> {
    let place = |(at, column): (usize, &kinds::Column)| {
        let name = titles::name_of(kind, &part.titles, at)?;
        let named = part.titles.get(at).is_some_and(|title| **title != *column.title);
        let is_common = COMMON.iter().any(|common| common.id == name);
        if is_common && !named {
            return None;
        }
        // What a server happens to call like a column that every kind has is another one all the same.
        let name = if is_common { format!("printed_{name}") } else { name };
        if let Some(known) = columns.iter().position(|column| column.id == name) {
            return Some(known);
        }
        let mut new = sheet_column(column);
        if named {
            new.title = titles::title_of(kind, &part.titles, at)?.to_owned().into();
            new.id = name.into();
        }
        columns.push(new);
        Some(columns.len() - 1)
    };
    kind.columns.iter().enumerate().map(place).collect()
}

/// The cells of the columns that every kind has.
fn common(kind: &KindDef, scope: &Scope, listed: &Listed, resource: &Resource) -> Vec<Value> {
    vec![
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
    ]
}

/// A kind's own column. Room is given up from the highest number, after the common columns.
fn sheet_column(column: &kinds::Column) -> SheetColumn {
    let table = match column.show {
        Show::Table(rank) => Some(Stand { place: 5, rank: rank.saturating_add(3).min(199) }),
        Show::Data => None,
    };
    SheetColumn { id: column.id.into(), title: column.title.into(), right: column.right, least: column.width.0, table }
}
