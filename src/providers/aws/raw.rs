//! Raw JSON on demand: what a service sent, made readable. Never kept, and secrets in it are masked.
//!
//! A kind's `raw` function makes one call with a [`Capture`] and picks its item out of the answer:
//!
//! ```ignore
//! let capture = Capture::default();
//! let call = env.aws.ecs().describe_services().cluster(cluster).services(name);
//! call.customize().interceptor(capture.clone()).send().await.map_err(|error| fault(OP, &error))?;
//! capture.pretty(OP, "/services/0")
//! ```
//!
//! The pointer is RFC 6901, into the answer as JSON: for JSON services as they send it (`/services/0`, names in their own case),
//! for query services without the envelope (`/DBInstances/0`), for CBOR as the map is (`/MetricAlarms/0`).

pub(super) mod cbor;
mod xml;

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use serde_json::Value;

use super::fault::invalid;
pub use crate::model::mask::masked;
use crate::model::{Fault, FaultClass, text};

/// Keeps the body of the last answer to the calls it is given to. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Bytes>>);

impl Capture {
    /// The whole answer to `operation` as JSON, secrets masked.
    pub fn json(&self, operation: &str) -> Result<Value, Fault> {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let parsed = match body.first() {
            None => Ok(Value::Null),
            Some(b'{' | b'[' | b' ' | b'\n') => serde_json::from_slice(&body).map_err(|error| error.to_string()),
            Some(b'<') => xml::to_json(&body),
            Some(_) => cbor::to_json(&body),
        };
        parsed.map(masked).map_err(|why| {
            Fault::new(FaultClass::Malformed, format!("{operation}: the answer could not be read")).with_raw(why)
        })
    }

    /// The part of the answer to `operation` that the pointer (RFC 6901, such as `/services/0`) names, as pretty JSON.
    pub fn pretty(&self, operation: &str, pointer: &str) -> Result<String, Fault> {
        let answer = self.json(operation)?;
        let part = answer.pointer(pointer).ok_or_else(|| invalid(operation, pointer))?;
        pretty(part)
    }
}

/// JSON as a person reads it, cleaned of what JSON itself does not escape (C1 controls, marks that reorder text).
pub fn pretty(value: &Value) -> Result<String, Fault> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Fault::new(FaultClass::Bug, error.to_string()))?;
    Ok(text.lines().map(text::clean).collect::<Vec<_>>().join("\n"))
}

#[dyn_dispatch_hint]
impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "Capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Bytes::copy_from_slice(body);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(body: &'static [u8]) -> Capture {
        Capture(Arc::new(Mutex::new(Bytes::from_static(body))))
    }

    #[test]
    fn json_is_picked_and_kept_in_order() {
        let capture = captured(br#"{"services":[{"b":1,"a":"x"}],"failures":[]}"#);
        assert_eq!(capture.pretty("ecs:DescribeServices", "/services/0").unwrap(), "{\n  \"b\": 1,\n  \"a\": \"x\"\n}");
    }

    #[test]
    fn nothing_dangerous_is_left() {
        let capture = captured("{\"a\":\"x\u{202e}y\u{9b}31mz\"}".as_bytes());
        assert_eq!(capture.pretty("x:Y", "").unwrap(), "{\n  \"a\": \"xyz\"\n}");
    }

    #[test]
    fn what_is_missing_or_broken_is_a_fault() {
        let gone = captured(br#"{"services":[]}"#).pretty("ecs:DescribeServices", "/services/0").unwrap_err();
        assert_eq!(gone.summary, "ecs:DescribeServices: the answer has no /services/0");
        for body in [&b"{\"a\":"[..], b"<a><b></a>", b"\xbf\x61", b"\x00\x00"] {
            let fault = Capture(Arc::new(Mutex::new(Bytes::from_static(body)))).json("x:Y").unwrap_err();
            assert_eq!(fault.class, FaultClass::Malformed, "{body:?}");
        }
    }
}
