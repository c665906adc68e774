//! What is done once when it is asked for: finding logs, signing in, taking an MFA code. Each at its own pace beside the others,
//! and none twice at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::report::Report;
use super::schedule;
use super::slot::Slot;
use super::{Event, Shared, SignInState, Sources};
use crate::model::{Fault, LogOrigin, LogSource, ResourceId};

/// Room for what a sign-in has to say.
const TALK: usize = 8;

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// Find the logs of these resources.
    pub(super) logs: HashSet<Vec<Arc<ResourceId>>>,
    /// Sign in to the sessions of these environments.
    pub(super) sign_ins: HashSet<Arc<str>>,
    /// Codes by environment; the newest counts.
    pub(super) codes: HashMap<Arc<str>, String>,
}

/// Names an errand that is under way.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Errand {
    Logs(Vec<Arc<ResourceId>>),
    SignIn(Arc<str>),
    Code(Arc<str>, String),
}

/// Runs errands.
pub(super) struct Errands {
    shared: Arc<Shared>,
    orders: Arc<Slot<Orders>>,
    /// Who asks again what a sign-in has made possible.
    schedule: Arc<Slot<schedule::Orders>>,
}

impl Errands {
    pub(super) fn new(shared: Arc<Shared>, orders: Arc<Slot<Orders>>, schedule: Arc<Slot<schedule::Orders>>) -> Self {
        Self { shared, orders, schedule }
    }

    /// Runs until it is dropped, and with it all that is under way.
    pub(super) async fn run(self) {
        let mut running = JoinSet::new();
        let mut busy: HashMap<Errand, AbortHandle> = HashMap::new();
        loop {
            tokio::select! {
                orders = self.orders.take() => {
                    let logs = orders.logs.into_iter().map(Errand::Logs);
                    let sign_ins = orders.sign_ins.into_iter().map(Errand::SignIn);
                    let codes = orders.codes.into_iter().map(|(environment, code)| Errand::Code(environment, code));
                    for errand in logs.chain(sign_ins).chain(codes) {
                        match (busy.get(&errand), &errand) {
                            // Whoever signs in again has closed the address: it is told anew.
                            (Some(old), Errand::SignIn(_)) => old.abort(),
                            (Some(_), _) => continue,
                            (None, _) => {}
                        }
                        busy.insert(errand.clone(), running.spawn(self.on(errand)));
                    }
                }
                Some(done) = running.join_next() => forget(&mut busy, done),
            }
        }
    }

    /// The future of an errand.
    fn on(&self, errand: Errand) -> impl Future<Output = Errand> + use<> {
        let (shared, schedule) = (Arc::clone(&self.shared), Arc::clone(&self.schedule));
        async move {
            let Shared { sources, report, .. } = &*shared;
            match &errand {
                Errand::Logs(of) => {
                    let found = find_logs(&**sources, of).await;
                    report.tell(Event::LogSources(of.clone(), found)).await;
                }
                Errand::SignIn(environment) => {
                    let state = match sign_in(&**sources, report, environment).await {
                        Ok(revived) => {
                            schedule.fold(|orders| orders.again.extend(revived.iter().cloned()));
                            SignInState::Done(revived)
                        }
                        Err(fault) => SignInState::Failed(Arc::new(fault)),
                    };
                    report.tell(Event::SignIn(Arc::clone(environment), state)).await;
                }
                Errand::Code(environment, code) => {
                    let result = match sources.give_code(environment, code).await {
                        Ok(revived) => {
                            schedule.fold(|orders| orders.again.extend(revived));
                            Ok(())
                        }
                        Err(fault) => Err(Arc::new(fault)),
                    };
                    report.tell(Event::Code(Arc::clone(environment), result)).await;
                }
            }
            errand
        }
    }
}

fn forget(busy: &mut HashMap<Errand, AbortHandle>, done: Result<Errand, JoinError>) {
    match done {
        Ok(errand) => {
            busy.remove(&errand);
        }
        Err(error) if error.is_cancelled() => {}
        Err(error) => {
            // Which one it was is lost with it: better one twice than one never again.
            tracing::error!(%error, "an errand was lost");
            busy.clear();
        }
    }
}

/// Signs in, and passes on what it says meanwhile, in that order.
async fn sign_in(sources: &dyn Sources, report: &Report, environment: &Arc<str>) -> Result<Vec<Arc<str>>, Fault> {
    let (tell, mut said) = mpsc::channel(TALK);
    let pass_on = async {
        while let Some(state) = said.recv().await {
            report.tell(Event::SignIn(Arc::clone(environment), state)).await;
        }
    };
    tokio::join!(sources.sign_in(environment, tell), pass_on).0
}

/// The log sources of several resources, in their order, each once. Those that can't be told don't hide the others.
async fn find_logs(sources: &dyn Sources, of: &[Arc<ResourceId>]) -> Result<Vec<LogSource>, Arc<Fault>> {
    let asked: FuturesUnordered<_> =
        of.iter().enumerate().map(|(at, id)| async move { (at, sources.log_sources(id).await) }).collect();
    let mut answers: Vec<_> = asked.collect().await;
    answers.sort_by_key(|(at, _)| *at);
    let mut found: Vec<LogSource> = Vec::new();
    let mut failed = None;
    for (_, answer) in answers {
        match answer {
            Ok(sources) => {
                for source in sources {
                    if !found.iter().any(|known| is_part(&source, known)) {
                        found.retain(|known| !is_part(known, &source));
                        found.push(source);
                    }
                }
            }
            Err(fault) => failed = failed.or(Some(fault)),
        }
    }
    match failed {
        Some(fault) if found.is_empty() => Err(Arc::new(fault)),
        _ => Ok(found),
    }
}

/// Whether all lines of one source are lines of the other.
fn is_part(one: &LogSource, of: &LogSource) -> bool {
    let same = one.scope == of.scope;
    match (&one.of, &of.of) {
        (LogOrigin::Group { name, stream_prefix }, LogOrigin::Group { name: whole, stream_prefix: prefix }) => {
            let prefix = prefix.as_deref().unwrap_or_default();
            same && name == whole && stream_prefix.as_deref().unwrap_or_default().starts_with(prefix)
        }
        (one, of) => same && one == of,
    }
}
