//! `act`: prints the plan of an action; with `--apply` carries it out, by the same path as the screen.

mod args;
mod leave;
mod lent;
mod show;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc;

pub(super) use args::ActArgs;

use super::args::Format;
use super::failure::say;
use super::{DONE, Failure, Setup, fetch, get, select, wrong};
use crate::actions;
use crate::guard::{Consent, Ended, Guard, Proposal, Refusal, Report};
use crate::journal::{Entry, Event};
use crate::kinds::parts::minute;
use crate::model::{Fault, Fields, Followed, Headway, Order, Plan, Scope, Sent};
use crate::providers::lend::Asked;

/// A precondition or a policy forbids it, or the target has moved.
const FORBIDDEN: u8 = 3;
/// Nobody can say what became of it.
const UNKNOWN: u8 = 4;

/// `borrowers` are those who want the terminal.
pub(super) async fn run(
    setup: &Setup,
    guard: &Arc<Guard>,
    args: &ActArgs,
    borrowers: mpsc::Receiver<Asked>,
) -> Result<ExitCode, Failure> {
    actions::check(args.action, &args.fields).map_err(|problem| Failure::usage(problem.to_string(), ""))?;
    if matches!(setup.global.output, Some(Format::Csv | Format::Markdown)) {
        return Err(Failure::usage("a plan is no table", "`-o json` prints it for programs"));
    }
    let scope = scope(setup)?;
    tell_orphans(guard).await;
    let proposal = match propose(setup, guard, args, &scope).await {
        Ok(proposal) => proposal,
        Err(fault) => {
            fetch::report(&scope.to_string(), &fault, setup.global.verbose > 0);
            return Ok(fetch::failed());
        }
    };
    if !args.apply {
        print(setup, &proposal).await?;
        return Ok(if proposal.judgement.denial.is_some() { ExitCode::from(FORBIDDEN) } else { DONE });
    }
    tokio::select! {
        applied = apply(setup, guard, args, proposal) => applied,
        never = lent::lend(borrowers) => match never {},
    }
}

/// Tells, once, what a console or another `act` has left without an outcome: whoever changes something next should look at it first.
async fn tell_orphans(guard: &Arc<Guard>) {
    let looking = Arc::clone(guard);
    let orphans = tokio::task::spawn_blocking(move || looking.orphans()).await.unwrap_or_default();
    for Entry { at, place, event, .. } in &orphans {
        let Event::Intent { title, .. } = event else { continue };
        let (at, environment) = (minute(*at), &place.environment);
        say(&format!("{environment}: {title} ({at}) has ended unknown: look at {} {}", place.kind, place.name));
    }
}

/// The one environment, and its region.
fn scope(setup: &Setup) -> Result<Scope, Failure> {
    let chosen = setup.chosen()?;
    let [environment] = &chosen[..] else {
        let message = format!("an action is for exactly one environment, and {} are meant", chosen.len());
        return Err(Failure::usage(message, "name it with `-e NAME`"));
    };
    if let [scope] = &select::scopes(&chosen)[..] {
        Ok(scope.clone())
    } else {
        let message = format!("{} has several regions", environment.name);
        Err(Failure::usage(message, format!("name one with `--region`: {}", environment.regions.join(", "))))
    }
}

/// The plan; where its account waits for a device's code, once that is given.
async fn propose(setup: &Setup, guard: &Guard, args: &ActArgs, scope: &Scope) -> Result<Proposal, Fault> {
    loop {
        match propose_once(setup, guard, args, scope).await {
            Ok(proposal) => return Ok(proposal),
            Err(fault) => {
                let fault = setup.access.explain(fault, &scope.environment);
                if !fetch::given_code(&setup.access, &scope.environment, &fault).await {
                    return Err(fault);
                }
            }
        }
    }
}

async fn propose_once(setup: &Setup, guard: &Guard, args: &ActArgs, scope: &Scope) -> Result<Proposal, Fault> {
    let acting = actions::acting(&setup.access, args.action, scope).await?;
    let target = (args.action.locate)(&acting, &args.fields).await?;
    let order = Order { action: args.action.id, target, fields: args.fields.clone() };
    guard.propose(&[order], Timestamp::now()).await
}

async fn print(setup: &Setup, proposal: &Proposal) -> io::Result<()> {
    let mut accounts = Vec::new();
    for plan in &proposal.parts {
        accounts.push(account(setup, plan).await);
    }
    let mut out = io::stdout().lock();
    for (plan, account) in proposal.parts.iter().zip(&accounts) {
        let account = account.as_deref();
        match setup.global.output {
            Some(Format::Json) => writeln!(out, "{:#}", show::json(proposal, plan, account))?,
            _ => show::text(proposal, plan, account, &mut out)?,
        }
    }
    out.flush()
}

/// The account that a plan's target is in; of a cluster the one that its environment was attested to be, if it was.
async fn account(setup: &Setup, plan: &Plan) -> Option<Arc<str>> {
    if !plan.target.identity.is_in_cluster() {
        return Some(Arc::clone(&plan.target.identity.account));
    }
    let env = setup.access.kube_env(&plan.target.id.scope.region_scope()).await.ok()?;
    get::account(setup, &env).await
}

