//! The faults of the Kubernetes API, in the classes that an operator can act on.

use kube::core::Status;

use crate::model::{Fault, FaultClass, text};

/// What an error means; `what` was asked for.
pub fn fault(what: &str, error: &kube::Error) -> Fault {
    let summary = |words: &str| format!("{what}: {}", text::clean(words));
    match error {
        kube::Error::Api(status) => of_status(what, status),
        kube::Error::SerdeError(why) => Fault::new(FaultClass::Malformed, summary(&why.to_string())),
        kube::Error::Auth(why) => {
            Fault::new(FaultClass::Expired { renew: None, sign_in: false }, summary(&why.to_string()))
        }
        kube::Error::Service(why) => own(what, &**why).unwrap_or_else(|| of_connection(what, error)),
        kube::Error::ReadEvents(why) => Fault::new(FaultClass::Unreachable, summary(&why.to_string())),
        other => of_connection(what, other),
    }
}

/// A fault of what stands between a question and the connection: the gate, the credentials.
fn own(what: &str, error: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(fault) = inner.downcast_ref::<Fault>() {
            let named = fault.class != FaultClass::TimedOut;
            let summary = if named { fault.summary.clone() } else { format!("{what}: {}", fault.summary) };
            return Some(Fault { summary, ..fault.clone() });
        }
        cause = inner.source();
    }
    None
}

pub(super) fn of_status(what: &str, status: &Status) -> Fault {
    let class = match status.code {
        401 => FaultClass::Expired { renew: None, sign_in: false },
        403 => FaultClass::Denied { permission: permission(&status.message) },
        404 => FaultClass::NotFound,
        429 => FaultClass::Throttled { until: None },
        400..=499 => FaultClass::Invalid,
        _ => FaultClass::Service,
    };
    Fault::new(class, format!("{what}: {}", text::clean(&status.message)))
}

/// `pods is forbidden: User "x" cannot list resource "pods" in API group "" at the cluster scope` → `list pods`.
fn permission(message: &str) -> Option<String> {
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, _) = rest.split_once('"')?;
    Some(text::clean(&format!("{verb} {resource}")).into_owned())
}

/// A connection that could not be made or broke; the innermost cause says most.
fn of_connection(what: &str, error: &(dyn std::error::Error + 'static)) -> Fault {
    let mut cause = error;
    let mut timed_out = false;
    while let Some(inner) = cause.source() {
        cause = inner;
        timed_out |= cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut);
    }
    let class = if timed_out { FaultClass::TimedOut } else { FaultClass::Unreachable };
    Fault::new(class, format!("{what}: {}", text::clean(&cause.to_string()))).with_raw(error.to_string())
}
