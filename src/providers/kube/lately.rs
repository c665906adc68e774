//! What is read now and then and kept meanwhile: what can't be watched, such as figures of use. However often it is asked for, it is
//! read once in a while only; what comes late is told like what has moved.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::cluster::{Cluster, request};
use super::fault::fault;
use crate::model::{Fault, FaultClass};

/// So long a first answer is waited for. A later one is not waited for at all.
const PATIENCE: Duration = Duration::from_secs(1);

/// So long an answer may take.
const MOST: Duration = Duration::from_secs(20);

/// What was answered.
pub type Answered<T> = Result<Arc<T>, Fault>;

/// What was read of one cluster, by path and query.
#[derive(Default)]
pub(super) struct Lately(Mutex<HashMap<String, Arc<dyn Any + Send + Sync>>>);

impl fmt::Debug for Lately {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lately")
    }
}

struct Kept<T> {
    value: watch::Sender<Option<Answered<T>>>,
    asked: Mutex<Option<Instant>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: watch::Sender::new(None), asked: Mutex::default() }
    }
}

impl<T> Kept<T> {
    /// Whether it is time to ask again; who is told so asks.
    fn is_due(&self, age: Duration) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_none_or(|asked| asked.elapsed() >= age);
        if due {
            *asked = Some(Instant::now());
        }
        due
    }
}

impl Lately {
    fn kept<T: Send + Sync + 'static>(&self, key: String) -> Arc<Kept<T>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&key).cloned().and_then(|known| known.downcast::<Kept<T>>().ok());
        known.unwrap_or_else(|| {
            let new = Arc::new(Kept::<T>::default());
            all.insert(key, Arc::clone(&new) as Arc<dyn Any + Send + Sync>);
            new
        })
    }
}

impl Cluster {
    /// What lies at a path of the API, as it was read `age` ago at most, or as it was before while that is being read. `None` where
    /// nothing has come yet. When something comes, what stands on `name` is told.
    pub async fn lately<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        name: &'static str,
        path: &str,
        query: &[(&str, &str)],
        age: Duration,
    ) -> Option<Answered<T>> {
        let kept = self.lately.kept::<T>(format!("{path} {query:?}"));
        if kept.is_due(age) {
            self.read_into(Arc::clone(&kept), name, path, query);
        }
        let mut value = kept.value.subscribe();
        let come = timeout(PATIENCE, value.wait_for(Option::is_some)).await;
        come.ok()?.ok()?.clone()
    }

    /// Reads it beside whoever asks.
    fn read_into<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        kept: Arc<Kept<T>>,
        name: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) {
        let (client, moves, scope) = (self.reads.clone(), Arc::clone(&self.moves), self.scope.region_scope());
        let (request, path) = (request(path, query), path.to_owned());
        tokio::spawn(async move {
            let asked = async {
                let read = client.request::<T>(request?).await;
                read.map(Arc::new).map_err(|error| fault(&path, &error))
            };
            let slow = || Fault::new(FaultClass::TimedOut, format!("{path}: no answer within {} s", MOST.as_secs()));
            let answer = timeout(MOST, asked).await.unwrap_or_else(|_| Err(slow()));
            kept.value.send_replace(Some(answer));
            moves.tell(&scope, name);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_once_in_a_while() {
        let lately = Lately::default();
        let kept = lately.kept::<u8>("/a".to_owned());
        assert!(kept.is_due(Duration::from_mins(1)) && !kept.is_due(Duration::from_mins(1)));
        assert!(kept.is_due(Duration::ZERO), "what is older than wanted is read again");
        assert!(!lately.kept::<u8>("/a".to_owned()).is_due(Duration::from_mins(1)), "whoever asks");
        assert!(lately.kept::<u8>("/b".to_owned()).is_due(Duration::from_mins(1)), "by path");
    }
}
