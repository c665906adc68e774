//! What came of sending a change: taken, refused, or unknown. Unknown is whatever may have arrived and was not answered for.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::fault::{carried, fault};
use crate::model::{FaultClass, Sent, text};

/// The end of a call that changes something, of `operation` in IAM's spelling.
pub fn sent<T, E>(operation: &str, result: Result<T, SdkError<E, Response>>) -> Sent
where
    T: RequestId,
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let error = match result {
        Ok(answer) => return Sent::Accepted { request_id: answer.request_id().map(|id| text::clean(id).into()) },
        Err(error) => error,
    };
    // The gate, the signer and a connection that was never made: nothing has left.
    let never_left = carried(&error).is_some()
        || match &error {
            SdkError::ConstructionFailure(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_user() || never_connected(&error),
            // An answer of success that can't be read is no refusal: it was most likely done.
            SdkError::ServiceError(service) => service.raw().status().is_client_error(),
            _ => false,
        };
    let fault = fault(operation, &error);
    if never_left || matches!(fault.class, FaultClass::Throttled { .. }) {
        Sent::Refused(fault)
    } else {
        Sent::Unknown(fault)
    }
}

/// Whether no connection could be made.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|error| {
        let refused =
            error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused);
        refused || error.to_string().contains("error trying to connect") || error.to_string().contains("dns error")
    })
}
