//! Figures of a running program, and how they are printed.

use std::time::Duration;

use crate::pty::Console;

/// Prints a row of the table.
pub fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

/// Times of the same thing, measured again and again.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn median(&self) -> Duration {
        self.share(50)
    }

    /// The time that so many of a hundred did not exceed.
    pub fn share(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * percent / 100]
    }

    pub fn words(&self) -> String {
        format!("median {}, p99 {}", millis(self.median()), millis(self.share(99)))
    }
}

pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// Processor time used so far, user and system. The kernel counts it exactly and tells it in hundredths of a second.
pub fn processor(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a Linux machine");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().expect("user time") + fields[12].parse::<u64>().expect("system time");
    Duration::from_millis(ticks * 10)
}

/// Resident memory in MiB: all of it, and of that what is the process's own. The rest is the program's file, which the system may
/// take back at any time.
pub fn resident(pid: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a Linux machine");
    let mib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("resident memory");
        let kib: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
        kib / 1024.0
    };
    (mib("VmRSS:"), mib("RssAnon:"))
}

/// Ends the program by its keys.
pub fn leave(console: &mut Console) {
    const CTRL_C: &str = "\u{3}";
    console.press(CTRL_C);
    console.press(CTRL_C);
    console.wait_end();
}

/// A number with separators, as the README writes it.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
