//! What firing alarms say of the resources they watch. A database can call itself available and be short of connections all the same.
//! Not a kind.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::dimensions;
use crate::model::{Health, KindId, Query, Resource, ResourceId, Rows};

/// The kind whose rows say something of others.
pub const ALARM: KindId = "alarm";

/// Names of alarms that a reason quotes; of more it tells how many.
const NAMED: usize = 2;

/// The names of the alarms that fire in a region, by what they watch.
pub type Firing = HashMap<Arc<ResourceId>, Vec<Arc<str>>>;

/// Whether alarms can watch resources of a kind.
pub fn is_watched(kind: KindId) -> bool {
    dimensions::KINDS.contains(&kind)
}

/// What an alarm leads to as one resource is what it watches.
pub fn firing(alarms: &[Resource]) -> Firing {
    let mut firing = Firing::new();
    for alarm in alarms.iter().filter(|alarm| alarm.health.is_sick()) {
        for relation in super::by_id(alarm.id.kind).map(|kind| (kind.relations)(alarm)).unwrap_or_default() {
            if let Query::Detail(watched) = relation.query {
                firing.entry(watched).or_default().push(Arc::clone(&alarm.name));
            }
        }
    }
    firing
}

/// The rows of a kind with what fires on them, or nothing where none of them is watched by an alarm that does.
pub fn marked(plain: &Rows, kind: KindId, firing: &Firing) -> Option<Rows> {
    let names: HashSet<&str> = firing.keys().filter(|id| id.kind == kind).map(|id| &*id.id).collect();
    // Most rows are ruled out by their name alone.
    let alarms = |row: &Resource| if names.contains(&*row.id.id) { firing.get(&row.id) } else { None };
    if names.is_empty() || !plain.items.iter().any(|row| alarms(row).is_some()) {
        return None;
    }
    let items = plain.items.iter().map(|row| alarms(row).map_or_else(|| row.clone(), |alarms| with(row, alarms)));
    Some(Rows { items: items.collect(), faults: plain.faults.clone(), titles: Arc::clone(&plain.titles) })
}

/// A resource is not well while an alarm fires on it, whatever its own API says. What that says stands first where it is worse.
fn with(row: &Resource, alarms: &[Arc<str>]) -> Resource {
    let named = alarms.iter().take(NAMED).map(|name| &**name).collect::<Vec<_>>().join(", ");
    let more = if alarms.len() > NAMED { format!(" +{} more", alarms.len() - NAMED) } else { String::new() };
    let fires = format!("{} {named}{more}", if alarms.len() == 1 { "alarm" } else { "alarms" });
    let words = match (&*row.reason, row.health.is_sick()) {
        ("", _) => fires,
        (own, true) => format!("{own}; {fires}"),
        (own, false) => format!("{fires}; {own}"),
    };
    Resource { health: row.health.max(Health::Degraded), reason: words.into(), ..row.clone() }
}
