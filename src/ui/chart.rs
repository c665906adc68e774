//! A chart of one metric in braille: two dots to a cell's width, four to its height. Says its scale and its time in words.

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::cx::Cx;
use super::glyph::width;
use super::layout::{left, line};
use super::signs;
use super::table::words;
use super::theme::Role;
use crate::model::{Fault, Loadable, Points, Unit, Window};

/// Lines a chart takes: its title, the plot, the axis, the times.
pub(super) const LINES: u16 = 9;

/// Lines of the plot itself.
const PLOT: u16 = LINES - 3;

/// Cells of the scale at the left.
const SCALE: u16 = 7;

/// A chart made ready: what of it is visible is drawn line by line.
pub(super) struct Chart<'a> {
    title: &'a str,
    unit: Unit,
    window: Window,
    end: Timestamp,
    known: bool,
    /// Why nothing newer can be had.
    fault: Option<&'a Fault>,
    /// Last, least and highest value.
    values: Option<[f64; 3]>,
    top: f64,
    plot: Vec<String>,
}

impl<'a> Chart<'a> {
    /// A chart in so many cells.
    pub(super) fn new(
        title: &'a str,
        unit: Unit,
        window: Window,
        known: Option<&'a Loadable<Arc<Points>>>,
        end: Timestamp,
        cells: u16,
    ) -> Self {
        // It ends with a whole period, so that it stands still in between.
        let period = i64::from(window.period());
        let end = Timestamp::from_second((end.as_second() + period - 1) / period * period).unwrap_or(end);
        let start = end.as_second() - window.seconds();
        let points = known.and_then(Loadable::get);
        let fault = known.and_then(|known| known.fault.as_ref()).map(|(fault, _)| &**fault);
        let shown: Vec<(i64, f64)> = points
            .map(|points| points.points.iter().map(|(at, value)| (at.as_second(), *value)))
            .into_iter()
            .flatten()
            .filter(|(at, value)| *at >= start && *at <= end.as_second() && value.is_finite())
            .collect();
        let highest = shown.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
        let lowest = shown.iter().map(|(_, value)| *value).fold(f64::MAX, f64::min);
        let values = shown.last().map(|(_, last)| [*last, lowest, highest]);
        let top = ceiling(if values.is_some() { highest } else { 0.0 }, unit);
        let plot = plot(&shown, start, window, top, cells.saturating_sub(SCALE + 1));
        Self { title, unit, window, end, known: points.is_some(), fault, values, top, plot }
    }

    /// Draws one of its lines.
    pub(super) fn line(&self, cx: &mut Cx, area: Rect, at: u16) {
        let (axis, chart) = (cx.style(Role::Axis), cx.style(Role::Chart));
        let plot_at = at.wrapping_sub(1);
        match at {
            0 => self.head(cx, area),
            at if at <= PLOT => {
                let label = match plot_at {
                    0 => words(self.top, self.unit),
                    at if at == PLOT / 2 => words(self.top / 2.0, self.unit),
                    at if at == PLOT - 1 => words(0.0, self.unit),
                    _ => String::new(),
                };
                let dots = self.plot.get(usize::from(plot_at)).map_or("", String::as_str);
                let edge = if label.is_empty() { "│" } else { "┤" };
                cx.pen(area).cell_right(&label, SCALE - 1, axis).skip(1).put(edge, axis).put(dots, chart);
            }
            at if at == PLOT + 1 => {
                let rest = area.width.saturating_sub(SCALE + 1);
                cx.pen(area).skip(SCALE).put("└", axis).rule("─", rest, axis);
            }
            _ => self.times(cx, left(area, SCALE + 1).1),
        }
    }

    fn head(&self, cx: &mut Cx, area: Rect) {
        let (title, muted, text) = (cx.style(Role::Accent), cx.style(Role::Muted), cx.style(Role::Text));
        let bad = self.fault.map_or(muted, |fault| cx.style(signs::fault(fault).1));
        let used_up = cx.state.spent.exhausted;
        let mut pen = cx.pen(area);
        pen.put(self.title, title).skip(2);
        match (self.values, self.fault) {
            (Some([last, lowest, highest]), fault) => {
                for (label, value) in [("last ", last), ("min ", lowest), ("max ", highest)] {
                    pen.put(label, muted).put(&words(value, self.unit), text).skip(2);
                }
                if let Some(fault) = fault {
                    pen.put(signs::fault(fault).0, bad);
                }
            }
            (None, Some(fault)) => {
                pen.put(&signs::brief(fault), bad);
            }
            (None, None) if self.known => {
                pen.put("no data points", muted);
            }
            (None, None) if used_up => {
                pen.put("the day's budget is used up", muted);
            }
            (None, None) => {
                pen.put("◌ loading", muted);
            }
        }
    }

    /// Begin, middle and end.
    fn times(&self, cx: &mut Cx, area: Rect) {
        let axis = cx.style(Role::Axis);
        let at = |part: i64| {
            let back = self.window.seconds() * part / 2;
            let at = Timestamp::from_second(self.end.as_second() - back).unwrap_or(self.end);
            let time = cx.civil(at);
            format!("{:02}:{:02}", time.hour(), time.minute())
        };
        let (begin, middle, end) = (at(2), at(1), at(0));
        let cells = width(&begin);
        let mut pen = cx.pen(area);
        pen.at_end(&end, axis);
        pen.put(&begin, axis);
        if area.width > cells * 3 + 4 {
            pen.skip((area.width - cells) / 2 - cells).put(&middle, axis);
        }
    }
}

