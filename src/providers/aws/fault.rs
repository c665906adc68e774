//! What went wrong in an AWS call, in the classes of [`Fault`].

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::{Fault, FaultClass};

/// The fault of a failed call of `operation` (`ecs:ListServices`).
pub fn fault<E>(operation: &str, error: &SdkError<E, Response>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    Fault::new(FaultClass::Service, format!("{operation} failed")).with_raw(DisplayErrorContext(error).to_string())
}

/// The answer to `operation` lacks what it must have.
pub fn invalid(operation: &str, what: &str) -> Fault {
    Fault::new(FaultClass::Malformed, format!("{operation}: the answer has no {what}"))
}
