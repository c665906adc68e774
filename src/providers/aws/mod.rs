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

use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

pub use calls::Calls;
pub use claims::{Ride, sha256};
pub use environments::{Around, Environments, Estate, Source};
pub use fault::{fault, invalid};
pub use files::write_private;
use guard::Tag;
pub use outcome::sent;
pub use pages::{gathered, paged, pages};
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

    /// S3 without what only large uploads need: bodies go as they are, so that what is sent can be compared with what is permitted,
    /// and a server that is not AWS is not asked to have a host name for each bucket.
    fn plain(&self, config: aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder {
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let elsewhere = key.ok().and_then(|key| self.config.service_config()?.load_config(key)).is_some();
        config
            .force_path_style(elsewhere)
            .disable_s3_express_session_auth(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
    }
}
