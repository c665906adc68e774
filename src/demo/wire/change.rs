//! A call that changes something, as a service sees it. It must not know any operation.

use super::failure::Failure;
use super::input::Input;
use super::service::Service;
use crate::demo::world::Account;

/// One call.
#[derive(Debug)]
pub struct Change<'a> {
    /// The account, at the instant of the call.
    pub account: &'a mut Account,
    /// The service.
    pub service: Service,
    /// The operation's name.
    pub operation: &'a str,
    /// The parameters.
    pub input: &'a Input,
}

impl<'a> Change<'a> {
    /// A parameter can't be as it is.
    pub fn invalid(&self, message: impl Into<String>) -> Failure {
        self.service.invalid(message)
    }

    /// A parameter that must be there.
    pub fn required(&self, key: &str) -> Result<&'a str, Failure> {
        self.input.text(key).ok_or_else(|| self.invalid(format!("{key} must be given")))
    }

    /// A whole number that must be there and within bounds.
    pub fn whole(&self, key: &str, bounds: std::ops::RangeInclusive<i64>) -> Result<Option<i32>, Failure> {
        match self.input.whole(key) {
            None => Ok(None),
            Some(number) if bounds.contains(&number) => Ok(i32::try_from(number).ok()),
            Some(number) => Err(self.invalid(format!("{key} can't be {number}"))),
        }
    }
}
