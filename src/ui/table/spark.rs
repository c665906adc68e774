//! Sparklines: the last hour of a metric in a few cells, and its last value in words.

use std::sync::Arc;

use crate::app::State;
use crate::engine::MetricKey;
use crate::kinds;
use crate::model::{Loadable, Points, Resource, Unit, Window, text};
use crate::ui::pen::Pen;
use crate::ui::signs;
use crate::ui::theme::{Role, Theme};

const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The first metric of a resource over the last hour, as far as it is known.
pub(in crate::ui) fn trend<'a>(state: &'a State, row: &Resource) -> Option<(&'a Loadable<Arc<Points>>, Unit)> {
    let spec = (kinds::by_id(row.id.kind)?.metrics)(row).into_iter().next()?;
    let key = MetricKey { resource: Arc::clone(&row.id), label: spec.label, window: Window::Hour };
    Some((state.store.points.get(&key)?, spec.unit))
}

/// A cell of a table: the line, and the last value at its right; without a line, why there is none.
pub(super) fn cell(pen: &mut Pen, theme: &Theme, state: &State, row: &Resource, cells: u16) {
    let trend = trend(state, row);
    let Some((points, unit)) = trend.and_then(|(known, unit)| Some((known.get()?, unit))) else {
        let fault = trend.and_then(|(known, _)| known.fault.as_ref());
        match fault.map(|(fault, _)| (signs::fault(fault), fault.word())) {
            Some(((sign, role), word)) => pen.cell(&format!("{sign} {word}"), cells, theme[role]),
            None => pen.skip(cells),
        };
        return;
    };
    let last = points.points.last().map(|(_, value)| words(*value, unit)).unwrap_or_default();
    let line = cells.saturating_sub(6);
    pen.cell(&sparkline(points, unit, line), line, theme[Role::Spark]).cell_right(
        &last,
        cells - line,
        theme[Role::Muted],
    );
}

/// A line of blocks in so many cells, the newest at its right end; gaps stay empty.
pub(in crate::ui) fn sparkline(points: &Points, unit: Unit, cells: u16) -> String {
    let Some((newest, _)) = points.points.last() else { return String::new() };
    let cells = usize::from(cells).max(1);
    let newest = newest.as_second();
    let seconds = Window::Hour.seconds();
    let mut highest = vec![f64::NAN; cells];
    for (at, value) in points.points.iter().rev() {
        let age = newest - at.as_second();
        if age >= seconds {
            break;
        }
        let slot = cells - 1 - (age as usize * cells / seconds as usize).min(cells - 1);
        highest[slot] = highest[slot].max(*value);
    }
    let top = if unit == Unit::Percent { 100.0 } else { highest.iter().copied().fold(0.0, f64::max) };
    highest.iter().map(|value| level(*value, top)).collect()
}

fn level(value: f64, top: f64) -> &'static str {
    if value.is_nan() {
        return " ";
    }
    if top <= 0.0 {
        return LEVELS[0];
    }
    let step = (value / top * LEVELS.len() as f64).clamp(0.0, LEVELS.len() as f64 - 1.0);
    LEVELS[step as usize]
}

/// A value with its unit, in at most six cells.
pub(in crate::ui) fn words(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{value:.0}%"),
        Unit::Bytes => text::bytes(value.max(0.0) as u64).replace("iB", "").replace(' ', ""),
        Unit::Seconds if value < 0.01 => format!("{:.1}ms", value * 1_000.0),
        Unit::Seconds if value < 1.0 => format!("{:.0}ms", value * 1_000.0),
        Unit::Seconds => format!("{value:.1}s"),
        Unit::Count if value.abs() >= 1e6 => format!("{:.1}M", value / 1e6),
        Unit::Count if value.abs() >= 1e4 => format!("{:.0}k", value / 1e3),
        Unit::Count if value.fract().abs() < 0.05 || value.abs() >= 100.0 => format!("{value:.0}"),
        Unit::Count => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;

    fn points(values: &[(i64, f64)]) -> Points {
        let at = |minutes: i64| Timestamp::from_second(1_000_000 + minutes * 60).unwrap();
        Points { points: values.iter().map(|(minutes, value)| (at(*minutes), *value)).collect() }
    }

    #[test]
    fn the_newest_is_at_the_right_and_gaps_are_empty() {
        let series = points(&[(0, 0.0), (15, 50.0), (59, 100.0)]);
        assert_eq!(sparkline(&series, Unit::Percent, 4), "▁▅ █");
    }

    #[test]
    fn counts_are_measured_by_their_highest() {
        let series = points(&[(0, 2.0), (59, 4.0)]);
        assert_eq!(sparkline(&series, Unit::Count, 2), "▅█");
        assert_eq!(sparkline(&points(&[(0, 0.0)]), Unit::Count, 2), " ▁");
        assert_eq!(sparkline(&Points::default(), Unit::Count, 2), "");
    }

    #[rstest]
    #[case(83.4, Unit::Percent, "83%")]
    #[case(0.042, Unit::Seconds, "42ms")]
    #[case(0.0012, Unit::Seconds, "1.2ms")]
    #[case(5_368_709_120.0, Unit::Bytes, "5G")]
    #[case(12_345.0, Unit::Count, "12k")]
    #[case(3.0, Unit::Count, "3")]
    #[case(0.5, Unit::Count, "0.5")]
    fn values_have_units(#[case] value: f64, #[case] unit: Unit, #[case] expected: &str) {
        assert_eq!(words(value, unit), expected);
    }
}
