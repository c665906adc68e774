//! A filter on its way through the resources of a list. Most of a list says the same as the row before in most columns: what a term
//! found in a cell is not looked for again in the next one like it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Filter, Pattern, Term};
use crate::model::{KindId, Resource, Value};

/// Where the cells of a kind's column are, by the column's id.
type Places<'a> = &'a dyn Fn(KindId, &str) -> Option<usize>;

/// Tells which resources pass a filter.
pub struct Sieve<'a> {
    filter: &'a Filter,
    places: Places<'a>,
    now: Timestamp,
    /// Of each term.
    known: Vec<Known<'a>>,
}

impl<'a> Sieve<'a> {
    /// Of a filter that may name columns; `now` is for ages.
    pub fn new(filter: &'a Filter, places: Places<'a>, now: Timestamp) -> Self {
        Self { filter, places, now, known: filter.terms.iter().map(|_| Known::default()).collect() }
    }

    /// Whether a resource passes.
    pub fn passes(&mut self, row: &'a Resource) -> bool {
        let (places, now) = (self.places, self.now);
        self.filter.terms.iter().zip(&mut self.known).all(|(Term { inverse, column, pattern }, known)| {
            let hit = match column {
                Some(column) => known.in_column(row, column, pattern, places, now),
                None => known.anywhere(row, pattern, now),
            };
            hit != *inverse
        })
    }
}

/// What a term has found in the rows so far.
#[derive(Default)]
struct Known<'a> {
    environment: Said<'a, Arc<str>>,
    cluster: Said<'a, Arc<str>>,
    reason: Said<'a, Arc<str>>,
    cells: Vec<Said<'a, Value>>,
    /// The place of the term's column in the kind that the last row was of: the rows of a list are of one kind.
    place: Option<(KindId, Option<usize>)>,
}

impl<'a> Known<'a> {
    fn anywhere(&mut self, row: &'a Resource, pattern: &Pattern, now: Timestamp) -> bool {
        let text = |text: &Arc<str>| pattern.matches(text);
        let scope = &row.id.scope;
        self.cells.resize_with(row.cells.len(), Said::default);
        pattern.matches(&row.name)
            || self.environment.of(&scope.environment, Arc::ptr_eq, text)
            || scope.cluster.as_ref().is_some_and(|cluster| self.cluster.of(cluster, Arc::ptr_eq, text))
            || self.reason.of(&row.reason, Arc::ptr_eq, text)
            || pattern.matches(row.health.word())
            || row
                .cells
                .iter()
                .zip(&mut self.cells)
                .any(|(cell, said)| said.of(cell, Value::is, |cell| pattern.is_in(cell, now)))
    }

    fn in_column(
        &mut self,
        row: &'a Resource,
        column: &str,
        pattern: &Pattern,
        places: Places,
        now: Timestamp,
    ) -> bool {
        match column {
            "name" => pattern.matches(&row.name),
            "environment" | "env" => pattern.matches(&row.id.scope.environment),
            "region" => pattern.matches(&row.id.scope.region),
            "kind" => pattern.matches(row.id.kind),
            "health" => pattern.matches(row.health.word()),
            "reason" => pattern.matches(&row.reason),
            own => {
                let kind = row.id.kind;
                let place = match self.place {
                    Some((known, place)) if known == kind => place,
                    _ => self.place.insert((kind, places(kind, own))).1,
                };
                place.and_then(|place| row.cells.get(place)).is_some_and(|cell| pattern.is_in(cell, now))
            }
        }
    }
}

/// What was found in the last of its place that was another than the one before. To tell them apart must cost less than to look.
struct Said<'a, T>(Option<(&'a T, bool)>);

impl<T> Default for Said<'_, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'a, T> Said<'a, T> {
    fn of(&mut self, this: &'a T, is: impl FnOnce(&T, &T) -> bool, look: impl FnOnce(&T) -> bool) -> bool {
        match self.0 {
            Some((last, found)) if is(last, this) => found,
            _ => self.0.insert((this, look(this))).1,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Health, ResourceId, Scope};

    fn row(environment: &str, name: &str, reason: &str, cells: &[Value]) -> Resource {
        let scope = Scope::new(environment, "eu-central-1");
        Resource {
            id: Arc::new(ResourceId { scope, kind: "ecs-service", id: name.into() }),
            name: name.into(),
            arn: None,
            health: if reason.is_empty() { Health::Ok } else { Health::Failed },
            reason: reason.into(),
            cells: cells.into(),
        }
    }

    /// Which of the rows pass, looked at one after the other, and each by itself.
    fn passing(filter: &str) -> [Vec<usize>; 2] {
        let rows = [
            row("dhbw", "web", "", &[Value::text("COMPLETED"), Value::Int(3)]),
            row("dhbw", "api", "", &[Value::text("COMPLETED"), Value::Int(3)]),
            row("dhbw", "web-2", "down since three", &[Value::text("FAILED"), Value::Int(0)]),
            row("edt", "db", "down since three", &[Value::text("FAILED"), Value::None]),
            row("edt", "short", "", &[]),
            row("edt", "web-3", "", &[Value::text("COMPLETED"), Value::Int(13)]),
        ];
        let filter = Filter::parse(filter).unwrap();
        let places = |_: KindId, column: &str| ["rollout", "tasks"].iter().position(|known| *known == column);
        let sieve = || Sieve::new(&filter, &places, Timestamp::UNIX_EPOCH);
        let mut one = sieve();
        let together = rows.iter().enumerate().filter(|(_, row)| one.passes(row)).map(|(at, _)| at).collect();
        let alone = rows.iter().enumerate().filter(|(_, row)| sieve().passes(row)).map(|(at, _)| at).collect();
        [together, alone]
    }

    #[rstest]
    #[case("", &[0, 1, 2, 3, 4, 5])]
    #[case("web", &[0, 2, 5])]
    #[case("dhbw", &[0, 1, 2])]
    #[case("3", &[0, 1, 5])]
    #[case("three", &[2, 3])]
    #[case("completed !web", &[1])]
    #[case("failed", &[2, 3])]
    #[case("rollout:failed", &[2, 3])]
    #[case("tasks:3 env:edt", &[5])]
    #[case("!tasks:3", &[2, 3, 4])]
    #[case("health:ok region:eu kind:ecs name:web", &[0, 5])]
    #[case("owner:me", &[])]
    fn rows_pass_as_each_would_alone(#[case] filter: &str, #[case] expected: &[usize]) {
        assert_eq!(passing(filter), [expected, expected], "{filter}");
    }
}
