//! The engine's sources as they are: kinds over environments, AWS or what stands in for it.

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::sources::{Asking, Changed, Progress, Sources};
use super::{ApiStats, Priority, SignInState};
use crate::kinds::logs::{Page, Update};
use crate::kinds::{self, KindDef, Sink, System, changes, logs, metrics};
use crate::model::{
    Answer, Changes, Environment, Fault, FaultClass, KindId, LogSource, MetricSpec, Points, Query, Resource,
    ResourceId, Rows, Scope, Window,
};
use crate::providers::{Env, Environments, SignIn};

/// Room for what a sign-in has to say.
const TALK: usize = 8;

/// Reads the environments anew from their files. Blocks.
pub type Reread = Arc<dyn Fn() -> Vec<Environment> + Send + Sync>;

/// When a file was changed last, and how long it is; `None` where there is none.
type Stamp = Option<(SystemTime, u64)>;

/// The real sources.
pub struct Live {
    access: Arc<Environments>,
    watched: Option<Watched>,
}

/// The files that say which environments there are.
struct Watched {
    files: Arc<[PathBuf]>,
    stamps: Mutex<Option<Vec<Stamp>>>,
    reread: Reread,
}

impl Live {
    /// On these environments.
    pub fn new(access: Arc<Environments>) -> Self {
        Self { access, watched: None }
    }

    /// The same, with an eye on the files that say which environments there are.
    #[must_use]
    pub fn watching(self, files: Vec<PathBuf>, reread: Reread) -> Self {
        Self { watched: Some(Watched { files: files.into(), stamps: Mutex::default(), reread }), ..self }
    }

    async fn env(&self, scope: &Scope) -> Result<Arc<Env>, Fault> {
        self.access.env(&scope.region_scope()).await
    }

    async fn answer(&self, query: &Query, priority: Priority, progress: Progress<'_>) -> Result<Answer, Fault> {
        match query {
            Query::Identity(scope) => Ok(Answer::Identity(self.access.identity(scope).await?)),
            Query::List { scope, kind, within } => {
                let kind = kind_of(kind)?;
                let gathered = Gathered { rows: Mutex::default(), priority, progress };
                if self.access.named(&scope.environment).is_none_or(|environment| kind.concerns(&environment)) {
                    let env = kind.env(&self.access, scope).await?;
                    (kind.list)(&env, within.as_deref(), &gathered).await?;
                }
                let Rows { items, faults, titles } = gathered.rows.into_inner().unwrap_or_else(PoisonError::into_inner);
                let explain = |fault| self.access.explain(fault, &scope.environment);
                Ok(Answer::Rows(Arc::new(Rows { items, faults: faults.into_iter().map(explain).collect(), titles })))
            }
            Query::Detail(id) => {
                let kind = kind_of(id.kind)?;
                let env = kind.env(&self.access, &id.scope).await?;
                Ok(Answer::Detail(Arc::new((kind.detail)(&env, id).await?)))
            }
            Query::Raw(id) => {
                let kind = kind_of(id.kind)?;
                let env = kind.env(&self.access, &id.scope).await?;
                Ok(Answer::Raw((kind.raw)(&env, id).await?.into()))
            }
            Query::Changes { scope, seconds, about } => {
                let env = changes::env(&self.access, scope, about.as_deref()).await?;
                let since = self.now() - SignedDuration::from_secs(i64::from(*seconds));
                let (rows, faults) = changes::changes(&env, since, about.as_deref()).await?;
                let explain = |fault| self.access.explain(fault, &scope.environment);
                Ok(Answer::Changes(Arc::new(Changes { rows, faults: faults.into_iter().map(explain).collect() })))
            }
        }
    }

    /// The environments, if their files look different by now and name others than before.
    async fn reread(&self, stamps: Vec<Stamp>) -> Option<Vec<Arc<Environment>>> {
        let watched = self.watched.as_ref()?;
        let before = {
            let mut known = watched.stamps.lock().unwrap_or_else(PoisonError::into_inner);
            known.replace(stamps.clone())
        };
        if before.is_none_or(|before| before == stamps) {
            return None;
        }
        let reread = Arc::clone(&watched.reread);
        let list = tokio::task::spawn_blocking(move || reread()).await.ok()?;
        let same = self.access.list().iter().map(|known| &**known).eq(&list);
        if same {
            return None;
        }
        self.access.set(list);
        Some(self.access.list())
    }
}

