//! A service's refusal, before a protocol gives it its shape.

use std::borrow::Cow;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The error's code in the service's own spelling.
    pub code: Cow<'static, str>,
    /// What it says.
    pub message: String,
}

impl Failure {
    /// A failure with that HTTP status, code and message.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code: Cow::Borrowed(code), message: message.into() }
    }
}
