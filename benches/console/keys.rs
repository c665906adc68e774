//! From a key to the parsed frame that shows its effect.

use std::time::{Duration, Instant};

use crate::figures::{Times, leave, row};
use crate::pty::{Console, Screen};

/// Size of the terminal.
const ROWS: u16 = 60;
const COLUMNS: u16 = 200;
/// The line of a list's border, and its first and last rows.
const BORDER: u16 = 2;
const FIRST: u16 = 4;
const LAST: u16 = 57;
/// A column of cells inside of the list, whatever stands beside it.
const INSIDE: u16 = 40;
/// Keys pressed for each figure.
const MOVES: usize = 300;
const PAGES: usize = 100;
const FILTERS: usize = 30;
/// Between two keys.
const PAUSE: Duration = Duration::from_millis(5);
/// An effect is seen by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is large has loaded by then: with slow answers that takes its time.
const LOADED: Duration = Duration::from_mins(4);

const PAGE_UP: &str = "\u{1b}[5~";
const PAGE_DOWN: &str = "\u{1b}[6~";
const F1: &str = "\u{1b}OP";
const ESCAPE: &str = "\u{1b}";

pub fn measure() {
    let mut small = Console::start(&["demo", "--seed", "7"], ROWS, COLUMNS);
    small.wait_text("services");
    small.press(":svc\r");
    small.wait_for("the list", |screen| line(screen, BORDER).contains("─ services ─"));
    row("key to frame, 7 environments: move", &moves(&mut small).words());
    leave(&mut small);
    large("100,000 services of 20 environments", &[]);
    large("the same, every answer after 1.5 s", &["--fault", "*=delay:1500ms"]);
}

fn large(what: &str, more: &[&str]) {
    let mut arguments = vec!["demo", "--seed", "7", "--size", "20x5000"];
    arguments.extend(more);
    let mut console = Console::start(&arguments, ROWS, COLUMNS);
    list_of_all(&mut console);
    row(&format!("key to frame, {what}: move"), &moves(&mut console).words());
    row("— page", &pages(&mut console).words());
    let (echo, result) = filters(&mut console);
    row("— filter: echo", &echo.words());
    row("— filter: result", &result.words());
    let (echo, result) = sorts(&mut console);
    row("— sort: echo", &echo.words());
    row("— sort: result", &result.words());
    leave(&mut console);
}

/// Marks all environments and lists their services, until all of them are there.
fn list_of_all(console: &mut Console) {
    console.wait_text("env-019");
    console.press("P");
    console.wait_text("of 20");
    for marked in 1..=20 {
        console.press(" ");
        console.wait_text(&format!("{marked} marked"));
    }
    console.press("\r");
    console.wait_gone("20 marked");
    console.press(":svc\r");
    console.wait_until(LOADED, "all services", |screen| {
        let border = line(screen, BORDER);
        border.contains("─ services ─ 100000 ─") && !border.contains("sorting")
    });
}

fn line(screen: &Screen, at: u16) -> String {
    screen.rows(0, COLUMNS).nth(usize::from(at)).unwrap_or_default()
}

/// The line that the cursor is on: its ground is like that of no other.
pub fn cursor(screen: &Screen) -> Option<u16> {
    let ground = |at: u16| screen.cell(at, INSIDE).map(vt100::Cell::bgcolor);
    let mut alone =
        (FIRST..=LAST).filter(|at| (FIRST..=LAST).filter(|other| ground(*other) == ground(*at)).count() == 1);
    alone.next()
}

fn timed(console: &mut Console, key: &str, what: &str, effect: impl Fn(&Screen) -> bool) -> Duration {
    let begun = Instant::now();
    console.press(key);
    console.wait_until(PATIENCE, what, effect);
    begun.elapsed()
}

fn moves(console: &mut Console) -> Times {
    let mut times = Times::default();
    console.press("g");
    console.wait_for("the cursor at the top", |screen| cursor(screen) == Some(FIRST));
    for n in 0..MOVES {
        // What lives is sorted anew at times, and the cursor goes with its row.
        let before = console.look(cursor);
        let key = if n % 2 == 0 { "j" } else { "k" };
        times.add(timed(console, key, "the cursor moves", |screen| cursor(screen) != before));
        std::thread::sleep(PAUSE);
    }
    times
}

fn pages(console: &mut Console) -> Times {
    let mut times = Times::default();
    for n in 0..PAGES {
        // The rows turn, or the cursor goes to the other end of those that are visible.
        let seen = |screen: &Screen| (line(screen, FIRST), cursor(screen));
        let before = console.look(seen);
        let key = if n % 2 == 0 { PAGE_DOWN } else { PAGE_UP };
        times.add(timed(console, key, "the page turns", |screen| seen(screen) != before));
        std::thread::sleep(PAUSE);
    }
    times
}

/// Until what is typed stands in the border, and until the rows are those that match.
fn filters(console: &mut Console) -> (Times, Times) {
    let (mut echo, mut result) = (Times::default(), Times::default());
    for n in 0..FILTERS {
        console.press("/");
        std::thread::sleep(PAUSE * 4);
        let digit = n % 9 + 1;
        let typed = format!("/{digit} ");
        let begun = Instant::now();
        console.press(&digit.to_string());
        console.wait_until(PATIENCE, "the echo", |screen| line(screen, BORDER).contains(&typed));
        echo.add(begun.elapsed());
        console.wait_until(PATIENCE, "the result", |screen| settled(screen) && line(screen, BORDER).contains(&typed));
        result.add(begun.elapsed());
        console.press(ESCAPE);
        console.wait_for("the whole list", |screen| settled(screen) && !line(screen, BORDER).contains(&typed));
    }
    (echo, result)
}

fn sorts(console: &mut Console) -> (Times, Times) {
    let (mut echo, mut result) = (Times::default(), Times::default());
    for _ in 0..FILTERS {
        let before = console.look(|screen| line(screen, FIRST - 1));
        let begun = Instant::now();
        console.press(F1);
        console.wait_until(PATIENCE, "the echo", |screen| line(screen, FIRST - 1) != before);
        echo.add(begun.elapsed());
        console.wait_until(PATIENCE, "the result", settled);
        result.add(begun.elapsed());
    }
    (echo, result)
}

/// No ranking is under way.
fn settled(screen: &Screen) -> bool {
    !line(screen, BORDER).contains("sorting")
}
