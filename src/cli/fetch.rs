//! Asks every scope at once, each within a time of its own, so that a dead one delays only itself; asks for MFA codes on the
//! terminal. Knows nothing of what is asked.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::Setup;
use super::failure::say;
use crate::model::{Fault, FaultClass, Scope};

/// Exit status when a source failed.
const SOURCE_FAILED: u8 = 2;

/// As many scopes are asked at once.
const AT_ONCE: usize = 24;

/// A scope that has not answered by then is given up: long enough for a large account that throttles.
const LIMIT: Duration = Duration::from_mins(2);

/// What one scope came to. A fault does not take away what came before it.
pub(super) struct Answer<T> {
    /// The scope.
    pub(super) scope: Scope,
    /// What it said.
    pub(super) value: T,
    /// Why that is not all.
    pub(super) faults: Vec<Fault>,
}

impl<T> Answer<T> {
    /// The device whose code it waits for.
    fn device(&self) -> Option<String> {
        self.faults.iter().find_map(|fault| match &fault.class {
            FaultClass::NeedsCode { serial } => Some(serial.clone()),
            _ => None,
        })
    }
}

/// Asks every scope; the answers come in the order of the scopes. Those that need a code are asked again, one after the other,
/// once the code has been typed on the terminal.
pub(super) async fn each<T, F>(setup: &Setup, scopes: Vec<Scope>, ask: impl Fn(Scope) -> F) -> Vec<Answer<T>>
where
    T: Default,
    F: Future<Output = (T, Vec<Fault>)>,
{
    let one = |scope: Scope| {
        let asked = ask(scope.clone());
        async move {
            let gave_up = || (T::default(), vec![gave_up()]);
            let (value, faults) = tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| gave_up());
            let explain = |fault| setup.access.explain(fault, &scope.environment);
            let faults = faults.into_iter().map(explain).collect();
            Answer { scope, value, faults }
        }
    };
    let mut answers: Vec<Answer<T>> = stream::iter(scopes).map(one).buffered(AT_ONCE).collect().await;
    for answer in &mut answers {
        while let Some(serial) = answer.device() {
            let environment = Arc::clone(&answer.scope.environment);
            // Another environment's code may have bought the session of this one, too.
            if setup.access.needs_code(&environment).is_none() {
                *answer = one(answer.scope.clone()).await;
                continue;
            }
            let Some(code) = ask_code(&environment, &serial).await else { break };
            match setup.access.give_code(&environment, &code).await {
                Ok(()) => *answer = one(answer.scope.clone()).await,
                Err(fault) => say(&format!("{environment}: {fault}")),
            }
        }
    }
    answers
}

fn gave_up() -> Fault {
    Fault::new(FaultClass::TimedOut, format!("no answer within {} s", LIMIT.as_secs()))
}

/// Asks for a code on the terminal; `None` where there is none, or nothing was typed.
async fn ask_code(environment: &str, serial: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    let prompt = format!("{environment}: code of {serial}: ");
    let typed = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        let _ = std::io::stderr().write_all(prompt.as_bytes());
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let code = typed.await.ok()?.ok()?.trim().to_owned();
    (!code.is_empty()).then_some(code)
}

/// Says on standard error which scopes failed; the exit status says whether any did. With `details` the provider's own words
/// follow.
pub(super) fn status<T>(answers: &[Answer<T>], details: bool) -> ExitCode {
    let faults = answers.iter().flat_map(|answer| answer.faults.iter().map(|fault| (&answer.scope, fault)));
    faults.for_each(|(scope, fault)| report(&scope.to_string(), fault, details));
    if complete(answers) { ExitCode::SUCCESS } else { failed() }
}

/// Whether every scope has said all.
pub(super) fn complete<T>(answers: &[Answer<T>]) -> bool {
    answers.iter().all(|answer| answer.faults.is_empty())
}

/// The exit status when a source failed.
pub(super) fn failed() -> ExitCode {
    ExitCode::from(SOURCE_FAILED)
}

/// Says on standard error what is wrong with a source.
pub(super) fn report(source: &str, fault: &Fault, details: bool) {
    let id = fault.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
    let renew = match &fault.class {
        FaultClass::Expired { renew: Some(command), .. } if !fault.summary.contains(command.as_str()) => {
            format!("; `{command}` renews them")
        }
        _ => String::new(),
    };
    say(&format!("{source}: {}: {fault}{renew}{id}", fault.word()));
    if details && !fault.raw.is_empty() {
        say(&format!("{source}: {}", fault.raw));
    }
}
