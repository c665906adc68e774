//! Settings of the console itself: `[console]` and `[keys]`. Values only; themes and keys are checked by the rooms that know
//! them, which is why both carry the place they were set at.

use std::time::Duration;

use super::problem::{Place, Report};
use super::reader::{Section, texts};

/// How the console looks and behaves.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct Console {
    /// Name of the theme.
    pub theme: String,
    /// Where the theme was named in a file.
    pub theme_place: Option<Place>,
    /// Whether colours are used at all.
    pub colour: bool,
    /// How often what is on screen is asked for again; `None` leaves each kind its own cadence.
    pub refresh: Option<Duration>,
    /// Whether the mouse selects, scrolls and focuses.
    pub mouse: bool,
    /// Local time instead of UTC at the start.
    pub local_time: bool,
    /// Whether ages of data are shown; without them nothing moves on a quiet screen.
    pub ages: bool,
    /// How many log lines are kept in memory.
    pub log_lines: usize,
    /// Whether logs are tailed by `StartLiveTail`, which AWS charges for by the minute; else they are polled.
    pub live_tail: bool,
    /// What metrics may cost.
    pub metrics: MetricsBudget,
    /// Nothing can be armed. Without it the console is read-only until an environment is armed.
    pub read_only: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            theme: "harbor".to_owned(),
            theme_place: None,
            colour: true,
            refresh: None,
            mouse: true,
            local_time: false,
            ages: true,
            log_lines: 100_000,
            live_tail: true,
            metrics: MetricsBudget::default(),
            read_only: false,
        }
    }
}

/// What `GetMetricData` may cost in a day (UTC), over all environments together. Whichever is used up first stops metrics until
/// the next day. 0 switches metrics off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricsBudget {
    /// Calls a day.
    pub calls_per_day: u64,
    /// US dollars a day, at the list price for each metric asked for.
    pub dollars_per_day: f64,
}

impl Default for MetricsBudget {
    fn default() -> Self {
        Self { calls_per_day: 10_000, dollars_per_day: 2.0 }
    }
}

/// A key set in the configuration. The keymap checks command and chords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOverride {
    /// The command's name.
    pub command: String,
    /// Where the command is named.
    pub place: Place,
    /// The chords that do it, in place of the built-in ones, each with its place; none takes the command off the keys.
    pub chords: Vec<(String, Place)>,
}

const SECOND: Duration = Duration::from_secs(1);

/// Reads `[console]` over the defaults.
pub(super) fn console(mut section: Section, report: &Report) -> Console {
    let mut console = Console::default();
    if let Some(theme) = section.text("theme") {
        theme.value.clone_into(&mut console.theme);
        console.theme_place = Some(report.place(&theme.span));
    }
    console.refresh = section.duration("refresh", SECOND * 2..=SECOND * 3_600);
    console.mouse = section.flag("mouse").unwrap_or(console.mouse);
    console.local_time = section.flag("local_time").unwrap_or(console.local_time);
    console.ages = section.flag("ages").unwrap_or(console.ages);
    let lines = section.count("log_lines", 1_000..=10_000_000);
    console.log_lines = lines.and_then(|lines| usize::try_from(lines).ok()).unwrap_or(console.log_lines);
    console.live_tail = section.flag("live_tail").unwrap_or(console.live_tail);
    if let Some(mut metrics) = section.table("metrics", "[console.metrics]") {
        let budget = &mut console.metrics;
        budget.calls_per_day = metrics.count("calls_per_day", 0..=10_000_000).unwrap_or(budget.calls_per_day);
        budget.dollars_per_day = metrics.amount("dollars_per_day").unwrap_or(budget.dollars_per_day);
        metrics.finish();
    }
    console.read_only = section.flag("read_only").unwrap_or(console.read_only);
    section.finish();
    console
}

/// Reads `[keys]`: `command = "chord"` or `command = ["chord", "chord"]`.
pub(super) fn keys(section: &Section, report: &Report) -> Vec<KeyOverride> {
    let mut keys = Vec::new();
    for (command, value) in section.fields() {
        if let Some(chords) = texts(report, command.value, value) {
            let chords = chords.iter().map(|chord| (chord.value.to_owned(), report.place(&chord.span))).collect();
            keys.push(KeyOverride { command: command.value.to_owned(), place: report.place(&command.span), chords });
        }
    }
    keys
}
