//! What the cursor stands on, and the lists of the present view.

use std::sync::Arc;

use super::logs::LogsView;
use super::pane::{Pane, PaneKey};
use super::state::State;
use super::view::View;
use crate::kinds::{self, System};
use crate::model::{Environment, KindId, Query, Resource, ResourceId, Scope};

/// The kind that tells which Kubernetes clusters an AWS account has.
pub(super) const EKS: KindId = "eks-cluster";

impl State {
    /// The environment of this name.
    pub fn environment(&self, name: &str) -> Option<&Arc<Environment>> {
        self.environments.iter().find(|environment| &*environment.name == name)
    }

    /// The regions of the marked environments.
    pub fn marked_scopes(&self) -> Vec<Scope> {
        self.environments
            .iter()
            .filter(|environment| self.marked.contains(&environment.name))
            .flat_map(|environment| scopes(environment))
            .collect()
    }

    /// The list that has the keys.
    pub fn focused(&self) -> Option<(PaneKey, &Pane)> {
        match &self.view {
            View::Bridge(bridge) => bridge.panes.get(bridge.focus).map(|pane| (PaneKey::Bridge(bridge.focus), pane)),
            View::List(pane) => Some((PaneKey::Main, pane)),
            _ => None,
        }
    }

    /// The list that has the keys.
    pub fn focused_mut(&mut self) -> Option<(PaneKey, &mut Pane)> {
        match &mut self.view {
            View::Bridge(bridge) => {
                bridge.panes.get_mut(bridge.focus).map(|pane| (PaneKey::Bridge(bridge.focus), pane))
            }
            View::List(pane) => Some((PaneKey::Main, pane)),
            _ => None,
        }
    }

    /// A list by its key.
    pub fn pane_mut(&mut self, key: PaneKey) -> Option<&mut Pane> {
        match (&mut self.view, key) {
            (View::Bridge(bridge), PaneKey::Bridge(n)) => bridge.panes.get_mut(n),
            (View::List(pane), PaneKey::Main) => Some(pane),
            _ => None,
        }
    }

    /// The lists of the present view.
    pub fn panes(&self) -> Vec<(PaneKey, &Pane)> {
        match &self.view {
            View::Bridge(bridge) => bridge.panes.iter().enumerate().map(|(n, p)| (PaneKey::Bridge(n), p)).collect(),
            View::List(pane) => vec![(PaneKey::Main, pane)],
            _ => Vec::new(),
        }
    }

    /// The tail of the present view.
    pub fn tail(&self) -> Option<&LogsView> {
        match &self.view {
            View::Bridge(bridge) => Some(&bridge.logs),
            View::Logs(logs) => Some(logs),
            _ => None,
        }
    }

    /// The tail of the present view.
    pub fn tail_mut(&mut self) -> Option<&mut LogsView> {
        match &mut self.view {
            View::Bridge(bridge) => Some(&mut bridge.logs),
            View::Logs(logs) => Some(logs),
            _ => None,
        }
    }

    /// The tail that has the keys.
    pub fn focused_tail(&mut self) -> Option<&mut LogsView> {
        match &mut self.view {
            View::Bridge(bridge) if bridge.focus == 4 => Some(&mut bridge.logs),
            View::Logs(logs) => Some(logs),
            _ => None,
        }
    }

    /// The resource that the cursor stands on, or that the detail shows.
    pub fn selected(&self) -> Option<Arc<ResourceId>> {
        match &self.view {
            View::Detail(detail) => Some(Arc::clone(&detail.id)),
            View::Changes(changes) => {
                let row = changes.order.get(changes.nav.at)?;
                changes.rows.get(*row)?.resource.clone()
            }
            _ => self.selected_resource().map(|resource| Arc::clone(&resource.id)),
        }
    }

    /// The resource that the cursor of a list stands on, as last seen.
    pub fn selected_resource(&self) -> Option<&Resource> {
        if let View::Detail(detail) = &self.view {
            return detail.resource.as_ref();
        }
        let (_, pane) = self.focused()?;
        pane.shown.get(pane.nav.at)
    }

    /// The environment that the cursor of the fleet stands on.
    pub fn selected_environment(&self) -> Option<Arc<str>> {
        let View::Fleet(fleet) = &self.view else { return None };
        let row = self.fleet.get(*fleet.order.get(fleet.nav.at)?)?;
        Some(Arc::clone(&row.environment.name))
    }

    /// What a list stands on. Where kinds of AWS and of Kubernetes stand side by side, an environment is asked for the latter only
    /// where it has clusters: the others shall cost no call and no fault.
    pub fn queries(&self, pane: &Pane) -> Vec<Query> {
        let queries = pane.queries(&self.marked_scopes()).into_iter();
        let alone = pane.kinds.len() < 2;
        queries.filter(|query| alone || !is_of_clusters(query) || self.has_clusters(query.scope())).collect()
    }

    /// Whether there are Kubernetes clusters in a region, as far as that is known: contexts that belong to it, or EKS clusters that were
    /// listed.
    pub fn has_clusters(&self, scope: &Scope) -> bool {
        let environment = self.environments.iter().find(|environment| environment.name == scope.environment);
        let contexts = environment.is_some_and(|environment| {
            !environment.kube_contexts.is_empty() && environment.regions.first() == Some(&scope.region)
        });
        let listed = Query::List { scope: scope.clone(), kind: EKS, within: None };
        contexts || self.store.rows(&listed).is_some_and(|rows| !rows.items.is_empty())
    }

    /// A resource by its id, wherever a known list has it.
    pub fn find(&self, id: &ResourceId) -> Option<&Resource> {
        let in_region = Query::List { scope: id.scope.region_scope(), kind: id.kind, within: None };
        let of = |query: &Query| self.store.rows(query)?.items.iter().find(|resource| same(&resource.id, id));
        of(&in_region).or_else(|| {
            let narrowed =
                |query: &&Query| matches!(query, Query::List { kind, within: Some(_), .. } if *kind == id.kind);
            self.store.answers.keys().filter(narrowed).find_map(of)
        })
    }
}

/// Whether it asks Kubernetes clusters.
pub(super) fn is_of_clusters(query: &Query) -> bool {
    let Query::List { kind, .. } = query else { return false };
    kinds::by_id(kind).is_some_and(|kind| matches!(kind.system, System::Kubernetes(_)))
}

/// Whether two ids are the same, the part that differs most first: this is asked for every row of a long list.
pub(super) fn same(a: &ResourceId, b: &ResourceId) -> bool {
    a.id == b.id && a == b
}

/// The regions of an environment.
pub(super) fn scopes(environment: &Environment) -> impl Iterator<Item = Scope> + '_ {
    environment.regions.iter().map(|region| Scope::new(Arc::clone(&environment.name), Arc::clone(region)))
}

impl Pane {
    /// The queries it stands on.
    pub fn queries(&self, marked: &[Scope]) -> Vec<Query> {
        let scopes = match &self.within {
            Some(within) => vec![within.scope.region_scope()],
            None => marked.to_vec(),
        };
        scopes
            .iter()
            .flat_map(|scope| {
                self.kinds.iter().map(|kind| Query::List { scope: scope.clone(), kind, within: self.within.clone() })
            })
            .collect()
    }
}
