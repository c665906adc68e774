//! `journal [show|verify]`: what was done, and whether the record of it is whole.

use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use super::args::{Format, Global, JournalArgs, JournalCommand};
use super::failure::say;
use super::output::{Paper, Sheet, SheetColumn};
use super::{DONE, Failure, ago, guard, select, setup, wrong};
use crate::journal::{Entry, Event, Verified};
use crate::model::Value;

/// As many entries are printed where nothing is said.
const FEW: u32 = 100;

/// As many since an instant.
const MANY: u32 = 10_000;

pub(super) fn run(args: &JournalArgs, global: &Global) -> Result<ExitCode, Failure> {
    let config = setup::load(global);
    let journal = guard::journal(&config, global.is_demo());
    if args.command == Some(JournalCommand::Verify) {
        if args.since.is_some() || args.newest.is_some() {
            return Err(Failure::usage("`verify` always reads all of it", "leave out `--since` and `--newest`"));
        }
        return verify(&journal.verify()?, global.format());
    }
    let most = args.newest.unwrap_or(if args.since.is_some() { MANY } else { FEW });
    let named = |entry: &Entry| {
        let patterns = &global.environments;
        patterns.is_empty() || patterns.iter().any(|pattern| select::matches(pattern, &entry.place.environment))
    };
    // One more, to know whether there is more.
    let mut entries = journal.newest(most as usize + 1, args.since.map(ago), &named)?;
    let more = entries.len() > most as usize;
    entries.truncate(most as usize);
    print(&entries, global.format(), config.console.colour)?;
    if entries.is_empty() {
        say("nothing is in the journal that was asked for");
    } else if more {
        say(&format!("the newest {most}; there are older ones: `--newest N`"));
    }
    Ok(DONE)
}

const COLUMNS: [SheetColumn; 24] = [
    SheetColumn::data("seq"),
    SheetColumn::shown("at", "AT", 20, 0, 0),
    SheetColumn::shown("event", "EVENT", 8, 2, 0),
    SheetColumn::shown("environment", "ENVIRONMENT", 11, 1, 1),
    SheetColumn::shown("resource", "RESOURCE", 12, 3, 2),
    SheetColumn::shown("what", "WHAT", 24, 4, 0),
    SheetColumn::shown("who", "WHO", 8, 5, 3),
    SheetColumn::data("host"),
    SheetColumn::data("caller"),
    SheetColumn::data("account"),
    SheetColumn::data("region"),
    SheetColumn::data("cluster"),
    SheetColumn::data("kind"),
    SheetColumn::data("id"),
    SheetColumn::data("action"),
    SheetColumn::data("operation"),
    SheetColumn::data("outcome"),
    SheetColumn::data("risk"),
    SheetColumn::shown("reason", "REASON", 10, 6, 4),
    SheetColumn::data("ticket"),
    SheetColumn::data("policy"),
    SheetColumn::data("request_id"),
    SheetColumn::data("run"),
    SheetColumn::data("hash"),
];

/// Programs get the entries as they stand in the file.
fn print(entries: &[Entry], format: Format, colour: bool) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Format::Json {
        out.write_all(b"[")?;
        for (number, entry) in entries.iter().enumerate() {
            out.write_all(if number == 0 { b"\n  " } else { b",\n  " })?;
            serde_json::to_writer(&mut out, entry)?;
        }
        out.write_all(if entries.is_empty() { b"]\n" } else { b"\n]\n" })?;
    } else {
        let terminal = io::stdout().is_terminal();
        let width = terminal.then(crate::terminal::columns).flatten().map(usize::from);
        let paper = Paper { width, colour: colour && terminal, now: Timestamp::now() };
        Sheet { columns: COLUMNS.to_vec(), rows: entries.iter().map(row).collect() }.write(format, paper, &mut out)?;
    }
    Ok(out.flush()?)
}

