//! Pages followed to their end.

use std::collections::HashSet;
use std::future::Future;

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
