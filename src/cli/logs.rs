//! `logs SOURCE...`: finds out which log groups are meant, and prints their lines merged by time.

mod print;
mod sources;

use std::collections::BTreeMap;
use std::io::{self, BufWriter};
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use self::print::Printer;
use super::args::{Format, LogsArgs};
use super::failure::say;
use super::{Failure, Setup, ago, fetch, select};
use crate::engine::{Engine, Event, Live, Request, Settings, TailEvent};
use crate::model::{Fault, TailSpec};

/// The one tail of this process.
const TAIL: u64 = 1;

/// Room for what the tail says; it waits for a slow reader.
const ROOM: usize = 16;

pub(super) async fn run(setup: &Setup, args: &LogsArgs) -> Result<ExitCode, Failure> {
    if matches!(setup.global.format(), Format::Csv | Format::Markdown) {
        let message = "log lines can't be printed in this format";
        return Err(Failure::usage(message, "allowed: `-o table`, `-o json`"));
    }
    let wanted = sources::parse(&args.sources)?;
    let scopes = select::scopes(&setup.chosen()?);
    let found = fetch::each(&setup.access, scopes, |scope| sources::find(setup, &wanted, scope)).await;
    let status = fetch::status(&found, setup.global.verbose > 0);
    let sources = sources::merge(&wanted, &found)?;
    if sources.is_empty() {
        return Ok(status);
    }
    let until = (!args.follow).then(Timestamp::now);
    let spec = TailSpec { id: TAIL, sources, since: ago(args.since), until, pattern: None };
    let failed = print(setup, args, &spec).await?;
    Ok(if failed { fetch::failed() } else { status })
}

/// Prints lines until the range is complete, or for ever. Returns whether a source was not read to its end.
async fn print(setup: &Setup, args: &LogsArgs, spec: &TailSpec) -> Result<bool, Failure> {
    let (reports, mut events) = mpsc::channel(ROOM);
    // Nothing is asked for but lines, and all of them.
    let settings = Settings {
        metric_calls: 0,
        metric_dollars: 0.0,
        metric_ledger: None,
        log_room: None,
        live_tails: setup.config.console.live_tail,
    };
    let engine = Engine::start(Arc::new(Live::new(Arc::clone(&setup.access))), None, reports, settings);
    engine.request(Request::Tail(spec.clone()));
    let printer = Printer {
        sources: &spec.sources,
        grep: args.grep.as_ref(),
        json: setup.global.format() == Format::Json,
        colour: setup.colour(),
    };
    let mut out = BufWriter::new(io::stdout());
    let mut failing: BTreeMap<u16, Arc<Fault>> = BTreeMap::new();
    let mut lacks = false;
    while let Some(event) = events.recv().await {
        let Event::Tail(TAIL, event) = event else { continue };
        match event {
            TailEvent::Lines(lines) => {
                failing.retain(|source, _| lines.iter().all(|line| line.source != *source));
                printer.lines(&lines, &mut out)?;
            }
            TailEvent::Mode(source, _) => drop(failing.remove(&source)),
            TailEvent::Failed(source, fault) => {
                // Said once, however often it is tried again.
                if failing.insert(source, Arc::clone(&fault)).is_none_or(|old| old.class != fault.class) {
                    report(setup, spec, source, &fault);
                }
            }
            TailEvent::Gap(source, from, _) => note(spec, source, &format!("lines since {from} may be missing")),
            TailEvent::Filled(source, from) => note(spec, source, &format!("lines since {from} are complete")),
            TailEvent::Lacks(source, what) => {
                lacks = true;
                note(spec, source, what);
            }
            TailEvent::End => break,
        }
    }
    Ok(lacks || !failing.is_empty())
}

fn report(setup: &Setup, spec: &TailSpec, source: u16, fault: &Fault) {
    fetch::report(&name(spec, source), fault, setup.global.verbose > 0);
}

fn note(spec: &TailSpec, source: u16, what: &str) {
    say(&format!("{}: {what}", name(spec, source)));
}

/// A source in messages.
fn name(spec: &TailSpec, source: u16) -> String {
    let source = spec.sources.get(usize::from(source));
    source.map(|source| format!("{}: {}", source.scope, source.name())).unwrap_or_default()
}