fn row(entry: &Entry) -> Vec<Value> {
    let Entry { who, place, event, .. } = entry;
    let at = entry.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let number = |seq: u64| Value::Int(i64::try_from(seq).unwrap_or(i64::MAX));
    let (action, operation, risk, ticket, policy) = match event {
        Event::Intent { action, operation, risk, ticket, policy, .. } => (
            Value::text(action),
            Value::text(operation),
            Value::text(risk.word()),
            Value::maybe(ticket.as_ref()),
            Value::list(policy),
        ),
        _ => Default::default(),
    };
    let reason = match event {
        Event::Intent { reason, .. } | Event::Armed { reason, .. } => reason.as_ref(),
        _ => None,
    };
    let (outcome, request_id) = match event {
        Event::Outcome { outcome, request_id, .. } => (Some(outcome.word()), request_id.as_ref()),
        Event::Followed { outcome, .. } => (Some(outcome.word()), None),
        _ => (None, None),
    };
    vec![
        number(entry.seq),
        Value::text(at),
        Value::text(event.word()),
        Value::text(&place.environment),
        Value::text(&place.name),
        Value::text(what(event)),
        Value::text(&who.user),
        Value::text(&who.host),
        Value::maybe(who.caller.as_ref()),
        Value::maybe(place.account.as_ref()),
        Value::text(&place.region),
        Value::maybe(place.cluster.as_ref()),
        Value::text(&place.kind),
        Value::text(&place.id),
        action,
        operation,
        Value::maybe(outcome),
        risk,
        Value::maybe(reason),
        ticket,
        policy,
        Value::maybe(request_id),
        Value::text(&entry.run),
        Value::text(&entry.hash),
    ]
}

/// What an entry tells, in one line.
fn what(event: &Event) -> Cow<'_, str> {
    let of = |step: usize, steps: usize| if steps > 1 { format!(" ({} of {steps})", step + 1) } else { String::new() };
    match event {
        Event::Intent { title, step, steps, broke_glass, .. } => {
            let glass = if *broke_glass { ", a denying rule broken open" } else { "" };
            format!("{title}{}{glass}", of(*step, *steps)).into()
        }
        Event::Outcome { outcome, fault: Some(fault), .. } => format!("{}: {fault}", outcome.word()).into(),
        Event::Outcome { outcome, .. } => outcome.word().into(),
        Event::Followed { outcome, words, .. } => format!("{}: {words}", outcome.word()).into(),
        Event::Armed { until, .. } => format!("until {}", until.strftime("%H:%M:%SZ")).into(),
        Event::Resumed { bytes, headless: false, .. } => format!("a crash had left {bytes} bytes").into(),
        Event::Resumed { .. } => "the head record was missing".into(),
        Event::Disarmed { reason: Some(reason) } => reason.as_str().into(),
        Event::Sent { .. } | Event::Disarmed { reason: None } => "".into(),
    }
}

/// Says whether each journal is whole, and what is not.
fn verify(verified: &[Verified], format: Format) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if format == Format::Json {
        let findings = |one: &Verified| {
            let finding = |it: &crate::journal::Finding| json!({ "line": it.line, "what": it.to_string() });
            one.findings.iter().map(finding).collect::<Vec<_>>()
        };
        let all: Vec<_> = verified
            .iter()
            .map(|one| {
                json!({
                    "file": one.file.to_string_lossy(),
                    "entries": one.entries,
                    "whole": one.findings.is_empty(),
                    "findings": findings(one),
                    "remains": one.remains,
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        for one in verified {
            let whole = if one.findings.is_empty() { "whole" } else { "NOT AS IT WAS WRITTEN" };
            writeln!(out, "{}: {} entries, {whole}", one.file.display(), one.entries)?;
            for finding in &one.findings {
                writeln!(out, "  {finding}")?;
            }
            for line in &one.remains {
                writeln!(out, "  line {line} is what a crash has left; the entry after it accounts for it")?;
            }
        }
    }
    out.flush()?;
    if verified.is_empty() {
        say("there is no journal yet: nothing was ever done");
    }
    Ok(if verified.iter().all(|one| one.findings.is_empty()) { DONE } else { wrong() })
}