impl Sources for Live {
    fn fetch<'a>(&'a self, query: &'a Query, priority: Priority, progress: Progress<'a>) -> Asking<'a, Answer> {
        async move {
            let environment = &query.scope().environment;
            if priority == Priority::Screen {
                self.access.look_at(environment);
            }
            let answer = self.answer(query, priority, progress).await;
            answer.map_err(|fault| self.access.explain(fault, environment))
        }
        .boxed()
    }

    fn urge(&self, environment: &str) {
        self.access.urge(environment);
    }

    fn metrics<'a>(
        &'a self,
        scope: &'a Scope,
        specs: &'a [MetricSpec],
        window: Window,
    ) -> Asking<'a, Vec<(usize, Points)>> {
        async move {
            let found = match self.env(scope).await {
                Ok(env) => metrics::fetch(&env, specs, window, self.now()).await,
                Err(fault) => Err(fault),
            };
            found.map_err(|fault| self.access.explain(fault, &scope.environment))
        }
        .boxed()
    }

    fn log_sources<'a>(&'a self, resource: &'a ResourceId) -> Asking<'a, Vec<LogSource>> {
        async move {
            let kind = kind_of(resource.kind)?;
            let found = match kind.env(&self.access, &resource.scope).await {
                Ok(env) => (kind.logs)(&env, resource).await,
                Err(fault) => Err(fault),
            };
            found.map_err(|fault| self.access.explain(fault, &resource.scope.environment))
        }
        .boxed()
    }

    fn lines(
        &self,
        source: &LogSource,
        from: Timestamp,
        to: Timestamp,
        pattern: Option<Arc<str>>,
    ) -> BoxStream<'static, Result<Page, Fault>> {
        let (access, source) = (Arc::clone(&self.access), source.clone());
        let environment = Arc::clone(&source.scope.environment);
        access.look_at(&environment);
        let explainer = Arc::clone(&access);
        let pages = async move {
            let env = logs::env(&access, &source).await?;
            Ok(logs::lines(env, source, from, to, pattern))
        };
        stream::once(pages).try_flatten().map_err(move |fault| explainer.explain(fault, &environment)).boxed()
    }

    fn live(
        &self,
        source: &LogSource,
        pattern: Option<Arc<str>>,
    ) -> Asking<'static, BoxStream<'static, Result<Update, Fault>>> {
        let (access, source) = (Arc::clone(&self.access), source.clone());
        async move {
            let env = logs::env(&access, &source).await?;
            logs::live(&env, &source, pattern.as_deref()).await
        }
        .boxed()
    }

    fn sign_in<'a>(&'a self, environment: &'a str, tell: mpsc::Sender<SignInState>) -> Asking<'a, Vec<Arc<str>>> {
        async move {
            let (said, mut heard) = mpsc::channel(TALK);
            // Nobody listens: to stop listening in turn is to give up.
            let pass_on = async move {
                while let Some(state) = heard.recv().await {
                    if let SignIn::Open { url, code } = state
                        && tell.send(SignInState::Open { url, code }).await.is_err()
                    {
                        return;
                    }
                }
            };
            tokio::join!(self.access.sign_in(environment, said), pass_on).0
        }
        .boxed()
    }

    fn give_code<'a>(&'a self, environment: &'a str, code: &'a str) -> Asking<'a, Vec<Arc<str>>> {
        self.access.give_code(environment, code).boxed()
    }

    fn changed(&self) -> BoxFuture<'_, Changed> {
        async move {
            let standing = self.access.standing();
            let files = self.watched.as_ref().map(|watched| Arc::clone(&watched.files)).unwrap_or_default();
            // All of them in one go: this is asked every few seconds, and each way to another thread and back costs more than a look.
            let look = move || (standing.is_current(), files.iter().map(|file| stamp(file)).collect());
            let Ok((current, stamps)) = tokio::task::spawn_blocking(look).await else { return Changed::default() };
            let mut again = if current { Vec::new() } else { self.access.changed_files().await };
            again.extend(self.access.changed_tokens().await);
            again.sort_unstable();
            again.dedup();
            Changed { environments: self.reread(stamps).await, again }
        }
        .boxed()
    }

    fn moved(&self) -> BoxFuture<'_, Vec<(Scope, KindId)>> {
        async move {
            let moved = self.access.moved().await;
            let kinds = |(scope, plural): (Scope, &'static str)| {
                let standing = kinds::ALL
                    .iter()
                    .filter(move |kind| matches!(kind.system, System::Kubernetes(types) if types.contains(&plural)));
                standing.map(move |kind| (scope.clone(), kind.id))
            };
            moved.into_iter().flat_map(kinds).collect()
        }
        .boxed()
    }

    fn stats(&self) -> Vec<(Arc<str>, ApiStats)> {
        let stats = |environment: Arc<Environment>| {
            let calls = self.access.calls(&environment.name);
            let stats = ApiStats { calls_per_minute: calls.last_minute, throttled: calls.throttled };
            (Arc::clone(&environment.name), stats)
        };
        self.access.list().into_iter().map(stats).collect()
    }
}

/// The look of a file on disk. Blocks.
fn stamp(file: &Path) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// Gathers the rows of a list.
struct Gathered<'a> {
    rows: Mutex<Rows>,
    priority: Priority,
    progress: Progress<'a>,
}

impl Sink for Gathered<'_> {
    fn page(&self, rows: Vec<Resource>) {
        (self.progress)(rows.len());
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).append(rows);
    }

    fn lacks(&self, fault: Fault) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).faults.push(fault);
    }

    fn is_seen(&self) -> bool {
        self.priority == Priority::Screen
    }

    fn titles(&self, titles: Arc<[Arc<str>]>) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).titles = titles;
    }
}

fn kind_of(kind: &str) -> Result<&'static KindDef, Fault> {
    kinds::by_id(kind).ok_or_else(|| Fault::new(FaultClass::Bug, format!("there is no kind {kind}")))
}
