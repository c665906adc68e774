//! Which log sources the words of `logs` mean: `KIND/NAME`, a log group, or a bare name.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::fetch::{self, Answer};
use crate::cli::{Failure, Setup, select};
use crate::config::Problem;
use crate::kinds::{self, KindDef, Sink};
use crate::model::{Fault, LogSource, PodsOf, Resource, Scope};

/// A bare name is looked for among these kinds, in this order; the first that has it counts.
const BARE: [&str; 2] = ["ecs-service", GROUP];
const GROUP: &str = "log-group";

/// A word of the command line: where to look, and for what.
pub(super) struct Wanted {
    of: Of,
    /// A name or a pattern of one; a selector.
    pattern: String,
}

/// Where to look.
enum Of {
    /// Among these kinds; the first that has it counts.
    Kinds(Vec<&'static KindDef>),
    /// Among the pods of this namespace, by their labels.
    Labels(Arc<str>),
}

/// What stands in front of a namespace and a selector.
const LABELS: &str = "labels:";

/// What was found in one scope.
#[derive(Default)]
pub(super) struct Found {
    /// Sources in the order of the words.
    sources: Vec<LogSource>,
    /// Which of the words found something.
    hit: Vec<bool>,
    /// All names that were looked at, for near misses.
    names: Vec<Arc<str>>,
}

/// Reads the words. That a kind has no logs is wrong usage; what exists is only known once the scopes have been asked.
pub(super) fn parse(words: &[String]) -> Result<Vec<Wanted>, Failure> {
    words.iter().map(|word| parse_word(word)).collect()
}

fn parse_word(word: &str) -> Result<Wanted, Failure> {
    if let Some(rest) = word.strip_prefix(LABELS) {
        return match PodsOf::split(rest) {
            Some((namespace, selector)) => {
                Ok(Wanted { of: Of::Labels(namespace.into()), pattern: selector.to_owned() })
            }
            None => {
                Err(Failure::usage(format!("`{word}` selects no pods"), "write it like `labels:NAMESPACE/app=web`"))
            }
        };
    }
    if let Some((kind, name)) = word.split_once('/')
        && let Some(kind) = kinds::by_word(kind)
    {
        if !kind.has_logs {
            let with_logs = kinds::ALL.iter().filter(|kind| kind.has_logs).map(|kind| kind.title);
            let allowed = with_logs.collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(format!("{} have no logs", kind.title), format!("allowed: {allowed}")));
        }
        if name.is_empty() {
            return Err(Failure::usage(
                format!("`{word}` names nothing"),
                "write it like `service/backend` or `service/*`",
            ));
        }
        return Ok(Wanted { of: Of::Kinds(vec![kind]), pattern: name.to_owned() });
    }
    let kinds = if word.contains('/') { &BARE[1..] } else { &BARE[..] };
    let kinds = kinds.iter().filter_map(|kind| kinds::by_id(kind)).collect();
    Ok(Wanted { of: Of::Kinds(kinds), pattern: word.to_owned() })
}

/// Looks for the words in one scope.
pub(super) async fn find(setup: &Setup, wanted: &[Wanted], scope: Scope) -> (Found, Vec<Fault>) {
    let mut found = Found::default();
    for word in wanted {
        let hit = match &word.of {
            Of::Kinds(kinds) => find_name(setup, &scope, kinds, &word.pattern, &mut found).await,
            Of::Labels(namespace) => find_labels(setup, &scope, namespace, &word.pattern, &mut found).await,
        };
        match hit {
            Ok(hit) => found.hit.push(hit),
            Err(fault) => return (found, vec![fault]),
        }
    }
    (found, Vec::new())
}

/// The pods of a selector in every cluster; which they are is found out while they are read.
async fn find_labels(
    setup: &Setup,
    scope: &Scope,
    namespace: &Arc<str>,
    selector: &str,
    found: &mut Found,
) -> Result<bool, Fault> {
    let env = setup.access.kube_env(scope).await?;
    let clusters = env.clusters().await?;
    for cluster in &clusters {
        found.sources.push(LogSource::labelled(&scope.in_cluster(Arc::clone(cluster)), namespace, selector));
    }
    Ok(!clusters.is_empty())
}

