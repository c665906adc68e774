//! Resident memory. On the built-in estate the customers' systems are in the same process; on servers they are not.

use std::time::Duration;

use crate::figures::{leave, resident, row};
use crate::pty::Console;
use crate::real;
use crate::served::Served;
use crate::servers::Servers;

/// All kinds have been asked at least once by then.
const SETTLED: Duration = Duration::from_secs(65);
/// What is largest is looked for this often, so many times.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS: usize = 40;

/// One small environment.
pub fn small() {
    if let Some(servers) = Servers::start() {
        let mut console = real::console(&servers, "");
        std::thread::sleep(SETTLED);
        tell("one small environment on servers of its own", &console);
        leave(&mut console);
    }
    let mut console = Console::start(&["demo", "--seed", "7", "-e", "unilux-prod"], 60, 200);
    console.wait_text("services");
    std::thread::sleep(SETTLED);
    tell("one environment of the estate, the estate included", &console);
    leave(&mut console);
}

/// Twenty environments of five hundred services and a full log buffer, into which lines go on pouring.
pub fn full() {
    let estate = Served::sized(20, 500);
    let mut console = Console::start_in(estate.home(), &[], 60, 200, &[]);
    console.wait_text("0 of 10000 services");
    tell("20 environments of 500 services", &console);
    open_firehose(&mut console);
    console.wait_text("100000 lines");
    tell("the same and a full log buffer of 100,000 lines, lines pouring in", &console);
    leave(&mut console);
}

/// Opens the estate's log group that never rests.
pub fn open_firehose(console: &mut Console) {
    console.press(":log-g");
    console.wait_text("log-groups");
    console.press("\r");
    console.wait_text("/bench/firehose");
    console.press("gl");
    console.wait_text("following");
}

/// The most within a while.
fn tell(what: &str, console: &Console) {
    let (mut all, mut own) = (0.0_f64, 0.0_f64);
    for _ in 0..LOOKS {
        let (now, mine) = resident(console.pid());
        (all, own) = (all.max(now), own.max(mine));
        std::thread::sleep(LOOK);
    }
    let figure = format!("{all:.1} MiB, of that {:.1} MiB pages of the program's file", all - own);
    row(&format!("resident memory, {what}"), &figure);
}
