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

use aws_types::SdkConfig;

pub use calls::Calls;
pub use claims::{Ride, sha256};
pub use environments::{Environments, Estate, Source};
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
    ($($(#[$doc:meta])* $name:ident: $krate:ident),+ $(,)?) => {
        #[derive(Debug, Default)]
        struct Clients {
            $($name: OnceLock<$krate::Client>,)+
        }

        impl Aws {
            $($(#[$doc])*
            pub fn $name(&self) -> &$krate::Client {
                self.clients.$name.get_or_init(|| {
                    let config = $krate::config::Builder::from(&self.config).interceptor(self.tag.clone());
                    $krate::Client::from_conf(config.build())
                })
            })+
        }
    };
}

clients! {
    /// Application Auto Scaling.
    scaling: aws_sdk_applicationautoscaling,
    /// Auto Scaling.
    autoscaling: aws_sdk_autoscaling,
    /// CloudTrail.
    cloudtrail: aws_sdk_cloudtrail,
    /// CloudWatch metrics and alarms.
    cloudwatch: aws_sdk_cloudwatch,
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs,
    /// DynamoDB.
    dynamodb: aws_sdk_dynamodb,
    /// ECR.
    ecr: aws_sdk_ecr,
    /// ECS.
    ecs: aws_sdk_ecs,
    /// EKS.
    eks: aws_sdk_eks,
    /// ElastiCache.
    elasticache: aws_sdk_elasticache,
    /// Elastic Load Balancing v2.
    elb: aws_sdk_elasticloadbalancingv2,
    /// IAM.
    iam: aws_sdk_iam,
    /// RDS.
    rds: aws_sdk_rds,
    /// S3.
    s3: aws_sdk_s3,
}

impl Aws {
    /// Clients that stand on this configuration; their requests are tagged.
    fn new(config: SdkConfig, tag: Tag) -> Self {
        Self { config, tag, clients: Clients::default() }
    }
}
