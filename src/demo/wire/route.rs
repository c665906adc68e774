//! Reads from a request which service and operation it is for, where, and with which parameters. It must not know the
//! estate: whether there is such a thing is the service's to say.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::input::Input;
use super::service::{Protocol, Service};
use super::{cbor, json, object, query, rest};

/// Where a request goes.
#[derive(Debug, Clone)]
pub struct Route {
    /// The service.
    pub service: Service,
    /// The region that the request was signed for.
    pub region: String,
    /// The operation's name; a REST request for a path that has none is `METHOD path`.
    pub operation: String,
    /// `None`: the body can't be read.
    pub input: Option<Input>,
}

impl Route {
    /// `None` when the request is for no service that the estate has.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        let (service, region) = scope(request)?;
        let body = request.body().bytes().unwrap_or_default();
        let (operation, input) = match service.protocol() {
            Protocol::Json => (target(request), json::read(body)),
            Protocol::Cbor(_) => (last_segment(request.uri()), cbor::read(body)),
            Protocol::RestJson => rest::read(request.method(), request.uri(), body),
            Protocol::RestXml => object::read(request),
            Protocol::Query(_) => {
                let input = query::read(body);
                (input.text("Action").unwrap_or_default().to_owned(), Some(input))
            }
        };
        Some(Self { service, region, operation, input })
    }
}

/// The service and region out of the signature's scope, or out of the host's name where nothing is signed.
fn scope(request: &HttpRequest) -> Option<(Service, String)> {
    let signed = request.headers().get("authorization").and_then(|header| {
        let credential = header.split("Credential=").nth(1)?.split([',', ' ']).next()?;
        let mut parts = credential.split('/').skip(2);
        let region = parts.next()?.to_owned();
        Some((Service::by_signing_name(parts.next()?)?, region))
    });
    signed.or_else(|| {
        let host = request.uri().split("://").nth(1)?.split(['/', '?', ':']).next()?;
        let host = host.strip_prefix("stream-").or_else(|| host.strip_prefix("streaming-")).unwrap_or(host);
        let mut labels = host.split('.');
        let service = Service::by_signing_name(labels.next()?)?;
        let region = labels.next().filter(|label| *label != "amazonaws").unwrap_or("us-east-1");
        Some((service, region.to_owned()))
    })
}

/// The operation out of `X-Amz-Target: Prefix.Operation`.
fn target(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

fn last_segment(uri: &str) -> String {
    let path = uri.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;
    use serde_json::json;

    use super::*;

    fn request(uri: &str, headers: &[(&'static str, &'static str)], body: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri).unwrap();
        request.set_method("POST").unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        request
    }

    #[test]
    fn the_scope_of_the_signature_says_service_and_region() {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKID/20260302/eu-west-1/monitoring/aws4_request, SignedHeaders=host";
        let uri = "https://example.test/service/GraniteServiceVersion20100801/operation/DescribeAlarms";
        let route = Route::of(&request(uri, &[("authorization", authorization)], "")).unwrap();
        assert_eq!(
            (route.service, route.region.as_str(), route.operation.as_str()),
            (Service::CloudWatch, "eu-west-1", "DescribeAlarms")
        );
    }

    #[test]
    fn without_a_signature_the_host_does() {
        let target = ("x-amz-target", "Logs_20140328.StartLiveTail");
        let route = Route::of(&request("https://stream-logs.eu-central-1.amazonaws.com/", &[target], "{}")).unwrap();
        assert_eq!(
            (route.service, route.region.as_str(), route.operation.as_str()),
            (Service::Logs, "eu-central-1", "StartLiveTail")
        );
        let route =
            Route::of(&request("https://iam.amazonaws.com/", &[], "Action=ListAccountAliases&MaxItems=3")).unwrap();
        assert_eq!((route.service, route.operation.as_str()), (Service::Iam, "ListAccountAliases"));
        assert_eq!(route.input.unwrap().whole("MaxItems"), Some(3));
    }

    #[test]
    fn a_path_says_what_is_asked_of_eks() {
        let mut request =
            request("https://eks.eu-central-1.amazonaws.com/clusters/a%20b/node-groups?maxResults=2", &[], "");
        request.set_method("GET").unwrap();
        let route = Route::of(&request).unwrap();
        assert_eq!(route.operation, "ListNodegroups");
        assert_eq!(route.input.unwrap().0, json!({ "name": "a b", "maxResults": "2" }));
    }

    #[test]
    fn a_service_that_is_not_there_has_no_route() {
        assert!(Route::of(&request("https://kinesis.eu-central-1.amazonaws.com/", &[], "{}")).is_none());
    }
}
