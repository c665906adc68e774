//! AWS: credentials, clients, faults, pages, raw answers.

mod fault;
mod pages;
pub mod raw;

use std::sync::OnceLock;

use aws_types::SdkConfig;

pub use fault::{fault, invalid};
pub use pages::{gathered, pages};

/// The clients of one environment and region, made when first asked for. They share one HTTP client, which lets reads pass and
/// nothing else.
pub struct Aws {
    config: SdkConfig,
    clients: Clients,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $krate:ident),+ $(,)?) => {
        #[derive(Default)]
        struct Clients {
            $($name: OnceLock<$krate::Client>,)+
        }

        impl Aws {
            $($(#[$doc])*
            pub fn $name(&self) -> &$krate::Client {
                self.clients.$name.get_or_init(|| $krate::Client::new(&self.config))
            })+
        }
    };
}

clients! {
    /// Auto Scaling.
    autoscaling: aws_sdk_autoscaling,
    /// CloudTrail.
    cloudtrail: aws_sdk_cloudtrail,
    /// CloudWatch metrics and alarms.
    cloudwatch: aws_sdk_cloudwatch,
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs,
    /// ECS.
    ecs: aws_sdk_ecs,
    /// EKS.
    eks: aws_sdk_eks,
    /// ElastiCache.
    elasticache: aws_sdk_elasticache,
    /// Elastic Load Balancing v2.
    elb: aws_sdk_elasticloadbalancingv2,
    /// RDS.
    rds: aws_sdk_rds,
}

impl Aws {
    /// Clients that stand on this configuration.
    pub fn new(config: SdkConfig) -> Self {
        Self { config, clients: Clients::default() }
    }
}
