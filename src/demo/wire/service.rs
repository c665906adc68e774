//! The AWS services that the estate answers for, and what is peculiar to each on the wire. It must not know what they
//! answer.

use super::failure::Failure;

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    ApplicationAutoScaling,
    AutoScaling,
    CloudTrail,
    CloudWatch,
    DynamoDb,
    Ecr,
    Ecs,
    Eks,
    ElastiCache,
    Elb,
    Iam,
    Logs,
    Rds,
    SsoOidc,
    S3,
    Sts,
}

/// How a service's requests and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON 1.0 or 1.1 with `X-Amz-Target`.
    Json,
    /// A form body, answered in XML of that namespace.
    Query(&'static str),
    /// Paths and JSON.
    RestJson,
    /// Paths, headers and XML.
    RestXml,
    /// rpc-v2-cbor, with the namespace of its shapes.
    Cbor(&'static str),
}

impl Service {
    /// All of them, by name.
    pub const ALL: [Self; 16] = [
        Self::ApplicationAutoScaling,
        Self::AutoScaling,
        Self::CloudTrail,
        Self::CloudWatch,
        Self::DynamoDb,
        Self::Ecr,
        Self::Ecs,
        Self::Eks,
        Self::ElastiCache,
        Self::Elb,
        Self::Iam,
        Self::Logs,
        Self::Rds,
        Self::SsoOidc,
        Self::S3,
        Self::Sts,
    ];

    /// The prefix of its permissions, which is also its name in fault rules and in counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApplicationAutoScaling => "application-autoscaling",
            Self::AutoScaling => "autoscaling",
            Self::CloudTrail => "cloudtrail",
            Self::CloudWatch => "cloudwatch",
            Self::DynamoDb => "dynamodb",
            Self::Ecr => "ecr",
            Self::Ecs => "ecs",
            Self::Eks => "eks",
            Self::ElastiCache => "elasticache",
            Self::Elb => "elasticloadbalancing",
            Self::Iam => "iam",
            Self::Logs => "logs",
            Self::Rds => "rds",
            Self::SsoOidc => "sso-oidc",
            Self::S3 => "s3",
            Self::Sts => "sts",
        }
    }

    /// The service that signs by that name or has that endpoint prefix.
    pub fn by_signing_name(name: &str) -> Option<Self> {
        let name = match name {
            "monitoring" => "cloudwatch",
            "oidc" => "sso-oidc",
            name => name,
        };
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Whether it is one for all regions.
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Iam | Self::SsoOidc | Self::Sts)
    }

    /// The protocol that its SDK client speaks.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::ApplicationAutoScaling | Self::CloudTrail | Self::DynamoDb | Self::Ecr | Self::Ecs | Self::Logs => {
                Protocol::Json
            }
            Self::S3 => Protocol::RestXml,
            Self::Eks | Self::SsoOidc => Protocol::RestJson,
            Self::CloudWatch => Protocol::Cbor("com.amazonaws.cloudwatch"),
            Self::AutoScaling => Protocol::Query("http://autoscaling.amazonaws.com/doc/2011-01-01/"),
            Self::ElastiCache => Protocol::Query("http://elasticache.amazonaws.com/doc/2015-02-02/"),
            Self::Elb => Protocol::Query("http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"),
            Self::Iam => Protocol::Query("https://iam.amazonaws.com/doc/2010-05-08/"),
            Self::Rds => Protocol::Query("http://rds.amazonaws.com/doc/2014-10-31/"),
            Self::Sts => Protocol::Query("https://sts.amazonaws.com/doc/2011-06-15/"),
        }
    }

    /// Too many requests, in the service's spelling.
    pub fn throttled(self) -> Failure {
        let (code, status) = match self.protocol() {
            Protocol::Json => ("ThrottlingException", 400),
            Protocol::RestJson => ("ThrottlingException", 429),
            Protocol::RestXml => ("SlowDown", 503),
            Protocol::Query(_) | Protocol::Cbor(_) => ("Throttling", 400),
        };
        Failure::new(status, code, "Rate exceeded")
    }

    /// A call that `caller` (an ARN) lacks the permission for.
    pub fn denied(self, caller: &str, operation: &str) -> Failure {
        let (code, status) = match self.protocol() {
            Protocol::Json => ("AccessDeniedException", 400),
            Protocol::RestJson => ("AccessDeniedException", 403),
            Protocol::Query(_) | Protocol::Cbor(_) | Protocol::RestXml => ("AccessDenied", 403),
        };
        let permission = format!("{}:{operation}", self.name());
        let words = format!(
            "User: {caller} is not authorized to perform: {permission} on resource: * because no identity-based policy \
             allows the {permission} action"
        );
        Failure::new(status, code, words)
    }

    /// Credentials whose time is over.
    pub fn expired(self) -> Failure {
        let (code, status) = match self.protocol() {
            Protocol::Json => ("ExpiredTokenException", 400),
            Protocol::RestJson => ("ExpiredTokenException", 403),
            Protocol::Query(_) | Protocol::Cbor(_) | Protocol::RestXml => ("ExpiredToken", 403),
        };
        Failure::new(status, code, "The security token included in the request is expired")
    }

    /// An error on the service's side.
    pub fn broken(self) -> Failure {
        let code = match self {
            Self::Ecr | Self::Ecs | Self::Eks => "ServerException",
            Self::CloudWatch => "InternalServiceFault",
            Self::DynamoDb => "InternalServerError",
            Self::S3 => "InternalError",
            Self::Logs => "ServiceUnavailableException",
            _ => "InternalFailure",
        };
        Failure::new(500, code, "An internal error occurred; try again")
    }

    /// An operation that the service does not have.
    pub fn unknown_operation(self, operation: &str) -> Failure {
        match self.protocol() {
            Protocol::Json | Protocol::Cbor(_) => Failure::new(400, "UnknownOperationException", ""),
            Protocol::RestJson => {
                Failure::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Protocol::RestXml => Failure::new(405, "MethodNotAllowed", ""),
            Protocol::Query(_) => Failure::new(400, "InvalidAction", format!("Could not find operation {operation}")),
        }
    }

    /// A parameter that can't be.
    pub fn invalid(self, message: impl Into<String>) -> Failure {
        let code = match self {
            Self::ApplicationAutoScaling | Self::DynamoDb => "ValidationException",
            Self::S3 => "InvalidArgument",
            Self::Ecr | Self::Ecs | Self::Eks | Self::Logs => "InvalidParameterException",
            Self::CloudTrail => "InvalidMaxResultsException",
            Self::SsoOidc => "InvalidRequestException",
            Self::CloudWatch | Self::ElastiCache | Self::Rds => "InvalidParameterValue",
            Self::AutoScaling | Self::Elb | Self::Iam | Self::Sts => "ValidationError",
        };
        Failure::new(400, code, message)
    }

    /// A paging token that the service did not give out.
    pub fn invalid_token(self) -> Failure {
        let (code, message) = match self {
            Self::CloudTrail => ("InvalidNextTokenException", "Invalid NextToken"),
            Self::CloudWatch | Self::AutoScaling => ("InvalidNextToken", "The NextToken value is not valid"),
            Self::ApplicationAutoScaling => ("InvalidNextTokenException", "Invalid token"),
            Self::DynamoDb => ("ValidationException", "The provided starting key is invalid"),
            Self::S3 => ("InvalidArgument", "The continuation token provided is incorrect"),
            Self::Ecr | Self::Ecs | Self::Eks | Self::Logs => ("InvalidParameterException", "Invalid token"),
            Self::Rds | Self::ElastiCache => ("InvalidParameterValue", "Invalid or expired marker"),
            Self::Elb | Self::Iam | Self::SsoOidc | Self::Sts => ("ValidationError", "Invalid marker"),
        };
        Failure::new(400, code, message)
    }
}
