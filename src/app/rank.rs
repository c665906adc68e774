//! Filtering and sorting of a list: a plain function, run at once for small lists and off the loop for large ones.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::nav::Sort;
use super::pane::{PaneKey, RowRef, Shown};
use crate::kinds::{self, titles};
use crate::model::filter::Sieve;
use crate::model::{Filter, KindId, Resource, Rows, SortKey, Value};

/// Lists up to this many rows are ranked at once; larger ones off the loop, so that a key never waits for them.
pub const AT_ONCE: usize = 2_000;

/// Lists to filter and sort.
#[derive(Clone, Debug)]
pub struct RankJob {
    /// For which list.
    pub pane: PaneKey,
    /// Its generation.
    pub generation: u64,
    /// The lists.
    pub parts: Vec<Arc<Rows>>,
    /// What to let through.
    pub filter: Filter,
    /// In which order; `None` is sick first, then by name.
    pub sort: Option<Sort>,
    /// What was shown before: its order is used again when only the filter is new.
    pub before: Shown,
    /// For ages in filters.
    pub now: Timestamp,
}

impl RankJob {
    /// How many rows it has to look at.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.items.len()).sum()
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does it.
    pub fn run(self) -> Shown {
        self.run_with(&Alone).unwrap_or_default()
    }

    /// Does it with the help of others, as long as somebody wants the result.
    pub fn run_with(self, crew: &dyn Crew) -> Option<Shown> {
        let same_parts = self.parts.len() == self.before.parts.len()
            && self.parts.iter().zip(&self.before.parts).all(|(a, b)| Arc::ptr_eq(a, b));
        let (sorted, sick) = if same_parts && self.sort == self.before.sort {
            (Arc::clone(&self.before.sorted), self.before.sick)
        } else {
            (sort(&self.parts, self.sort.as_ref(), crew)?, count_sick(&self.parts))
        };
        let order = if self.filter.is_empty() {
            Arc::clone(&sorted)
        } else {
            let passing = self.passing(crew)?;
            sorted.iter().copied().filter(|row| passing[row.part as usize][row.row as usize]).collect()
        };
        Some(Shown { parts: self.parts, sorted, sort: self.sort, order, sick })
    }

    /// Which rows of each part pass. They are looked at as they lie in memory: in the order of the screen every one of them would have
    /// to be fetched from somewhere else.
    fn passing(&self, crew: &dyn Crew) -> Option<Vec<Vec<bool>>> {
        let passing = in_pieces(&self.parts, PIECE, crew, |part, rows| {
            let part = &self.parts[part];
            let places = places(&part.titles);
            let mut sieve = Sieve::new(&self.filter, &places, self.now);
            part.items[rows].iter().map(|row| sieve.passes(row)).collect::<Vec<bool>>()
        })?;
        let mut parts: Vec<Vec<bool>> = self.parts.iter().map(|part| Vec::with_capacity(part.items.len())).collect();
        for (part, piece) in passing {
            parts[part].extend(piece);
        }
        Some(parts)
    }
}

/// Who helps with the work. Threads are not this room's affair.
pub trait Crew: Sync {
    /// Whether somebody still wants the result: while a filter is typed, every key asks for another one.
    fn is_wanted(&self) -> bool;
    /// How many work at once.
    fn size(&self) -> usize;
    /// Does each of so many pieces of work, and returns when all are done.
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync));
}

/// Nobody helps.
struct Alone;

impl Crew for Alone {
    fn is_wanted(&self) -> bool {
        true
    }

    fn size(&self) -> usize {
        1
    }

    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(work);
    }
}

/// Rows that are filtered between two looks at whether the result is wanted.
const PIECE: usize = 4_096;

/// From so many rows on it pays to share them out.
const SHARED: usize = 10_000;

