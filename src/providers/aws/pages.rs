//! Pages followed to their end.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use crate::model::{Fault, FaultClass};

/// Calls `page` with no token, then with each token it returns, until it returns none. A token that comes twice would page for
/// ever (the SDK's own paginators end there without a word, which looks like a complete list), so it is a fault.
pub async fn pages<F, Next>(operation: &str, mut page: F) -> Result<(), Fault>
where
    F: FnMut(Option<String>) -> Next,
    Next: Future<Output = Result<Option<String>, Fault>>,
{
    let mut seen = HashSet::new();
    let mut token = None;
    loop {
        token = page(token).await?.filter(|token| !token.is_empty());
        match &token {
            None => return Ok(()),
            Some(next) if !seen.insert(next.clone()) => {
                return Err(
                    Fault::new(FaultClass::Malformed, format!("{operation}: a page token was repeated")).with_raw(next)
                );
            }
            Some(_) => {}
        }
    }
}

/// Calls `page` as [`pages`] does, and gathers what is on the pages.
pub async fn gathered<T, F, Next>(operation: &str, mut page: F) -> Result<Vec<T>, Fault>
where
    F: FnMut(Option<String>) -> Next,
    Next: Future<Output = Result<(Vec<T>, Option<String>), Fault>>,
{
    let all = Mutex::new(Vec::new());
    pages(operation, |token| {
        let (next, all) = (page(token), &all);
        async move {
            let (items, token) = next.await?;
            all.lock().unwrap_or_else(PoisonError::into_inner).extend(items);
            Ok(token)
        }
    })
    .await?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}
