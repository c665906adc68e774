//! Which columns a table shows in how many cells, and how wide each is. Depends on the width and on a sample of the rows, never
//! on all of them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::app::pane::{Pane, TableColumn};
use crate::kinds::{self, Show};
use crate::model::{Resource, ResourceId, Value};
use crate::ui::ages::Ages;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Want};

/// Rows looked at to find how wide a column has to be: spread over the whole list, so that scrolling moves no column.
const SAMPLE: usize = 48;

/// Most and least cells that a name has before other columns get any. It is what a row is called by: every other column gives way
/// first.
const NAME: (u16, u16) = (32, 12);

/// The same of an environment, in which it can still be read; it is squeezed no further than names can still be told apart.
const ENVIRONMENT: (u16, u16) = (16, 10);

/// Most and least cells of a reason, and what it has where there is room for a sparkline too. It is what a sick row has to say; cut
/// still shorter it says nothing, and the border tells that of the row under the cursor.
const REASON: (u16, u16, u16) = (20, 14, 24);

/// From so many cells on reasons are given more before further columns come.
const WIDE: u16 = 80;

/// A column of a table.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Column {
    pub(in crate::ui) what: TableColumn,
    pub(in crate::ui) id: &'static str,
    pub(in crate::ui) title: Cow<'static, str>,
    pub(in crate::ui) right: bool,
    pub(in crate::ui) width: u16,
    /// Least and most cells that make sense.
    range: (u16, u16),
    rank: u8,
    /// Its place among the cells of each kind of the pane.
    places: Vec<Option<usize>>,
}

/// The columns that are shown.
#[derive(Clone, Debug, Default)]
pub(in crate::ui) struct Fitted {
    pub(in crate::ui) columns: Vec<Column>,
    /// Cells between them.
    pub(in crate::ui) gap: u16,
    /// Columns that are scrolled out at the left.
    pub(in crate::ui) before: usize,
    /// Columns that are left out at the right, or for want of room.
    pub(in crate::ui) after: usize,
    /// Cells scrolled sideways.
    pub(in crate::ui) sideways: u16,
}

impl Column {
    fn built_in(what: TableColumn, id: &'static str, title: &'static str, range: (u16, u16), rank: u8) -> Self {
        Self { what, id, title: title.into(), right: false, width: 0, range, rank, places: Vec::new() }
    }

    fn of(what: TableColumn, pane: &Pane) -> Option<Self> {
        Some(match what {
            TableColumn::Health => Self::built_in(what, "health", "", (1, 1), 0),
            TableColumn::Name => Self::built_in(what, "name", "NAME", (NAME.1, 60), 0),
            TableColumn::Environment => Self::built_in(what, "environment", "ENVIRONMENT", (ENVIRONMENT.1, 20), 1),
            TableColumn::Region => Self::built_in(what, "region", "REGION", (9, 15), 9),
            TableColumn::Kind => Self::built_in(what, "kind", "KIND", (8, 16), 6),
            TableColumn::Spark => Self::built_in(what, "spark", "LAST HOUR", (11, 14), 4),
            TableColumn::Reason => Self::built_in(what, "reason", "REASON", (REASON.1, 100), 1),
            TableColumn::Own(id) => return Self::own(id, pane),
        })
    }

    /// A column of the kinds themselves; as wide as the widest of them wants it.
    fn own(id: &'static str, pane: &Pane) -> Option<Self> {
        let defs = || pane.kinds.iter().map(|kind| kinds::by_id(kind));
        let places: Vec<Option<usize>> = defs().map(|def| def.and_then(|def| def.column(id))).collect();
        let found = defs().zip(&places).filter_map(|(def, place)| Some(&def?.columns[(*place)?]));
        let first = found.clone().next()?;
        let title = match pane.shown.titles() {
            [] => Cow::Borrowed(first.title),
            titles => Cow::Owned(titles.get(places.first().copied().flatten()?)?.to_string()),
        };
        if title.is_empty() {
            return None;
        }
        let rank = found.clone().map(|c| if let Show::Table(n) = c.show { own_rank(n) } else { u8::MAX }).min()?;
        let min = found.clone().map(|column| column.width.0).max()?;
        let max = found.map(|column| column.width.1).max()?;
        let what = TableColumn::Own(id);
        Some(Self { what, id, title, right: first.right, width: 0, range: (min, max), rank, places })
    }

    /// Empty cells after it: the sign of health belongs to the name.
    pub(in crate::ui) fn gap(&self, gap: u16) -> u16 {
        if self.what == TableColumn::Health { 1 } else { gap }
    }