/// Works on all rows in pieces of no more than so many: what came of each piece and of which part it is, in order. `None`: it is wanted
/// no more.
fn in_pieces<T: Send>(
    parts: &[Arc<Rows>],
    size: usize,
    crew: &dyn Crew,
    work: impl Fn(usize, Range<usize>) -> T + Sync,
) -> Option<Vec<(usize, T)>> {
    let pieces: Vec<(usize, Range<usize>)> =
        parts.iter().enumerate().flat_map(|(at, part)| cut(at, part, size)).collect();
    let done: Vec<Mutex<Option<T>>> = pieces.iter().map(|_| Mutex::new(None)).collect();
    let one = |at: usize| {
        if let (Some((part, rows)), Some(place), true) = (pieces.get(at), done.get(at), crew.is_wanted()) {
            let told = work(*part, rows.clone());
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        }
    };
    if is_shared(parts) {
        crew.each(pieces.len(), &one);
    } else {
        Alone.each(pieces.len(), &one);
    }
    let done = done.into_iter().map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    pieces.iter().zip(done).map(|((part, _), told)| Some((*part, told?))).collect()
}

fn cut(at: usize, part: &Rows, size: usize) -> impl Iterator<Item = (usize, Range<usize>)> + use<> {
    let len = part.items.len();
    (0..len).step_by(size.max(1)).map(move |from| (at, from..(from + size).min(len)))
}

/// Whether there are so many rows that help is worth its while.
fn is_shared(parts: &[Arc<Rows>]) -> bool {
    parts.iter().map(|part| part.items.len()).sum::<usize>() >= SHARED
}

fn count_sick(parts: &[Arc<Rows>]) -> usize {
    parts.iter().flat_map(|part| &part.items).filter(|resource| resource.health.is_sick()).count()
}

/// Where the columns are that a filter may name, by their titles where the server has named them.
pub fn places(titles: &[Arc<str>]) -> impl Fn(KindId, &str) -> Option<usize> {
    |kind, column| kinds::by_id(kind).and_then(|kind| titles::place_of(kind, titles, column))
}

fn sort(parts: &[Arc<Rows>], by: Option<&Sort>, crew: &dyn Crew) -> Option<Arc<[RowRef]>> {
    let descending = by.is_some_and(|sort| sort.descending);
    let order = |a: &(SortKey, RowRef), b: &(SortKey, RowRef)| a.0.order(&b.0, descending);
    let rows: usize = parts.iter().map(|part| part.items.len()).sum();
    let size = if is_shared(parts) { rows.div_ceil(crew.size().max(1)) } else { rows };
    let pieces = in_pieces(parts, size, crew, |part, rows| {
        let mut keys = Keys { by, place: None };
        let row = |row: usize| (keys.of(&parts[part].items[row]), RowRef { part: part as u32, row: row as u32 });
        let mut keyed: Vec<(SortKey, RowRef)> = rows.map(row).collect();
        keyed.sort_by(order);
        keyed
    })?;
    let mut keyed: Vec<(SortKey, RowRef)> = Vec::with_capacity(rows);
    keyed.extend(pieces.into_iter().flat_map(|(_, piece)| piece));
    // What is sorted piece by piece is only merged here.
    keyed.sort_by(order);
    Some(keyed.into_iter().map(|(_, row)| row).collect())
}

/// Makes what rows are sorted by.
struct Keys<'a> {
    by: Option<&'a Sort>,
    /// The column's place in the kind that the last row was of: the rows of a list are of one kind.
    place: Option<(KindId, Option<usize>)>,
}