async fn apply(setup: &Setup, guard: &Arc<Guard>, args: &ActArgs, proposal: Proposal) -> Result<ExitCode, Failure> {
    let consent = Consent {
        text: args.confirm.clone().unwrap_or_default(),
        reason: args.reason.clone(),
        ticket: args.ticket.clone(),
        break_glass: args.break_glass,
    };
    let warrant = match guard.confirm(proposal.clone(), &consent, true, Timestamp::now()) {
        Ok(warrant) => warrant,
        Err(refusal) => return refused(setup, &proposal, &refusal).await,
    };
    let told = Told::default();
    let tell = |report| told.tell(report);
    let ended = tokio::select! {
        biased;
        ended = guard.carry_out(warrant, !args.no_follow, &tell) => ended,
        () = leave::asked() => return Ok(left(guard, &told)),
    };
    match ended {
        Ended::Done { words, undo } => {
            for line in words {
                say(&line);
            }
            for order in &undo {
                say(&format!("undo: {}", undo_command(order, &args.fields)));
            }
            Ok(DONE)
        }
        Ended::Moved { differences, proposal, undo, .. } => {
            for difference in differences {
                say(&format!(
                    "{} was {} and is {} now: nothing was sent",
                    difference.name, difference.was, difference.is
                ));
            }
            match proposal {
                Ok(proposal) => print(setup, &proposal).await?,
                Err(fault) => say(&format!("a new plan could not be made: {fault}")),
            }
            say_undo(&undo, &args.fields);
            Ok(ExitCode::from(FORBIDDEN))
        }
        Ended::Failed { words, undo, .. } => {
            say(&words);
            say_undo(&undo, &args.fields);
            Ok(wrong())
        }
        Ended::Unknown { words, undo, .. } => {
            say(&format!("outcome unknown: {words}"));
            say_undo(&undo, &args.fields);
            Ok(ExitCode::from(UNKNOWN))
        }
    }
}

/// What takes back what was done before it stopped.
fn say_undo(undo: &[Order], given: &Fields) {
    for order in undo {
        say(&format!("undo of what is done: {}", undo_command(order, given)));
    }
}

/// Nothing was sent. What was typed wrongly is wrong usage; what the policy forbids is not for the typing.
async fn refused(setup: &Setup, proposal: &Proposal, refusal: &Refusal) -> Result<ExitCode, Failure> {
    match refusal {
        Refusal::Text(_) | Refusal::Reason | Refusal::Ticket(_) => {
            Err(Failure::usage(refusal.to_string(), "nothing was sent; without --apply the plan is printed"))
        }
        Refusal::Journal(_) => {
            say(&format!("{refusal}: nothing was sent"));
            Ok(wrong())
        }
        Refusal::NotArmed(_) | Refusal::Denied(_) => {
            print(setup, proposal).await?;
            say(&format!("{refusal}: nothing was sent"));
            Ok(ExitCode::from(FORBIDDEN))
        }
    }
}

/// Ctrl-C or the end of the session: nothing more is sent, and what is under way is journalled as unknown.
fn left(guard: &Guard, told: &Told) -> ExitCode {
    let unknown = guard.hang_up();
    if unknown > 0 || told.sending.load(Ordering::Relaxed) {
        say("left before it was done: what became of it is not known");
        ExitCode::from(UNKNOWN)
    } else {
        say("left: nothing was sent");
        wrong()
    }
}

/// What was said of what happens.
#[derive(Default)]
struct Told {
    /// Something has left.
    sending: AtomicBool,
    headway: Mutex<Option<Headway>>,
}

impl Told {
    /// Says what happens; how far it has come only when that is news. How it ends is said in the end.
    fn tell(&self, report: Report) {
        match report {
            Report::Checking(_) | Report::Sent(_, Sent::Refused(_) | Sent::Unknown(_)) => {}
            Report::Sending(at) => {
                self.sending.store(true, Ordering::Relaxed);
                say(&format!("step {}: sending", at.step + 1));
            }
            Report::Sent(_, Sent::Accepted { request_id }) => {
                let id = request_id.map(|id| format!(" (request {id})")).unwrap_or_default();
                say(&format!("accepted{id}"));
            }
            Report::Headway(_, headway) => {
                let mut said = self.headway.lock().unwrap_or_else(PoisonError::into_inner);
                if said.as_ref() != Some(&headway) {
                    say(&headway.words);
                    *said = Some(headway);
                }
            }
            Report::Followed(_, Ok(Followed::Verified(words) | Followed::Failed(words))) => say(&words),
            Report::Followed(_, Err(fault)) => say(&format!("it can't be followed: {fault}")),
        }
    }
}

/// The command line that takes it back. What names the target is named as it was.
fn undo_command(order: &Order, given: &Fields) -> String {
    let locating = actions::by_id(order.action).map(|action| action.fields).unwrap_or_default().iter();
    let locating = locating.filter(|field| field.locates && !order.fields.contains_key(field.id));
    let located = locating.filter_map(|field| Some((field.id, given.get(field.id)?)));
    let fields = located.chain(order.fields.iter().map(|(field, value)| (*field, value)));
    let mut words = vec!["quarterdeck".to_owned(), "act".to_owned(), order.action.to_owned()];
    words.extend(["-e".to_owned(), order.target.scope.environment.to_string()]);
    words.extend(fields.flat_map(|(field, value)| [format!("--{field}"), value.clone()]));
    shell_words::join(words)
}
