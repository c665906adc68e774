//! Pages followed to their end.

use std::collections::HashSet;
use std::future::Future;

use futures_util::stream::{Stream, try_unfold};
use futures_util::{TryFutureExt, TryStreamExt};

use crate::model::{Fault, FaultClass};

/// Calls `page` with no token, then with each token it returns, until it returns none: what is on the pages, page by page. A token
/// that comes twice would page for ever (the SDK's own paginators end there without a word, which looks like a complete list), so
/// it is a fault.
pub fn paged<T, F, Next>(operation: &str, page: F) -> impl Stream<Item = Result<Vec<T>, Fault>>
where
    F: FnMut(Option<String>) -> Next,
    Next: Future<Output = Result<(Vec<T>, Option<String>), Fault>>,
{
    let first = Some(None);
    try_unfold((page, first, HashSet::new()), move |(mut page, token, mut seen)| async move {
        let Some(token) = token else { return Ok(None) };
        let (items, next) = page(token).await?;
        let next: Option<String> = next.filter(|token| !token.is_empty());
        match &next {
            Some(next) if !seen.insert(next.clone()) => {
                Err(Fault::new(FaultClass::Malformed, format!("{operation}: a page token was repeated")).with_raw(next))
            }
            _ => Ok(Some((items, (page, next.map(Some), seen)))),
        }
    })
}

/// The same for pages that are taken where they are read: `page` returns the next token alone.
pub async fn pages<F, Next>(operation: &str, mut page: F) -> Result<(), Fault>
where
    F: FnMut(Option<String>) -> Next,
    Next: Future<Output = Result<Option<String>, Fault>>,
{
    let taken = paged(operation, |token| page(token).map_ok(|next| (Vec::<()>::new(), next)));
    taken.try_for_each(async |_| Ok(())).await
}

/// The same, all pages gathered.
pub async fn gathered<T, F, Next>(operation: &str, page: F) -> Result<Vec<T>, Fault>
where
    F: FnMut(Option<String>) -> Next,
    Next: Future<Output = Result<(Vec<T>, Option<String>), Fault>>,
{
    paged(operation, page).try_concat().await
}
