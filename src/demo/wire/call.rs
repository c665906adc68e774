//! A call as a service sees it: the account it is for, its parameters, and the paging that all services have in common.
//! It must not know any operation.

use std::ops::Range;

use aws_smithy_types::base64;

use super::failure::Failure;
use super::input::Input;
use super::node::Node;
use super::service::Service;
use crate::demo::world::Account;

/// What a service answers.
pub type Answer = Result<Node, Failure>;

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// The account, at the instant of the call.
    pub account: &'a Account,
    /// The service.
    pub service: Service,
    /// The operation's name.
    pub operation: &'a str,
    /// The parameters.
    pub input: &'a Input,
    /// Paging must return the same token for ever.
    pub repeat_token: bool,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which elements are on it.
    pub range: Range<usize>,
    /// The token of the next page.
    pub next: Option<String>,
}

impl Page {
    /// The elements of the page.
    pub fn of<'b, T>(&self, items: &'b [T]) -> &'b [T] {
        items.get(self.range.clone()).unwrap_or_default()
    }
}

impl Call<'_> {
    /// The page that is asked for of a list of that length: `size` elements from where `token_key` points to.
    pub fn page(&self, total: usize, size: usize, token_key: &str) -> Result<Page, Failure> {
        let token = self.input.text(token_key);
        let start = match token {
            None => 0,
            Some(token) => self.position(token)?,
        };
        let start = start.min(total);
        let end = start.saturating_add(size).min(total);
        let next = if self.repeat_token {
            Some(token.map_or_else(|| self.token(if end < total { end } else { 0 }), str::to_owned))
        } else {
            (end < total).then(|| self.token(end))
        };
        Ok(Page { range: start..end, next })
    }

    /// How many elements a page shall have; outside of the bounds is refused.
    pub fn size(&self, key: &str, default: usize, bounds: Range<usize>) -> Result<usize, Failure> {
        match self.input.whole(key) {
            None => Ok(default),
            Some(size) => usize::try_from(size).ok().filter(|size| bounds.contains(size)).ok_or_else(|| {
                let most = bounds.end.saturating_sub(1);
                self.invalid(format!("{key} must be between {} and {most}, not {size}", bounds.start))
            }),
        }
    }

    /// A token that only the same operation takes.
    pub fn token(&self, position: impl std::fmt::Display) -> String {
        base64::encode(format!("{}:{position}", self.operation))
    }

    /// The position in a token of this operation.
    pub fn position<T: std::str::FromStr>(&self, token: &str) -> Result<T, Failure> {
        let read = || {
            let text = String::from_utf8(base64::decode(token).ok()?).ok()?;
            let (operation, position) = text.split_once(':')?;
            (operation == self.operation).then(|| position.parse().ok()).flatten()
        };
        read().ok_or_else(|| self.service.invalid_token())
    }

    /// A parameter can't be as it is.
    pub fn invalid(&self, message: impl Into<String>) -> Failure {
        self.service.invalid(message)
    }

    /// A parameter that must be there.
    pub fn required(&self, key: &str) -> Result<&str, Failure> {
        self.input.text(key).ok_or_else(|| self.invalid(format!("{key} must be given")))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::demo::world::World;

    fn page(input: serde_json::Value, repeat_token: bool) -> Result<Page, Failure> {
        let world = World::new(1, Timestamp::UNIX_EPOCH);
        let account = &world.accounts()[0];
        let call = Call { account, service: Service::Ecs, operation: "ListTasks", input: &Input(input), repeat_token };
        let size = call.size("maxResults", 10, 1..101)?;
        call.page(25, size, "nextToken")
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let mut ranges = Vec::new();
        let mut token = json!(null);
        loop {
            let page = page(json!({ "nextToken": token }), false).unwrap();
            ranges.push(page.range);
            match page.next {
                Some(next) => token = json!(next),
                None => break,
            }
        }
        assert_eq!(ranges, [0..10, 10..20, 20..25]);
    }

    #[test]
    fn sizes_and_tokens_are_checked() {
        assert_eq!(page(json!({ "maxResults": 101 }), false).unwrap_err().code, "InvalidParameterException");
        assert_eq!(page(json!({ "nextToken": "x" }), false).unwrap_err().code, "InvalidParameterException");
        let other = base64::encode("ListServices:10");
        assert!(page(json!({ "nextToken": other }), false).is_err(), "a token of another operation");
        assert_eq!(page(json!({ "maxResults": 30 }), false).unwrap(), Page { range: 0..25, next: None });
    }

    #[test]
    fn a_repeated_token_stays_the_same() {
        let first = page(json!({ "maxResults": 100 }), true).unwrap().next.unwrap();
        let second = page(json!({ "maxResults": 100, "nextToken": first }), true).unwrap();
        assert_eq!(second.next.as_ref(), Some(&first));
    }
}
