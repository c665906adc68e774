//! The real world: the engine's questions put to kinds and providers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, once};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::sources::{Asking, Changed, Progress, Sources};
use super::{ApiStats, SignInState};
use crate::kinds::logs::{self, Found, Update};
use crate::kinds::{self, KindDef, Sink, changes, metrics};
use crate::model::{
    Answer, Fault, FaultClass, LogSource, MetricSpec, Points, Query, Resource, ResourceId, Rows, Scope, Window,
};
use crate::providers::{Env, Environments, SignIn};

/// Sign-in messages on their way.
const TALK: usize = 4;

/// The real world.
pub struct Live {
    environments: Arc<Environments>,
}

impl Live {
    /// Asks these environments.
    pub fn new(environments: Arc<Environments>) -> Self {
        Self { environments }
    }

    /// Runs a question on the attested clients of a scope; a fault says how the environment's credentials are renewed.
    async fn on<T, F>(&self, scope: &Scope, ask: impl FnOnce(Arc<Env>) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, Fault>>,
    {
        let answer = match self.environments.env(scope).await {
            Ok(env) => ask(env).await,
            Err(fault) => Err(fault),
        };
        answer.map_err(|fault| self.environments.explain(fault, &scope.environment))
    }

    async fn answer(&self, query: &Query, progress: Progress<'_>) -> Result<Answer, Fault> {
        let scope = query.scope();
        match query {
            Query::Identity(scope) => self.environments.identity(scope).await.map(Answer::Identity),
            Query::List { kind, within, .. } => {
                let kind = known(kind)?;
                let pages = Pages { rows: Mutex::default(), count: AtomicUsize::new(0), progress };
                self.on(scope, async |env| (kind.list)(&env, within.as_deref(), &pages).await).await?;
                let items = pages.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(Answer::Rows(Arc::new(Rows { items })))
            }
            Query::Detail(id) => {
                let kind = known(id.kind)?;
                let detail = self.on(scope, async |env| (kind.detail)(&env, id).await).await?;
                Ok(Answer::Detail(Arc::new(detail)))
            }
            Query::Raw(id) => {
                let kind = known(id.kind)?;
                let raw = self.on(scope, async |env| (kind.raw)(&env, id).await).await?;
                Ok(Answer::Raw(raw.into()))
            }
            Query::Changes { seconds, about, .. } => {
                let since = Timestamp::now() - SignedDuration::from_secs(i64::from(*seconds));
                let (found, faults) =
                    self.on(scope, async |env| changes::changes(&env, since, about.as_deref()).await).await?;
                match faults.into_iter().next() {
                    Some(fault) if found.is_empty() => Err(fault),
                    _ => Ok(Answer::Changes(Arc::new(found))),
                }
            }
        }
    }
}

fn known(id: &str) -> Result<&'static KindDef, Fault> {
    kinds::by_id(id).ok_or_else(|| Fault::new(FaultClass::Bug, format!("there is no kind {id}")))
}

/// Takes a kind's pages and tells how many rows have come.
struct Pages<'a> {
    rows: Mutex<Vec<Resource>>,
    count: AtomicUsize,
    progress: Progress<'a>,
}

impl Sink for Pages<'_> {
    fn page(&self, rows: Vec<Resource>) {
        let count = self.count.fetch_add(rows.len(), Ordering::Relaxed) + rows.len();
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).extend(rows);
        (self.progress)(count);
    }
}

impl Sources for Live {
    fn fetch<'a>(&'a self, query: &'a Query, progress: Progress<'a>) -> Asking<'a, Answer> {
        self.answer(query, progress).boxed()
    }

    fn metrics<'a>(
        &'a self,
        scope: &'a Scope,
        specs: &'a [MetricSpec],
        window: Window,
    ) -> Asking<'a, Vec<(usize, Points)>> {
        self.on(scope, async move |env| metrics::fetch(&env, specs, window, Timestamp::now()).await).boxed()
    }

    fn log_sources<'a>(&'a self, resource: &'a ResourceId) -> Asking<'a, Vec<LogSource>> {
        async move {
            let kind = known(resource.kind)?;
            self.on(&resource.scope, async |env| (kind.logs)(&env, resource).await).await
        }
        .boxed()
    }

    fn lines(
        &self,
        source: &LogSource,
        from: Timestamp,
        to: Timestamp,
        pattern: Option<Arc<str>>,
    ) -> BoxStream<'static, Result<Vec<Found>, Fault>> {
        let (environments, source) = (Arc::clone(&self.environments), source.clone());
        let pages = async move {
            let env = environments.env(&source.scope).await?;
            Ok::<_, Fault>(logs::lines(env, source, from, to, pattern))
        };
        once(pages).try_flatten().boxed()
    }

    fn live(
        &self,
        source: &LogSource,
        pattern: Option<Arc<str>>,
    ) -> Asking<'static, BoxStream<'static, Result<Update, Fault>>> {
        let (environments, source) = (Arc::clone(&self.environments), source.clone());
        async move {
            let env = environments.env(&source.scope).await?;
            logs::live(&env, &source, pattern.as_deref()).await
        }
        .boxed()
    }

    fn sign_in<'a>(&'a self, environment: &'a str, tell: mpsc::Sender<SignInState>) -> Asking<'a, Vec<Arc<str>>> {
        async move {
            let (steps, mut said) = mpsc::channel(TALK);
            let pass_on = async move {
                while let Some(step) = said.recv().await {
                    if let SignIn::Open { url, code } = step
                        && tell.send(SignInState::Open { url, code }).await.is_err()
                    {
                        return;
                    }
                }
            };
            tokio::join!(self.environments.sign_in(environment, steps), pass_on).0
        }
        .boxed()
    }

    fn give_code<'a>(&'a self, environment: &'a str, code: &'a str) -> Asking<'a, Vec<Arc<str>>> {
        async move {
            self.environments.give_code(environment, code).await?;
            Ok(vec![environment.into()])
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'_, Changed> {
        async move { Changed { environments: None, again: self.environments.changed_files().await } }.boxed()
    }

    fn stats(&self) -> Vec<(Arc<str>, ApiStats)> {
        let of = |environment: Arc<crate::model::Environment>| {
            let calls = self.environments.calls(&environment.name);
            let stats = ApiStats { calls_per_minute: calls.last_minute, throttled: calls.throttled };
            (Arc::clone(&environment.name), stats)
        };
        self.environments.list().into_iter().map(of).collect()
    }
}