    /// The cell of a row.
    pub(in crate::ui) fn value<'a>(&self, pane: &Pane, row: &'a Resource) -> Option<&'a Value> {
        let kind = pane.kinds.iter().position(|kind| *kind == row.id.kind)?;
        row.cells.get(self.places.get(kind).copied().flatten()?)
    }

    /// What a row says in it; sparklines and health say nothing in words.
    pub(in crate::ui) fn text<'a>(&self, pane: &Pane, row: &'a Resource, ages: Ages) -> Cow<'a, str> {
        match self.what {
            TableColumn::Health | TableColumn::Spark => Cow::Borrowed(""),
            TableColumn::Name => Cow::Borrowed(&row.name),
            TableColumn::Environment => Cow::Borrowed(&row.id.scope.environment),
            TableColumn::Region => Cow::Borrowed(&row.id.scope.region),
            TableColumn::Kind => Cow::Borrowed(row.id.kind),
            TableColumn::Reason => Cow::Borrowed(&row.reason),
            TableColumn::Own(_) => self.value(pane, row).map_or(Cow::Borrowed(""), |value| ages.show(value)),
        }
    }

    /// What it wants, by a sample of the rows; nothing where no row has anything to say in it.
    fn want(&mut self, pane: &Pane, ages: Ages, cells: u16, sorted: bool) -> Option<Want> {
        let title = width(&self.title) + u16::from(sorted);
        let (least, most) = self.range;
        if self.what == TableColumn::Spark {
            return Some(Want::plain(least, most, self.rank));
        }
        let step = pane.shown.len().div_ceil(SAMPLE).max(1);
        let rows: Vec<&Resource> = (0..pane.shown.len()).step_by(step).filter_map(|at| pane.shown.get(at)).collect();
        let named = !pane.shown.titles().is_empty();
        self.right |= rows.iter().any(|row| match self.value(pane, row) {
            Some(Value::Instant(_)) => true,
            Some(Value::Int(_)) => named,
            _ => false,
        });
        let widest = rows.iter().map(|row| width(&self.text(pane, row, ages))).max().unwrap_or(0);
        let natural = widest.max(title).clamp(1, most.max(title));
        Some(match self.what {
            // Names are seen whole before a further column is worth its place.
            TableColumn::Name => Want::plain(widest.clamp(NAME.1, NAME.0).min(cells * 3 / 5), natural, self.rank),
            TableColumn::Environment => {
                let tight = told_apart(pane).clamp(ENVIRONMENT.1, ENVIRONMENT.0);
                Want { tight, least: widest.min(ENVIRONMENT.0), natural, rank: self.rank }
            }
            TableColumn::Reason if widest == 0 && pane.shown.sick == 0 => return None,
            // A column that only some of the pane's kinds have.
            TableColumn::Own(_) if widest == 0 && !rows.is_empty() && !sorted && self.places.contains(&None) => {
                return None;
            }
            TableColumn::Reason => {
                let least = if cells < WIDE { REASON.0 } else { REASON.2 };
                Want { tight: REASON.1, least, natural, rank: self.rank }
            }
            _ => Want { tight: least, least: least.max(title), natural, rank: self.rank },
        })
    }
}

/// Cells in which the environments of a pane can be told apart when their names are cut off, the sign of that included.
fn told_apart(pane: &Pane) -> u16 {
    let parts = pane.shown.parts.iter().filter_map(|part| part.items.first());
    let names: BTreeSet<&str> = parts.map(|row| &*row.id.scope.environment).collect();
    let shared = |(a, b): (&&str, &&str)| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let longest = names.iter().zip(names.iter().skip(1)).map(shared).max().unwrap_or(0);
    (longest + 2).try_into().unwrap_or(u16::MAX)
}

/// A kind's own ranks among the built-in ones: its first column goes last but for environment and reason, the others one by one
/// before the sparkline.
const fn own_rank(rank: u8) -> u8 {
    if rank == 0 { 2 } else { rank.saturating_mul(2).saturating_add(3) }
}

/// Whether a column tells rows apart: environment, region and kind do so only where there are several.
fn tells(pane: &Pane, what: TableColumn) -> bool {
    let several = |differ: fn(&ResourceId, &ResourceId) -> bool| {
        let mut firsts = pane.shown.parts.iter().filter_map(|part| part.items.first());
        firsts.next().is_some_and(|first| firsts.any(|other| differ(&first.id, &other.id)))
    };
    match what {
        TableColumn::Environment => several(|a, b| a.scope.environment != b.scope.environment),
        TableColumn::Region => several(|a, b| a.scope.region != b.scope.region),
        TableColumn::Kind => several(|a, b| a.kind != b.kind),
        _ => true,
    }
}

/// Chooses the columns for so many cells.
pub(in crate::ui) fn fit(pane: &Pane, cells: u16, ages: Ages) -> Fitted {
    let gap = if cells < 70 { 1 } else { 2 };
    let told = pane.columns.iter().filter(|what| tells(pane, **what)).filter_map(|what| Column::of(*what, pane));
    let sorted = |column: &Column| pane.nav.sort.as_ref().is_some_and(|sort| sort.column == column.id);
    let (columns, wants): (Vec<Column>, Vec<Want>) = told
        .filter_map(|mut column| {
            let sorted = sorted(&column);
            let want = column.want(pane, ages, cells, sorted)?;
            Some((column, want))
        })
        .unzip();
    let still = columns.iter().take_while(|c| matches!(c.what, TableColumn::Health | TableColumn::Name)).count();
    let laid = grid::lay(&wants, cells, gap, still, pane.nav.sideways);
    let columns = laid.columns.into_iter().map(|(at, width)| Column { width, ..columns[at].clone() }).collect();
    Fitted { columns, gap, before: laid.before, after: laid.after, sideways: laid.sideways }
}
