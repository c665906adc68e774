//! What went wrong in an AWS call, in the classes of [`Fault`] and in words that an operator can act on. Knows error codes and
//! the SDK's errors, nothing of environments: which command renews credentials is added by `Environments::explain`.

use std::error::Error;

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use jiff::{SignedDuration, Timestamp};

use crate::model::{Fault, FaultClass, text};

/// The most of a provider's message that a summary quotes; the rest is in the raw text.
const QUOTE: usize = 200;

/// The fault of a failed call of `operation` (`ecs:ListServices`).
pub fn fault<E>(operation: &str, error: &SdkError<E, Response>) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    // Credentials, attestation and the guard fail inside of a call, with a fault of their own that says it better.
    if let Some(inner) = carried(error) {
        return inner.clone();
    }
    // Never the SDK's debug form: it has the whole answer in it, and with it credentials and whatever else is secret.
    let raw = words(error);
    let fault = match error {
        SdkError::ServiceError(service) => {
            let meta = service.err().meta();
            of_code(operation, meta.code(), meta.message(), service.raw())
        }
        SdkError::ResponseError(response) => of_answer(operation, response.raw()),
        SdkError::TimeoutError(_) => timed_out(operation),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => match innermost(error) {
            words if words.contains("connect") => {
                Fault::new(FaultClass::Unreachable, format!("{operation}: no connection in time"))
            }
            _ => timed_out(operation),
        },
        SdkError::DispatchFailure(_) => {
            Fault::new(FaultClass::Unreachable, format!("{operation}: no connection ({})", quote(&innermost(error))))
        }
        _ => Fault::new(FaultClass::Bug, format!("{operation}: the request could not be made ({})", innermost(error))),
    };
    fault.with_raw(raw).with_request_id(error.request_id().or_else(|| error.meta().request_id()))
}

/// The answer to `operation` lacks what it must have.
pub fn invalid(operation: &str, what: &str) -> Fault {
    Fault::new(FaultClass::Malformed, format!("{operation}: the answer has no {what}"))
}

/// A fault of our own that lies inside another error.
pub(super) fn carried<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Fault> {
    chain(error).find_map(|error| error.downcast_ref::<Fault>())
}

/// An error and what caused it, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What an error and its causes say, outermost first.
pub(super) fn words(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = chain(error).map(ToString::to_string).filter(|words| !words.is_empty()).collect();
    words.dedup();
    words.join(": ")
}

fn timed_out(operation: &str) -> Fault {
    Fault::new(FaultClass::TimedOut, format!("{operation}: no answer in time"))
}

