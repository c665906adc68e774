//! Which columns a table shows in how many cells, and how wide each is. Depends on the width and on a sample of the rows, never
//! on all of them.

use std::borrow::Cow;

use crate::app::pane::{Pane, TableColumn};
use crate::kinds::{self, Show};
use crate::model::{Resource, ResourceId, Value};
use crate::ui::ages::Ages;
use crate::ui::glyph::width;
use crate::ui::grid::{self, Want};

/// Rows looked at to find how wide a column has to be: spread over the whole list, so that scrolling moves no column.
const SAMPLE: usize = 48;

/// Most cells that are kept for a name when columns have to go.
const NAME: u16 = 32;

/// Most cells that are kept for an environment.
const ENVIRONMENT: u16 = 16;

/// A column of a table.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Column {
    pub(in crate::ui) what: TableColumn,
    pub(in crate::ui) id: &'static str,
    pub(in crate::ui) title: &'static str,
    pub(in crate::ui) right: bool,
    pub(in crate::ui) width: u16,
    min: u16,
    max: u16,
    priority: u8,
    /// Its place among the cells of each kind of the pane.
    places: Vec<Option<usize>>,
}

/// The columns that are shown.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Fitted {
    pub(in crate::ui) columns: Vec<Column>,
    /// Cells between them.
    pub(in crate::ui) gap: u16,
    /// Columns that are scrolled out at the left.
    pub(in crate::ui) before: usize,
    /// Columns that are left out at the right, or for want of room.
    pub(in crate::ui) after: usize,
}

impl Column {
    fn built_in(what: TableColumn, id: &'static str, title: &'static str, width: (u16, u16), priority: u8) -> Self {
        Self { what, id, title, right: false, width: 0, min: width.0, max: width.1, priority, places: Vec::new() }
    }

    fn of(what: TableColumn, pane: &Pane) -> Option<Self> {
        Some(match what {
            TableColumn::Health => Self::built_in(what, "health", "", (1, 1), 0),
            TableColumn::Name => Self::built_in(what, "name", "NAME", (12, 60), 0),
            TableColumn::Environment => Self::built_in(what, "environment", "ENVIRONMENT", (10, 20), 1),
            TableColumn::Region => Self::built_in(what, "region", "REGION", (9, 15), 9),
            TableColumn::Kind => Self::built_in(what, "kind", "KIND", (8, 16), 6),
            TableColumn::Spark => Self::built_in(what, "spark", "LAST HOUR", (11, 14), 4),
            TableColumn::Reason => Self::built_in(what, "reason", "REASON", (16, 100), 3),
            TableColumn::Own(id) => return Self::own(id, pane),
        })
    }

    /// A column of the kinds themselves; as wide as the widest of them wants it.
    fn own(id: &'static str, pane: &Pane) -> Option<Self> {
        let defs = || pane.kinds.iter().map(|kind| kinds::by_id(kind));
        let places: Vec<Option<usize>> = defs().map(|def| def.and_then(|def| def.column(id))).collect();
        let found = defs().zip(&places).filter_map(|(def, place)| Some(&def?.columns[(*place)?]));
        let first = found.clone().next()?;
        let priority = found.clone().map(|c| if let Show::Table(n) = c.show { own_rank(n) } else { u8::MAX }).min()?;
        let min = found.clone().map(|column| column.width.0).max()?;
        let max = found.map(|column| column.width.1).max()?;
        let what = TableColumn::Own(id);
        Some(Self { what, id, title: first.title, right: first.right, width: 0, min, max, priority, places })
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

    /// Finds the width that shows everything in the sample, and the least that is worth having.
    fn measure(&mut self, pane: &Pane, ages: Ages, cells: u16) {
        let title = width(self.title);
        if self.what == TableColumn::Spark || self.min == self.max {
            self.width = self.max.max(title);
            self.min = self.min.max(title);
            return;
        }
        let step = pane.shown.len().div_ceil(SAMPLE).max(1);
        let rows = (0..pane.shown.len()).step_by(step).filter_map(|at| pane.shown.get(at));
        let mut widths: Vec<u16> = rows.map(|row| width(&self.text(pane, row, ages))).collect();
        widths.sort_unstable();
        let widest = widths.last().copied().unwrap_or(0);
        self.width = widest.max(title + 2).clamp(1, self.max);
        self.min = match self.what {
            // Nine of ten names are seen whole before a further column is worth its place.
            TableColumn::Name => widths
                .get(widths.len().saturating_sub(1) * 9 / 10)
                .copied()
                .unwrap_or(0)
                .clamp(12, NAME)
                .min(cells * 2 / 5),
            TableColumn::Environment => widest.clamp(self.min, ENVIRONMENT),
            TableColumn::Reason if cells >= 80 => self.min + 8,
            _ => self.min.max(title),
        };
    }
}

/// A kind's own ranks among the built-in ones: its first column stays longer than the reason, the others go one by one before
/// the sparkline.
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
    let mut columns: Vec<Column> =
        pane.columns.iter().filter(|what| tells(pane, **what)).filter_map(|what| Column::of(*what, pane)).collect();
    for column in &mut columns {
        column.measure(pane, ages, cells);
    }
    if pane.sideways > 0 { scrolled(columns, cells, gap, pane.sideways) } else { fitted(&columns, cells, gap) }
}

/// All columns in their natural width, health and name standing still, the others scrolled by whole columns.
fn scrolled(columns: Vec<Column>, cells: u16, gap: u16, sideways: u16) -> Fitted {
    let total: u16 = columns.iter().map(|column| column.width + gap).sum();
    // Not further than until the last column is seen.
    let out = sideways.min((total - gap.min(total)).saturating_sub(cells));
    let mut result = Fitted { columns: Vec::new(), gap, before: 0, after: 0 };
    let (mut passed, mut used) = (0, 0);
    for mut column in columns {
        let still = matches!(column.what, TableColumn::Health | TableColumn::Name);
        if still {
            column.width = column.width.min(NAME);
        }
        if !still && passed < out {
            passed += column.width + gap;
            result.before += 1;
        } else if used + column.width.min(4) > cells {
            result.after += 1;
        } else {
            column.width = column.width.min(cells.saturating_sub(used));
            used += column.width + gap;
            result.columns.push(column);
        }
    }
    result
}

/// As many columns as fit, the least important dropped first.
fn fitted(columns: &[Column], cells: u16, gap: u16) -> Fitted {
    let all = columns.len();
    let wants: Vec<Want> =
        columns.iter().map(|column| Want { least: column.min, natural: column.width, rank: column.priority }).collect();
    let kept = grid::fit(&wants, cells, gap);
    let columns: Vec<Column> = kept.into_iter().map(|(at, width)| Column { width, ..columns[at].clone() }).collect();
    let after = all - columns.len();
    Fitted { columns, gap, before: 0, after }
}