async fn find_name(
    setup: &Setup,
    scope: &Scope,
    kinds: &[&'static KindDef],
    pattern: &str,
    found: &mut Found,
) -> Result<bool, Fault> {
    for kind in kinds {
        let (env, rows) = (kind.env(&setup.access, scope).await?, Rows::default());
        (kind.list)(&env, None, &rows).await?;
        let rows = rows.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.names.extend(rows.iter().map(|row| Arc::clone(&row.name)));
        let mut hit = false;
        for row in rows.iter().filter(|row| is_meant(pattern, row)) {
            hit = true;
            for source in (kind.logs)(&env, &row.id).await? {
                if !found.sources.contains(&source) {
                    found.sources.push(source);
                }
            }
        }
        if hit {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_meant(pattern: &str, row: &Resource) -> bool {
    select::matches(pattern, &row.name) || select::matches(pattern, &row.id.id)
}

#[derive(Default)]
struct Rows(Mutex<Vec<Resource>>);

impl Sink for Rows {
    fn page(&self, rows: Vec<Resource>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(rows);
    }

    /// Kinds with logs are read from one place each.
    fn lacks(&self, _: Fault) {}
}

/// All sources. What found nothing anywhere is wrong usage, if everybody has answered.
pub(super) fn merge(wanted: &[Wanted], found: &[Answer<Found>]) -> Result<Vec<LogSource>, Failure> {
    for (at, Wanted { pattern, .. }) in wanted.iter().enumerate() {
        if fetch::complete(found) && !found.iter().any(|answer| answer.value.hit.get(at) == Some(&true)) {
            let names: Vec<&str> =
                found.iter().flat_map(|answer| answer.value.names.iter().map(|name| &**name)).collect();
            let hint = Problem::one_of(pattern, names);
            return Err(Failure::usage(format!("there is no log source `{pattern}`"), hint));
        }
    }
    Ok(found.iter().flat_map(|answer| answer.value.sources.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("backend", &["ecs-service", "log-group"], "backend")]
    #[case("/ecs/backend", &["log-group"], "/ecs/backend")]
    #[case("vendor/app/*", &["log-group"], "vendor/app/*")]
    #[case("service/backend", &["ecs-service"], "backend")]
    #[case("svc/web/*", &["ecs-service"], "web/*")]
    #[case("log-groups//ecs/x", &["log-group"], "/ecs/x")]
    fn words(#[case] word: &str, #[case] kinds: &[&str], #[case] pattern: &str) {
        let wanted = parse_word(word).unwrap();
        let Of::Kinds(found) = wanted.of else { panic!("it names kinds") };
        assert_eq!(found.iter().map(|kind| kind.id).collect::<Vec<_>>(), kinds);
        assert_eq!(wanted.pattern, pattern);
    }

    #[test]
    fn labels_name_a_namespace_and_a_selector() {
        let wanted = parse_word("labels:web/app=api,tier in (a,b)").unwrap();
        let Of::Labels(namespace) = wanted.of else { panic!("it selects pods") };
        assert_eq!((&*namespace, &*wanted.pattern), ("web", "app=api,tier in (a,b)"));
    }

    #[test]
    fn a_kind_without_logs_and_an_empty_name_are_wrong_usage() {
        let said = |word: &str| parse_word(word).err().unwrap().to_string();
        let without = kinds::ALL.iter().find(|kind| !kind.has_logs).unwrap();
        let text = said(&format!("{}/x", without.id));
        assert!(text.contains("have no logs") && text.contains("services"), "{text}");
        assert!(said("service/").contains("names nothing"));
        assert!(said("labels:app=web").contains("NAMESPACE/"));
    }
}
