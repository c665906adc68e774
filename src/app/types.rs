//! The types of objects that Kubernetes clusters have, as the palette offers them: for words that are no kinds.

use std::collections::BTreeSet;

use super::command::Command;
use super::labels;
use super::layer::{Layer, PaletteEntry};
use super::state::State;
use crate::kinds::{self, k8s_resource};
use crate::model::{Query, Scope};

/// What the palette calls them.
pub(super) const SORT: &str = "kubernetes";

/// The types that the clusters of the marked environments are known to have. Those that can't be listed lead nowhere.
pub(super) fn entries(state: &State) -> Vec<PaletteEntry> {
    let known = state.marked_scopes().into_iter().filter_map(|scope| state.store.rows(&query(scope)));
    let listed = |found: &&crate::model::Resource| !(k8s_resource::DEF.relations)(found).is_empty();
    let entry = |found: &crate::model::Resource| {
        let scope = &found.id.scope;
        let place = format!("{}/{}", scope.environment, scope.cluster.as_deref().unwrap_or_default());
        PaletteEntry {
            words: k8s_resource::words(found).join(" ").into(),
            sort: SORT,
            keys: place.into(),
            command: Command::Objects(std::sync::Arc::clone(&found.id)),
        }
    };
    known.flat_map(|rows| rows.items.iter().filter(listed).map(entry).collect::<Vec<_>>()).collect()
}

/// The clusters of the marked environments that have said what they have.
pub(super) fn clusters(state: &State) -> Vec<Scope> {
    let known = state.marked_scopes().into_iter().filter_map(|scope| state.store.rows(&query(scope)));
    let scopes: BTreeSet<&Scope> = known.flat_map(|rows| rows.items.iter().map(|found| &found.id.scope)).collect();
    scopes.into_iter().cloned().collect()
}

/// Whether a typed word is the beginning of one of an entry's words: nothing is offered before something is typed.
pub(super) fn begins(entry: &PaletteEntry, word: &str) -> bool {
    !word.is_empty() && entry.words.split(' ').any(|known| known.starts_with(word))
}

/// Whether a typed word is one of an entry's words.
pub(super) fn is_called(entry: &PaletteEntry, word: &str) -> bool {
    let word = word.to_lowercase();
    entry.words.split(' ').any(|known| known == word)
}

/// What has to be asked for while the palette is open, or labels are typed.
pub(super) fn wanted(state: &State) -> Vec<Query> {
    if matches!(state.layers.last(), Some(Layer::Palette { .. })) || labels::are_typed(state) {
        return of_clusters(state);
    }
    Vec::new()
}

/// What asks the clusters of the marked environments what they have; nothing for environments without one.
pub(super) fn of_clusters(state: &State) -> Vec<Query> {
    let has_clusters = |scope: &Scope| {
        let of_account = Query::List { scope: scope.clone(), kind: kinds::eks_cluster::DEF.id, within: None };
        state.environment(&scope.environment).is_some_and(|environment| !environment.kube_contexts.is_empty())
            || state.store.rows(&of_account).is_some_and(|rows| !rows.items.is_empty())
    };
    state.marked_scopes().into_iter().filter(has_clusters).map(query).collect()
}

/// Whether this is what the palette stands on.
pub(super) fn concerns(query: &Query) -> bool {
    matches!(query, Query::List { kind, within: None, .. } if *kind == k8s_resource::DEF.id)
}

fn query(scope: Scope) -> Query {
    Query::List { scope, kind: k8s_resource::DEF.id, within: None }
}
