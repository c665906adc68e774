//! Logs of pods by their labels: what is typed for them, and the tail that it opens.

use super::layer::{Layer, Prompt};
use super::msg::Effect;
use super::open::logs_view;
use super::state::State;
use super::view::View;
use super::{navigate, types};
use crate::model::{LogSource, PodsOf};

/// What stands in the line before anything is typed: the namespace of the selection.
pub(super) fn beginning(state: &State) -> String {
    let namespace = state.selected().and_then(|id| id.scope.namespace.clone());
    namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default()
}

/// Whether the line is open: what clusters there are is asked for meanwhile.
pub(super) fn are_typed(state: &State) -> bool {
    matches!(state.layers.last(), Some(Layer::Prompt { prompt: Prompt::Labels, .. }))
}

/// Opens a tail of the pods that are meant, in every cluster of the marked environments; or says why there is none.
pub(super) fn tail(state: &mut State, text: &str, effects: &mut Vec<Effect>) -> Result<(), &'static str> {
    let text = text.trim();
    let (namespace, labels) = PodsOf::split(text).ok_or("a namespace, `/`, and labels are needed")?;
    let clusters = types::clusters(state);
    if clusters.is_empty() {
        return Err(match types::of_clusters(state).as_slice() {
            [] => "no environment that is marked has a cluster",
            _ => "the clusters have not answered yet",
        });
    }
    let mut view = logs_view(Vec::new(), state.settings.log_lines);
    view.title = text.into();
    view.restart(clusters.iter().map(|cluster| LogSource::labelled(cluster, namespace, labels)).collect());
    navigate::go(state, View::Logs(Box::new(view)), effects);
    Ok(())
}
