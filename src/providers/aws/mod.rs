//! AWS: environments' credentials and clients, faults, pages, raw answers. Requests leave only through the guard.

mod calls;
mod chain;
mod claims;
mod credentials;
mod fault;
mod files;
mod guard;
mod outcome;
mod pages;
mod pins;
pub mod raw;
mod settings;
mod sign_in;
mod signer;
mod transport;
mod variables;

mod environments;

use std::sync::OnceLock;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use crate::model::{Fault, FaultClass};

pub(in crate::providers) use calls::CallStats;
pub use calls::Calls;
pub use claims::{Ride, sha256};
pub use environments::{Around, Environments, Estate, Source};
pub use fault::{fault, invalid};
pub use files::write_private;
pub(in crate::providers) use files::{Stamp, look};
use guard::Tag;
pub use outcome::sent;
pub use pages::{gathered, paged, pages};
pub(in crate::providers) use pins::Pins;
pub use sign_in::SignIn;
pub use variables::Variables;

/// The clients of one environment and region, made when first asked for. They share one HTTP client, which lets reads pass and
/// nothing else.
#[derive(Debug)]
pub struct Aws {
    config: SdkConfig,
    tag: Tag,
    clients: Clients,
}

macro_rules! clients {
    (@own $aws:ident, $config:ident) => { $config };
    (@own $aws:ident, $config:ident, $own:ident) => { $aws.$own($config) };
    ($($(#[$doc:meta])* $name:ident: $krate:ident $(, $own:ident)?);+ $(;)?) => {
        #[derive(Debug, Default)]
        struct Clients {
            $($name: OnceLock<$krate::Client>,)+
        }

        impl Aws {
            $($(#[$doc])*
            pub fn $name(&self) -> &$krate::Client {
                self.clients.$name.get_or_init(|| {
                    let config = $krate::config::Builder::from(&self.config).interceptor(self.tag.clone());
                    $krate::Client::from_conf(clients!(@own self, config $(, $own)?).build())
                })
            })+
        }
    };
}

clients! {
    /// Application Auto Scaling.
    scaling: aws_sdk_applicationautoscaling;
    /// Auto Scaling.
    autoscaling: aws_sdk_autoscaling;
    /// CloudTrail.
    cloudtrail: aws_sdk_cloudtrail;
    /// CloudWatch metrics and alarms.
    cloudwatch: aws_sdk_cloudwatch;
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs;
    /// DynamoDB.
    dynamodb: aws_sdk_dynamodb;
    /// ECR.
    ecr: aws_sdk_ecr;
    /// ECS.
    ecs: aws_sdk_ecs;
    /// EKS.
    eks: aws_sdk_eks;
    /// ElastiCache.
    elasticache: aws_sdk_elasticache;
    /// Elastic Load Balancing v2.
    elb: aws_sdk_elasticloadbalancingv2;
    /// IAM.
    iam: aws_sdk_iam;
    /// RDS.
    rds: aws_sdk_rds;
    /// S3.
    s3: aws_sdk_s3, plain;
}

impl Aws {
    /// Clients that stand on this configuration; their requests are tagged.
    fn new(config: SdkConfig, tag: Tag) -> Self {
        Self { config, tag, clients: Clients::default() }
    }

    /// The attested credentials that these clients sign with.
    pub(in crate::providers) fn credentials(&self) -> Result<SharedCredentialsProvider, Fault> {
        let none = || Fault::new(FaultClass::Bug, "the clients have no credentials");
        self.config.credentials_provider().ok_or_else(none)
    }

    /// Where STS is in a region, as the files say and else as AWS has it.
    pub(in crate::providers) async fn sts_endpoint(&self, region: &str) -> Result<String, Fault> {
        if let Some(elsewhere) = self.elsewhere("STS") {
            return Ok(elsewhere);
        }
        let wrong = |why: String| Fault::new(FaultClass::Invalid, format!("no STS endpoint for {region}: {why}"));
        let place = Params::builder()
            .region(region)
            .use_fips(self.config.use_fips().unwrap_or_default())
            .use_dual_stack(self.config.use_dual_stack().unwrap_or_default())
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let endpoint =
            DefaultResolver::new().resolve_endpoint(&place).await.map_err(|error| wrong(error.to_string()))?;
        Ok(endpoint.url().to_owned())
    }

    /// The server that the files name in place of a service.
    fn elsewhere(&self, service: &str) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        key.ok().and_then(|key| self.config.service_config()?.load_config(key))
    }

    /// S3 without what only large uploads need: bodies go as they are, so that what is sent can be compared with what is permitted,
    /// and a server that is not AWS is not asked to have a host name for each bucket.
    fn plain(&self, config: aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder {
        config
            .force_path_style(self.elsewhere("S3").is_some())
            .disable_s3_express_session_auth(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
    }
}
