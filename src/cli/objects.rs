//! `get TYPE` of any other type that Kubernetes clusters have: which there are is found out there and then, and the columns are those
//! that the API server prints.

use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::fetch::{self, Answer};
use super::get::{self, FILTER_COLUMNS, Listed, Pages};
use super::{Failure, Setup, select};
use crate::config::Problem;
use crate::kinds::{self, k8s_object, titles};
use crate::model::{Fault, Filter, Scope};

/// A word that is as much like a kind's is that, written wrongly.
const SLIP: f64 = 0.9;

/// Words that are, and mean a type of the core group, which has no name to tell it by.
const NO_SLIPS: [&str; 3] = ["persistentvolume", "persistentvolumes", "pv"];

/// What one scope has of a type.
#[derive(Default)]
struct Found {
    listed: Listed,
    /// Whether a cluster has the type at all.
    known: bool,
    /// The words for all types of its clusters, for near misses.
    words: Vec<String>,
}

pub(super) async fn run(setup: &Setup, word: &str, filter: &Filter) -> Result<ExitCode, Failure> {
    if kinds::by_word(word).is_some() {
        let hint = "name the type, such as `certificates.cert-manager.io`; `get k8s-resources` lists them";
        return Err(Failure::usage(format!("`{word}` are of many types"), hint));
    }
    // Nobody is asked for what is plainly a slip of the pen. Who means a type that is called nearly so names its group, too.
    let may_slip = !word.contains('.') && !NO_SLIPS.contains(&word);
    if may_slip && own_words().any(|own| strsim::jaro_winkler(word, own) > SLIP) {
        return Err(Failure::usage(format!("there is no kind `{word}`"), Problem::one_of(word, own_words())));
    }
    let scopes = select::scopes(&setup.chosen()?);
    let several_regions = scopes.iter().any(|scope| scope.region != scopes[0].region);
    let found = fetch::each(&setup.access, scopes, |scope| list(setup, word, scope)).await;
    if !found.iter().any(|answer| answer.value.known) {
        return unknown(setup, word, &found);
    }
    let answer = |Answer { scope, value, faults }: Answer<Found>| Answer { scope, value: value.listed, faults };
    let answers: Vec<Answer<Listed>> = found.into_iter().map(answer).collect();
    let kind = &k8s_object::DEF;
    let mut names: Vec<String> = FILTER_COLUMNS.map(str::to_owned).into();
    for part in answers.iter().flat_map(|answer| &answer.value.parts) {
        names.extend((0..kind.columns.len()).filter_map(|at| titles::name_of(kind, &part.titles, at)));
    }
    get::check_filter(filter, names.iter().map(String::as_str))?;
    let sheet = get::sheet(kind, filter, several_regions, &answers, Timestamp::now());
    setup.print(&[sheet], word, fetch::complete(&answers))?;
    Ok(fetch::status(&answers, setup.global.verbose > 0))
}

/// No kind and no type is called so. Where a cluster could not be asked that is said first: it may have it.
fn unknown(setup: &Setup, word: &str, found: &[Answer<Found>]) -> Result<ExitCode, Failure> {
    if !fetch::complete(found) {
        super::failure::say(&format!("no kind and no cluster that answers knows `{word}`"));
        return Ok(fetch::status(found, setup.global.verbose > 0));
    }
    let types = found.iter().flat_map(|answer| answer.value.words.iter().map(String::as_str));
    Err(Failure::usage(format!("there is no kind `{word}`"), Problem::one_of(word, own_words().chain(types))))
}

/// Every word that names a registered kind.
fn own_words<'a>() -> impl Iterator<Item = &'a str> + Clone {
    kinds::ALL.iter().flat_map(|kind| [kind.id, kind.title].into_iter().chain(kind.aliases.iter().copied()))
}

/// Asks every cluster of a scope for its objects of this type.
async fn list(setup: &Setup, word: &str, scope: Scope) -> (Found, Vec<Fault>) {
    let env = match setup.access.kube_env(&scope).await {
        Ok(env) => env,
        Err(fault) => return (Found::default(), vec![fault]),
    };
    let clusters = match env.clusters().await {
        Ok(clusters) => clusters,
        Err(fault) => return (Found::default(), vec![fault]),
    };
    let ask = |name: Arc<str>| {
        let env = Arc::clone(&env);
        async move {
            let pages = Pages::default();
            let called = k8s_object::called(&env, &name, word, &pages).await;
            let (rows, faults) = pages.all();
            (called, rows, faults)
        }
    };
    let mut found = Found::default();
    let mut all = Vec::new();
    for (called, rows, faults) in join_all(clusters.into_iter().map(ask)).await {
        all.extend(faults);
        match called {
            Ok(None) => {
                found.known = true;
                found.listed.parts.push(rows);
            }
            Ok(Some(words)) => found.words.extend(words),
            Err(fault) => all.push(fault),
        }
    }
    found.listed.account = get::account(setup, &env).await;
    found.listed.observed_at = Some(Timestamp::now());
    (found, all)
}
