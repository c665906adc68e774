//! What the engine runs on: the questions it can put to the outside, as one trait, so that it can be tested without AWS. It knows
//! the model, neither kinds nor providers; `live` is the real one.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{ApiStats, Priority, SignInState};
use crate::kinds::logs::{Page, Update};
use crate::model::{
    Answer, Environment, Fault, KindId, LogSource, MetricSpec, Points, Query, ResourceId, Scope, Window,
};

/// A question on its way.
pub type Asking<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Is told how many more items have come.
pub type Progress<'a> = &'a (dyn Fn(usize) + Send + Sync);

/// What changed beside the program, in files that environments stand on.
#[derive(Debug, Default)]
pub struct Changed {
    /// The environments, where their list is another than before.
    pub environments: Option<Vec<Arc<Environment>>>,
    /// Those that may be had again, or have become others.
    pub again: Vec<Arc<str>>,
}

/// What the engine asks. Every future may be dropped at any time.
pub trait Sources: Send + Sync + 'static {
    /// Now. The built-in estate has a clock of its own.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Answers a query; follows every page and tells how far it has come. For what is not on screen nothing is watched on.
    fn fetch<'a>(&'a self, query: &'a Query, priority: Priority, progress: Progress<'a>) -> Asking<'a, Answer>;

    /// Somebody wants an environment asked again now, whatever has failed there.
    fn urge(&self, _environment: &str) {}

    /// Points of metrics of one environment and region, each with the position of its spec.
    fn metrics<'a>(
        &'a self,
        scope: &'a Scope,
        specs: &'a [MetricSpec],
        window: Window,
    ) -> Asking<'a, Vec<(usize, Points)>>;

    /// Where the logs of a resource are.
    fn log_sources<'a>(&'a self, resource: &'a ResourceId) -> Asking<'a, Vec<LogSource>>;

    /// The lines of a source between two instants, page by page, oldest first.
    fn lines(
        &self,
        source: &LogSource,
        from: Timestamp,
        to: Timestamp,
        pattern: Option<Arc<str>>,
    ) -> BoxStream<'static, Result<Page, Fault>>;

    /// Starts a live tail of a source. It is running when this returns; the stream ends when it breaks off.
    fn live(
        &self,
        source: &LogSource,
        pattern: Option<Arc<str>>,
    ) -> Asking<'static, BoxStream<'static, Result<Update, Fault>>>;

    /// Signs in to the session of an environment; names those that live again. Gives up when nobody listens.
    fn sign_in<'a>(&'a self, environment: &'a str, tell: mpsc::Sender<SignInState>) -> Asking<'a, Vec<Arc<str>>>;

    /// Gives the code of an environment's device; names the environments that live again.
    fn give_code<'a>(&'a self, environment: &'a str, code: &'a str) -> Asking<'a, Vec<Arc<str>>>;

    /// Looks whether files have changed, and makes anew what stands on them.
    fn changed(&self) -> BoxFuture<'_, Changed>;

    /// Waits until lists that are watched have moved, and names them: environment and region, and kind.
    fn moved(&self) -> BoxFuture<'_, Vec<(Scope, KindId)>>;

    /// API calls of every environment.
    fn stats(&self) -> Vec<(Arc<str>, ApiStats)>;
}
