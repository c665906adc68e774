//! Aligned columns for people, fitted to the terminal: what has no room at the width that makes sense at least is left out, the
//! least important columns first, which the caller is told; then texts are shortened, the least important first.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{LeftOut, Paper, Sheet};
use crate::model::{Health, Value};

/// Between two columns.
const GAP: usize = 2;

/// Wider columns are free text, which is read as far as it goes.
const LONG: usize = 40;

/// A column as it will be written.
struct Laid {
    /// Its place in the sheet.
    at: usize,
    width: usize,
    least: usize,
    rank: u8,
}

pub(super) fn write(sheet: &Sheet, paper: Paper, out: &mut dyn Write) -> io::Result<LeftOut> {
    if sheet.rows.is_empty() {
        return Ok(LeftOut::default());
    }
    let (laid, left_out) = lay_out(sheet, paper);
    let titles = laid.iter().map(|column| Cell::plain(Cow::Borrowed(&*sheet.columns[column.at].title)));
    write_line(sheet, &laid, &titles.collect::<Vec<_>>(), out)?;
    for row in &sheet.rows {
        let cells: Vec<Cell> = laid.iter().map(|column| Cell::of(&row[column.at], paper)).collect();
        write_line(sheet, &laid, &cells, out)?;
    }
    Ok(left_out)
}

/// Text and its colour.
struct Cell<'a> {
    text: Cow<'a, str>,
    colour: Option<u8>,
}

impl<'a> Cell<'a> {
    fn plain(text: Cow<'a, str>) -> Self {
        Self { text, colour: None }
    }

    fn of(value: &'a Value, paper: Paper) -> Self {
        let colour = match value {
            Value::Health(health) if paper.colour => colour(*health),
            _ => None,
        };
        Self { text: value.show(paper.now), colour }
    }
}

/// The number of the terminal's own colour for a health.
const fn colour(health: Health) -> Option<u8> {
    match health {
        Health::Ok => Some(32),
        Health::Unknown => None,
        Health::Progressing => Some(36),
        Health::Degraded => Some(33),
        Health::Failed => Some(31),
    }
}

fn lay_out(sheet: &Sheet, paper: Paper) -> (Vec<Laid>, LeftOut) {
    let mut laid: Vec<Laid> = Vec::new();
    for (at, rank) in sheet.shown() {
        let column = &sheet.columns[at];
        let widest = sheet.rows.iter().map(|row| row[at].show(paper.now).width()).max().unwrap_or(0);
        // A column in which nothing is known tells nothing, unless a person would look for it.
        if widest == 0 && rank > 0 {
            continue;
        }
        let width = widest.max(column.title.width());
        laid.push(Laid { at, width, least: width.min(usize::from(column.least).max(column.title.width())), rank });
    }
    let mut left_out = LeftOut::default();
    let Some(room) = paper.width else { return (laid, left_out) };
    while laid.len() > 1 && total(&laid, |column| column.least) > room {
        let Some(worst) = (0..laid.len()).rev().max_by_key(|at| laid[*at].rank) else { break };
        left_out.columns.push(sheet.columns[laid.remove(worst).at].title.to_string());
    }
    share_out(&mut laid, room);
    (laid, left_out)
}

/// Shares out the room beyond what makes sense at least: the most important columns first, free text with what is left.
fn share_out(laid: &mut [Laid], room: usize) {
    let mut spare = room.saturating_sub(total(laid, |column| column.least));
    let mut order: Vec<usize> = (0..laid.len()).collect();
    order.sort_by_key(|at| (laid[*at].width > LONG, laid[*at].rank));
    for at in order {
        let column = &mut laid[at];
        let more = (column.width - column.least).min(spare);
        column.width = column.least + more;
        spare -= more;
    }
}

fn total(laid: &[Laid], width: impl Fn(&Laid) -> usize) -> usize {
    laid.iter().map(width).sum::<usize>() + GAP * laid.len().saturating_sub(1)
}

fn write_line(sheet: &Sheet, laid: &[Laid], cells: &[Cell], out: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    for (number, (column, cell)) in laid.iter().zip(cells).enumerate() {
        let text = shorten(&cell.text, column.width);
        let padding = " ".repeat(column.width.saturating_sub(text.width()));
        let right = sheet.columns[column.at].right;
        if number > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        if right {
            line.push_str(&padding);
        }
        match cell.colour {
            Some(colour) => line.push_str(&format_args!("\u{1b}[{colour}m{text}\u{1b}[0m").to_string()),
            None => line.push_str(&text),
        }
        if !right {
            line.push_str(&padding);
        }
    }
    writeln!(out, "{}", line.trim_end())
}

/// As much of a text as fits, with a mark where something is cut off.
pub(super) fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut used) = (String::new(), 1);
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        kept.push_str(grapheme);
    }
    kept.push('…');
    Cow::Owned(kept)
}
