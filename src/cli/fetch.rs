//! Asks every scope at once, each within a time of its own, so that a dead one delays only itself; asks for MFA codes on the
//! terminal. Knows nothing of what is asked.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::failure::say;
use crate::model::{Fault, FaultClass, Scope};
use crate::providers::Environments;

/// Exit status when a source failed.
const SOURCE_FAILED: u8 = 2;

/// As many scopes are asked at once.
const AT_ONCE: usize = 64;

/// As many are named as waited for.
const NAMED: usize = 8;

/// A scope that has not answered by then is given up: long enough for a large account that throttles.
const LIMIT: Duration = Duration::from_mins(2);

/// After this long somebody at a terminal is told what is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

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
    /// The fault that says which device's code it waits for.
    fn waits(&self) -> Option<&Fault> {
        self.faults.iter().find(|fault| matches!(fault.class, FaultClass::NeedsCode { .. }))
    }
}

/// Asks every scope; the answers come in the order of the scopes. Those that need a code are asked again, one after the other,
/// once the code has been typed on the terminal.
pub(super) async fn each<T, F>(access: &Environments, scopes: Vec<Scope>, ask: impl Fn(Scope) -> F) -> Vec<Answer<T>>
where
    T: Default,
    F: Future<Output = (T, Vec<Fault>)>,
{
    let waiting = Mutex::new(scopes.clone());
    let waiting = &waiting;
    let one = |scope: Scope| {
        let asked = ask(scope.clone());
        async move {
            let gave_up = || (T::default(), vec![gave_up()]);
            let (value, faults) = tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| gave_up());
            let explain = |fault| access.explain(fault, &scope.environment);
            let faults = faults.into_iter().map(explain).collect();
            waiting.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != scope);
            Answer { scope, value, faults }
        }
    };
    // In the order in which they answer, so that the dead hold up nobody who waits for a turn.
    let numbered = async |(number, scope)| (number, one(scope).await);
    let asked = stream::iter(scopes.into_iter().enumerate()).map(numbered).buffer_unordered(AT_ONCE);
    let mut answers: Vec<(usize, Answer<T>)> = with_patience(asked.collect(), waiting).await;
    answers.sort_by_key(|(number, _)| *number);
    let mut answers: Vec<Answer<T>> = answers.into_iter().map(|(_, answer)| answer).collect();
    for answer in &mut answers {
        while let Some(fault) = answer.waits()
            && given_code(access, &answer.scope.environment, fault).await
        {
            *answer = one(answer.scope.clone()).await;
        }
    }
    answers
}

/// Waits, and says on a terminal whom for when it takes long.
async fn with_patience<T>(work: impl Future<Output = T>, waiting: &Mutex<Vec<Scope>>) -> T {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(PATIENCE, &mut work).await {
            Ok(done) => return done,
            Err(_) if !std::io::stderr().is_terminal() => {}
            Err(_) => {
                let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let names: Vec<String> = waiting.iter().take(NAMED).map(ToString::to_string).collect();
                let more = if waiting.len() > NAMED { "…" } else { "" };
                say(&format!("waiting for {}{more}", names.join(", ")));
            }
        }
    }
}

fn gave_up() -> Fault {
    Fault::new(FaultClass::TimedOut, format!("no answer within {} s", LIMIT.as_secs()))
}

/// Whether what failed with this fault can be tried again, because the code that it waits for has been given: it is asked for on the
/// terminal. Nothing is asked where it waits for none.
pub(super) async fn given_code(access: &Environments, environment: &str, fault: &Fault) -> bool {
    let FaultClass::NeedsCode { serial } = &fault.class else { return false };
    loop {
        // Another environment's code may have bought the session of this one, too.
        if access.needs_code(environment).is_none() {
            return true;
        }
        let Some(code) = ask_code(environment, serial).await else { return false };
        match access.give_code(environment, &code).await {
            Ok(_) => return true,
            Err(fault) => say(&format!("{environment}: {fault}")),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::providers::Source;

    fn scopes(count: usize) -> Vec<Scope> {
        (0..count).map(|number| Scope::new(number.to_string(), "eu-west-1")).collect()
    }

    /// Without any environment.
    fn nowhere() -> Arc<Environments> {
        let source = Source::Estate { aws: Arc::new(|_| None), kube: Arc::new(|_, _| None) };
        Environments::new(Vec::new(), source, Vec::new())
    }

    #[tokio::test]
    async fn the_slow_hold_up_nobody_and_answers_keep_their_order() {
        let access = nowhere();
        let answered = AtomicUsize::new(0);
        let count = AT_ONCE * 2;
        let ask = |scope: Scope| {
            let answered = &answered;
            async move {
                if &*scope.environment == "0" {
                    // Slow until all others have answered, for those too that had to wait for a turn.
                    while answered.load(Ordering::SeqCst) < count - 1 {
                        tokio::task::yield_now().await;
                    }
                }
                answered.fetch_add(1, Ordering::SeqCst);
                let faults = if &*scope.environment == "3" { vec![gave_up()] } else { Vec::new() };
                (scope.environment.to_string(), faults)
            }
        };
        let answers = tokio::time::timeout(Duration::from_secs(20), each(&access, scopes(count), ask)).await.unwrap();
        let names: Vec<String> = answers.iter().map(|answer| answer.value.clone()).collect();
        assert_eq!(names, (0..count).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(answers.iter().all(|answer| *answer.value == *answer.scope.environment));
        assert!(!complete(&answers) && answers[3].faults.len() == 1);
    }

    #[tokio::test]
    async fn only_what_waits_for_a_code_is_tried_again() {
        let access = nowhere();
        assert!(!given_code(&access, "a", &gave_up()).await);
        let waits = Fault::new(FaultClass::NeedsCode { serial: "phone".to_owned() }, "code needed");
        assert!(given_code(&access, "a", &waits).await, "its session has been bought meanwhile");
    }
}