impl Keys<'_> {
    fn of(&mut self, resource: &Resource) -> SortKey {
        let Some(sort) = self.by else {
            return SortKey::number_then(-(resource.health as i64), &resource.name);
        };
        match sort.column {
            "name" => SortKey::text(&resource.name),
            "health" => SortKey::number_then(resource.health as i64, &resource.name),
            "environment" => SortKey::text(&resource.id.scope.environment),
            "region" => SortKey::text(&resource.id.scope.region),
            "kind" => SortKey::text(resource.id.kind),
            "reason" => SortKey::text(&resource.reason),
            own => self
                .place(resource.id.kind, own)
                .and_then(|place| resource.cells.get(place))
                .unwrap_or(&Value::None)
                .sort_key(),
        }
    }

    fn place(&mut self, kind: KindId, column: &str) -> Option<usize> {
        match self.place {
            Some((known, place)) if known == kind => place,
            _ => {
                let place = kinds::by_id(kind).and_then(|kind| kind.column(column));
                self.place = Some((kind, place));
                place
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Health, ResourceId, Scope};

    fn rows(environment: &str, count: usize) -> Arc<Rows> {
        let scope = Scope::new(environment, "eu-central-1");
        let row = |n: usize| Resource {
            id: Arc::new(ResourceId { scope: scope.clone(), kind: "ecs-service", id: format!("svc-{n}").into() }),
            name: format!("svc-{}", (n * 7_919) % count).into(),
            arn: None,
            health: if n.is_multiple_of(1_000) { Health::Failed } else { Health::Ok },
            reason: "".into(),
            cells: Box::default(),
        };
        Arc::new(Rows { items: (0..count).map(row).collect(), ..Rows::default() })
    }

    fn job(filter: &str, sort: Option<Sort>, before: Shown) -> RankJob {
        let parts = vec![rows("a", 9_000), rows("b", 0), rows("c", 12_001)];
        let parts = if before.parts.is_empty() { parts } else { before.parts.clone() };
        let filter = Filter::parse(filter).unwrap();
        RankJob { pane: PaneKey::Main, generation: 1, parts, filter, sort, before, now: Timestamp::UNIX_EPOCH }
    }

    /// So many, one after the other and the last first: order must not matter.
    struct Backwards {
        wanted: bool,
    }

    impl Crew for Backwards {
        fn is_wanted(&self) -> bool {
            self.wanted
        }

        fn size(&self) -> usize {
            3
        }

        fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..count).rev().for_each(work);
        }
    }

    fn shared(job: RankJob) -> Shown {
        job.run_with(&Backwards { wanted: true }).unwrap()
    }

    /// The ids in order, made by the plainest way.
    fn plainly(shown: &Shown, key: impl Fn(&Resource) -> SortKey) -> Vec<String> {
        let mut all: Vec<&Resource> = shown.parts.iter().flat_map(|part| &part.items).collect();
        all.sort_by(|a, b| key(a).order(&key(b), false));
        all.iter().map(|row| row.id.id.to_string()).collect()
    }

    fn ids(shown: &Shown) -> Vec<String> {
        (0..shown.len()).map(|at| shown.get(at).unwrap().id.id.to_string()).collect()
    }

    #[test]
    fn several_sort_as_one_does() {
        let shown = shared(job("", None, Shown::default()));
        assert_eq!((shown.len(), shown.sick), (21_001, 9 + 13));
        let sick_first = plainly(&shown, |row| SortKey::number_then(-(row.health as i64), &row.name));
        assert!(ids(&shown) == sick_first);
        let by_name = Sort { column: "name", descending: false };
        let shown = shared(job("", Some(by_name), Shown::default()));
        assert!(ids(&shown) == plainly(&shown, |row| SortKey::text(&row.name)));
    }

    #[test]
    fn a_filter_keeps_the_order() {
        let all = job("", None, Shown::default()).run();
        let some = shared(job("svc-99", None, all.clone()));
        let expected = (0..all.len()).filter(|at| all.get(*at).unwrap().name.contains("svc-99"));
        let expected: Vec<String> = expected.map(|at| all.get(at).unwrap().id.id.to_string()).collect();
        assert!(!expected.is_empty() && ids(&some) == expected);
        assert_eq!(job("environment:c", None, all).run().len(), 12_001);
    }

    #[test]
    fn what_is_wanted_no_more_is_not_done() {
        assert!(job("svc", None, Shown::default()).run_with(&Backwards { wanted: false }).is_none());
    }
}