/// The text of the deepest error that says something: the others only say that something failed.
fn innermost(error: &(dyn Error + 'static)) -> String {
    // The SDK ends the chain of every timeout with a marker without a message of its own.
    chain(error)
        .map(ToString::to_string)
        .filter(|words| !words.is_empty() && words != "timed out")
        .last()
        .unwrap_or_default()
}

/// An error code, as a service sends it.
fn of_code(operation: &str, code: Option<&str>, message: Option<&str>, response: &Response) -> Fault {
    let Some(code) = code.map(|code| code.rsplit(['#', ':']).next().unwrap_or(code)) else {
        return of_answer(operation, response);
    };
    let message = message.unwrap_or_default();
    let said = if message.is_empty() { code.to_owned() } else { quote(message) };
    match family(operation, code, message) {
        Family::Throttled => Fault::new(
            FaultClass::Throttled { until: retry_after(response) },
            format!("{operation} was throttled ({code})"),
        ),
        Family::Expired => expired(format!("credentials have expired ({code})")),
        Family::Refused => expired(format!("credentials are not accepted ({code})")),
        Family::Clock => Fault::new(FaultClass::Invalid, format!("the clock of this machine is off: {said}")),
        Family::Denied => denied(operation, message),
        Family::NotFound => Fault::new(FaultClass::NotFound, format!("{operation}: {said}")),
        Family::Other if response.status().is_server_error() => Fault::new(
            FaultClass::Service,
            format!("{operation}: the service failed ({} {code})", response.status().as_u16()),
        ),
        Family::Other => Fault::new(FaultClass::Invalid, format!("{operation}: {said}")),
    }
}

/// An answer without a readable error code: the status has to do.
fn of_answer(operation: &str, response: &Response) -> Fault {
    match response.status().as_u16() {
        429 => Fault::new(
            FaultClass::Throttled { until: retry_after(response) },
            format!("{operation} was throttled (429)"),
        ),
        401 | 403 => denied(operation, ""),
        407 => Fault::new(FaultClass::Unreachable, format!("{operation}: the proxy wants a sign-in (407)")),
        status @ 500.. => Fault::new(FaultClass::Service, format!("{operation}: the service failed ({status})")),
        status @ 400.. => Fault::new(FaultClass::Invalid, format!("{operation}: refused without a reason ({status})")),
        _ => {
            let id = response.request_id().map_or_else(String::new, |id| format!(" (request {})", text::clean(id)));
            Fault::new(FaultClass::Malformed, format!("{operation}: the answer is cut off or malformed{id}"))
        }
    }
}

/// Credentials that have to be renewed.
pub(super) fn expired(summary: impl Into<String>) -> Fault {
    Fault::new(FaultClass::Expired { renew: None, sign_in: false }, summary)
}

/// A missing permission: the one the message names, else the operation itself.
fn denied(operation: &str, message: &str) -> Fault {
    let permission = permission(message).unwrap_or(operation);
    let why = if message.contains("service control policy") {
        " (denied by a service control policy)"
    } else if message.contains("explicit deny") {
        " (denied by a policy)"
    } else {
        ""
    };
    Fault::new(
        FaultClass::Denied { permission: Some(permission.to_owned()) },
        format!("not allowed: {permission}{why}"),
    )
}

/// The permission in "… is not authorized to perform: ecs:ListServices on resource …".
fn permission(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform")?;
    let word = rest.trim_start_matches([':', ' ']).split([' ', ',', '"']).next()?;
    let word = word.trim_end_matches(['.', ':']);
    let (service, action) = word.split_once(':')?;
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (plain(service) && plain(action)).then_some(word)
}

/// When the service wants to be asked again, where it says.
fn retry_after(response: &Response) -> Option<Timestamp> {
    let seconds = |header: &str| response.headers().get(header)?.parse::<u32>().ok().map(i64::from);
    let wait = seconds("x-amz-retry-after")
        .map(SignedDuration::from_millis)
        .or_else(|| seconds("retry-after").map(SignedDuration::from_secs))?;
    Timestamp::now().checked_add(wait).ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Throttled,
    /// The credentials were good once.
    Expired,
    /// The credentials are not known.
    Refused,
    Clock,
    Denied,
    NotFound,
    Other,
}

/// The family of an error code. Services spell the same thing in several ways.
fn family(operation: &str, code: &str, message: &str) -> Family {
    match code {
        // What is a quota of concurrent sessions in one service is one of resources in another.
        "LimitExceededException" if operation != "logs:StartLiveTail" => Family::Other,
        _ if THROTTLING_ERRORS.contains(&code) || code.contains("Throttl") || message == "Rate exceeded" => {
            Family::Throttled
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => Family::Expired,
        "InvalidSignatureException" | "SignatureDoesNotMatch"
            if message.contains("Signature expired") || message.contains("not yet current") =>
        {
            Family::Clock
        }
        "RequestTimeTooSkewed" | "RequestInTheFuture" => Family::Clock,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidIdentityToken"
        | "InvalidIdentityTokenException" => Family::Refused,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "UnauthorizedException"
        | "NotAuthorized"
        | "NotAuthorizedException"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "ForbiddenException"
        | "OptInRequired"
        | "SubscriptionRequiredException" => Family::Denied,
        _ if code.starts_with("NoSuch") || code.contains("NotFound") || code.contains("DoesNotExist") => {
            Family::NotFound
        }
        // ECS has no code of its own for a task definition that does not exist.
        "ClientException" if message == "Unable to describe task definition." => Family::NotFound,
        _ => Family::Other,
    }
}

/// A message fit for a summary: cleaned, one line, not endless.
fn quote(message: &str) -> String {
    let clean = text::clean(message.trim());
    match clean.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ThrottlingException", "", Family::Throttled)]
    #[case("Throttling", "Rate exceeded", Family::Throttled)]
    #[case("RequestLimitExceeded", "", Family::Throttled)]
    #[case("TooManyRequestsException", "", Family::Throttled)]
    #[case("ProvisionedThroughputExceededException", "", Family::Throttled)]
    #[case("LimitExceededException", "", Family::Other)]
    #[case("ExpiredTokenException", "", Family::Expired)]
    #[case("UnrecognizedClientException", "", Family::Refused)]
    #[case("InvalidSignatureException", "Signature expired: 1 is now earlier than 2", Family::Clock)]
    #[case("InvalidSignatureException", "The request signature we calculated does not match", Family::Refused)]
    #[case("ClusterNotFoundException", "", Family::NotFound)]
    #[case("DBInstanceNotFound", "", Family::NotFound)]
    #[case("NoSuchEntity", "", Family::NotFound)]
    #[case("ClientException", "Unable to describe task definition.", Family::NotFound)]
    #[case("InvalidParameterValue", "", Family::Other)]
    fn families(#[case] code: &str, #[case] message: &str, #[case] expected: Family) {
        assert_eq!(family("x:Y", code, message), expected);
    }

    #[rstest]
    #[case(
        "User: arn:aws:sts::111122223333:assumed-role/ro/jane is not authorized to perform: ecs:ListServices on resource: * with an explicit deny",
        Some("ecs:ListServices")
    )]
    #[case("not authorized to perform: sts:AssumeRole", Some("sts:AssumeRole"))]
    #[case("You are not authorized to perform this operation.", None)]
    #[case("", None)]
    fn permissions(#[case] message: &str, #[case] expected: Option<&str>) {
        assert_eq!(permission(message), expected);
    }

    #[test]
    fn long_messages_are_cut() {
        let long = "ä".repeat(500);
        assert_eq!(quote(&long).chars().count(), QUOTE + 1);
        assert_eq!(quote(" a\u{1b}[31mb "), "ab");
    }
}
