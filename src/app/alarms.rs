//! What firing alarms say of the resources they watch is joined with their rows where answers come in, so that lists, fleet, detail
//! and logs are about one and the same health. It costs a look at the rows of a list when that list or the region's alarms have
//! changed, and nothing when a frame is drawn.

use std::sync::Arc;

use super::store::Store;
use crate::kinds::firing::{ALARM, Firing, firing, marked};
use crate::model::{Answer, Query, Scope};

/// Brings the store's rows up to date with its alarms, or with a new answer; returns the other lists that look different now.
pub(super) fn join(store: &mut Store, query: &Query) -> Vec<Query> {
    let Query::List { scope, kind, within } = query else { return Vec::new() };
    if *kind != ALARM || within.is_some() {
        store.unmarked.remove(query);
        mark(store, query, &region(store, scope));
        return Vec::new();
    }
    let firing = Arc::new(store.rows(query).map(|alarms| firing(&alarms.items)).unwrap_or_default());
    if *firing == *region(store, scope) {
        return Vec::new();
    }
    store.firing.insert(scope.clone(), Arc::clone(&firing));
    let beside =
        |known: &&Query| matches!(known, Query::List { scope: its, kind, .. } if its == scope && *kind != ALARM);
    let lists: Vec<Query> = store.answers.keys().filter(beside).cloned().collect();
    lists.into_iter().filter(|list| mark(store, list, &firing)).collect()
}

fn region(store: &Store, scope: &Scope) -> Arc<Firing> {
    store.firing.get(scope).cloned().unwrap_or_default()
}

/// Marks the rows of one list; whether it looks different now.
fn mark(store: &mut Store, list: &Query, firing: &Firing) -> bool {
    let before = store.unmarked.remove(list);
    let Some(plain) = before.clone().or_else(|| store.rows(list).cloned()) else { return false };
    let Query::List { kind, .. } = list else { return false };
    let rows = match marked(&plain, kind, firing).map(Arc::new) {
        Some(rows) => {
            store.unmarked.insert(list.clone(), plain);
            rows
        }
        None if before.is_some() => plain,
        None => return false,
    };
    if let Some((answer, _)) = store.answers.get_mut(list).and_then(|known| known.value.as_mut()) {
        *answer = Answer::Rows(rows);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use crate::model::{Health, KindId, Resource, ResourceId, Rows, Value};

    fn scope() -> Scope {
        Scope::new("enterprise-prod", "us-east-1")
    }

    fn list(kind: KindId) -> Query {
        Query::List { scope: scope(), kind, within: None }
    }

    fn row(kind: KindId, name: &str, health: Health, reason: &str, cells: &[(&str, Value)]) -> Resource {
        let columns = kinds::by_id(kind).map_or(&[][..], |kind| kind.columns);
        let cell = |id: &str| cells.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
        Resource {
            id: Arc::new(ResourceId { scope: scope(), kind, id: name.into() }),
            name: name.into(),
            arn: None,
            health,
            reason: reason.into(),
            cells: columns.iter().map(|column| cell(column.id).unwrap_or_default()).collect(),
        }
    }

    fn alarm(name: &str, health: Health, database: &str) -> Resource {
        let dimensions = Value::list([format!("DBInstanceIdentifier={database}")]);
        row("alarm", name, health, "", &[("namespace", Value::text("AWS/RDS")), ("dimensions", dimensions)])
    }

    /// An answer comes; returns what else looks different.
    fn take(store: &mut Store, kind: KindId, items: Vec<Resource>) -> Vec<Query> {
        let answer = Answer::Rows(Arc::new(Rows { items, ..Rows::default() }));
        store.answers.entry(list(kind)).or_default().succeed(answer, jiff::Timestamp::UNIX_EPOCH);
        join(store, &list(kind))
    }

    fn shown(store: &Store) -> Vec<(Health, String)> {
        let rows = store.rows(&list("rds-instance")).unwrap();
        rows.items.iter().map(|row| (row.health, row.reason.to_string())).collect()
    }

    fn databases() -> Vec<Resource> {
        vec![
            row("rds-instance", "db", Health::Ok, "", &[]),
            row("rds-instance", "full", Health::Failed, "storage is full", &[]),
            row("rds-instance", "well", Health::Ok, "parameters wait for a reboot", &[]),
        ]
    }

    #[test]
    fn a_database_is_not_well_while_an_alarm_fires_on_it() {
        let mut store = Store::default();
        assert!(take(&mut store, "rds-instance", databases()).is_empty());
        let alarms = vec![
            alarm("db-connections", Health::Failed, "db"),
            alarm("full-storage", Health::Failed, "full"),
            alarm("well-cpu", Health::Ok, "well"),
        ];
        assert_eq!(take(&mut store, "alarm", alarms.clone()), [list("rds-instance")]);
        let marked = [
            (Health::Degraded, "alarm db-connections".to_owned()),
            (Health::Failed, "storage is full; alarm full-storage".to_owned()),
            (Health::Ok, "parameters wait for a reboot".to_owned()),
        ];
        assert_eq!(shown(&store), marked);
        assert!(take(&mut store, "alarm", alarms).is_empty(), "the same alarms change nothing");
        take(&mut store, "rds-instance", databases());
        assert_eq!(shown(&store), marked, "a new answer is marked as it comes");
        take(&mut store, "alarm", vec![alarm("db-connections", Health::Ok, "db")]);
        let plain: Vec<_> = databases().iter().map(|row| (row.health, row.reason.to_string())).collect();
        assert_eq!(shown(&store), plain, "what no alarm says any more is taken back");
    }

    #[test]
    fn of_many_alarms_two_are_named() {
        let mut store = Store::default();
        take(&mut store, "alarm", ["a", "b", "c", "d"].map(|name| alarm(name, Health::Failed, "db")).into());
        take(&mut store, "rds-instance", vec![row("rds-instance", "db", Health::Progressing, "backing up", &[])]);
        assert_eq!(shown(&store), [(Health::Degraded, "alarms a, b +2 more; backing up".to_owned())]);
    }

    #[test]
    fn alarms_of_another_region_say_nothing() {
        let mut store = Store::default();
        take(&mut store, "rds-instance", databases());
        let elsewhere = Query::List { scope: Scope::new("enterprise-prod", "eu-west-1"), kind: "alarm", within: None };
        let mut far = alarm("db-connections", Health::Failed, "db");
        far.id = Arc::new(ResourceId { scope: elsewhere.scope().clone(), ..(*far.id).clone() });
        let answer = Answer::Rows(Arc::new(Rows { items: vec![far], ..Rows::default() }));
        store.answers.entry(elsewhere.clone()).or_default().succeed(answer, jiff::Timestamp::UNIX_EPOCH);
        assert!(join(&mut store, &elsewhere).is_empty());
        assert_eq!(shown(&store)[0].0, Health::Ok);
    }
}