/// A round number not below the highest value, so that the scale can be read.
fn ceiling(highest: f64, unit: Unit) -> f64 {
    if unit == Unit::Percent {
        return [10.0, 25.0, 50.0].into_iter().find(|step| highest <= *step).unwrap_or(100.0).max(highest);
    }
    if highest <= 0.0 {
        return 1.0;
    }
    // Bytes are told in powers of 1024.
    let base: f64 = if unit == Unit::Bytes { 1024.0_f64.powf(highest.log(1024.0).floor()) } else { 1.0 };
    let scaled = highest / base;
    let power = 10.0_f64.powf(scaled.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| scaled <= step * power).unwrap_or(10.0);
    step * power * base
}

/// Rows of braille, the highest first. Neighbours in time are joined; a gap stays a gap.
fn plot(points: &[(i64, f64)], start: i64, window: Window, top: f64, cells: u16) -> Vec<String> {
    let (columns, lines) = (usize::from(cells) * 2, usize::from(PLOT) * 4);
    let mut dots = vec![0_u8; usize::from(cells) * usize::from(PLOT)];
    let place = |(at, value): (i64, f64)| {
        let x = (at - start) as f64 / window.seconds() as f64 * (columns.max(1) - 1) as f64;
        let y = (1.0 - (value / top).clamp(0.0, 1.0)) * (lines - 1) as f64;
        (x.round() as i64, y.round() as i64)
    };
    let mut set = |x: i64, y: i64| {
        let (x, y) = (x as usize, y as usize);
        if x < columns && y < lines {
            dots[y / 4 * usize::from(cells) + x / 2] |= bit(x % 2, y % 4);
        }
    };
    for (n, point) in points.iter().enumerate() {
        let (x, y) = place(*point);
        set(x, y);
        let before = n.checked_sub(1).and_then(|n| points.get(n));
        if let Some(before) = before.filter(|before| point.0 - before.0 <= i64::from(window.period()) * 2) {
            join(place(*before), (x, y), &mut set);
        }
    }
    let row = |row: &[u8]| row.iter().map(|bits| dots_of(*bits)).collect();
    dots.chunks(usize::from(cells).max(1)).map(row).collect()
}

/// The character of some dots; an empty one is a space, which every font has.
fn dots_of(bits: u8) -> char {
    if bits == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ') }
}

/// Sets the dots between two places.
fn join((x0, y0): (i64, i64), (x1, y1): (i64, i64), set: &mut impl FnMut(i64, i64)) {
    let steps = (x1 - x0).abs().max((y1 - y0).abs());
    for step in 1..steps {
        set(x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps);
    }
}

/// The bit of a dot in a braille cell.
const fn bit(x: usize, y: usize) -> u8 {
    match (x, y) {
        (0, 3) => 0x40,
        (_, 3) => 0x80,
        (0, y) => 1 << y,
        (_, y) => 8 << y,
    }
}

/// The places of several charts in a row of so many cells: how many, and how wide each.
pub(super) fn side_by_side(cells: u16, count: usize) -> (u16, u16) {
    let columns = (cells / 43).clamp(1, 3).min((count as u16).max(1));
    (columns, (cells + 2) / columns - 2)
}

/// Draws what is visible of a row of charts.
pub(super) fn row_line(cx: &mut Cx, area: Rect, charts: &[Chart], cells: u16, at: u16) {
    let mut rest = line(area, 0);
    for chart in charts {
        let (place, after) = left(rest, cells);
        chart.line(cx, place, at);
        rest = left(after, 2).1;
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(3.0, Unit::Percent, 10.0)]
    #[case(60.0, Unit::Percent, 100.0)]
    #[case(212.0, Unit::Count, 250.0)]
    #[case(0.042, Unit::Seconds, 0.05)]
    #[case(0.0, Unit::Count, 1.0)]
    #[case(3_221_225_472.0, Unit::Bytes, 5_368_709_120.0)]
    fn scales_end_at_round_numbers(#[case] highest: f64, #[case] unit: Unit, #[case] expected: f64) {
        assert!((ceiling(highest, unit) - expected).abs() < expected * 1e-9, "{}", ceiling(highest, unit));
    }

    #[test]
    fn neighbours_are_joined_and_gaps_are_not() {
        let joined = plot(&[(0, 0.0), (60, 100.0)], 0, Window::Hour, 100.0, 10);
        let apart = plot(&[(0, 0.0), (1_200, 100.0)], 0, Window::Hour, 100.0, 10);
        let dots = |rows: &[String]| -> u32 {
            rows.iter()
                .flat_map(|row| row.chars())
                .filter(|c| *c != ' ')
                .map(|c| (c as u32 - 0x2800).count_ones())
                .sum()
        };
        assert!(dots(&joined) > 10, "{joined:?}");
        assert_eq!(dots(&apart), 2, "{apart:?}");
    }

    #[test]
    fn the_highest_is_at_the_top_and_the_newest_at_the_right() {
        let rows = plot(&[(0, 0.0), (3_600, 100.0)], 0, Window::Hour, 100.0, 4);
        assert_eq!(rows[0], "   \u{2808}");
        assert_eq!(rows[5], "\u{2840}   ");
        assert_eq!(rows.len(), usize::from(PLOT));
    }
}
