//! What the kinds that stand behind load balancers share: names out of ARNs and dimensions, and the health of targets. Not a
//! kind.

mod targets;

use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;

use super::Op;
use crate::model::Fault;
use crate::providers::Env;
use crate::providers::aws::fault;
use crate::providers::aws::raw::Capture;

pub use targets::Targets;

/// What [`targets`] calls.
pub const TARGET_HEALTH: Op = "elasticloadbalancing:DescribeTargetHealth";

/// The name in `targetgroup/NAME/ID`: the end of a target group's ARN, and its dimension in CloudWatch.
pub fn target_group_name(arn: &str) -> &str {
    after(arn, "targetgroup/").and_then(|rest| rest.split('/').next()).unwrap_or(arn)
}

/// The name in `app/NAME/ID`: a load balancer's dimension in CloudWatch, and what follows `loadbalancer/` in its ARN.
pub fn balancer_name(arn: &str) -> &str {
    balancer_dimension(arn).unwrap_or(arn).split('/').nth(1).unwrap_or(arn)
}

/// What CloudWatch calls the load balancer of this ARN: `app/NAME/ID`.
pub fn balancer_dimension(arn: &str) -> Option<&str> {
    after(arn, ":loadbalancer/")
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

/// The targets of a group, by its ARN; the answer goes to `capture` too.
pub async fn targets(env: &Env, group: &str, capture: &Capture) -> Result<Vec<TargetHealthDescription>, Fault> {
    let call = env.aws.elb().describe_target_health().target_group_arn(group).customize();
    let answer = call.interceptor(capture.clone()).send().await.map_err(|error| fault(TARGET_HEALTH, &error))?;
    Ok(answer.target_health_descriptions.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_of_arns_and_dimensions() {
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/web-tg/0123456789abcdef";
        assert_eq!((target_group_name(arn), target_group_name("targetgroup/web-tg/01")), ("web-tg", "web-tg"));
        assert_eq!(target_group_name("web-tg"), "web-tg");
        let arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web-alb/50dc6c495c0c9188";
        assert_eq!((balancer_name(arn), balancer_name("app/web-alb/50dc")), ("web-alb", "web-alb"));
        assert_eq!((balancer_dimension(arn), balancer_dimension("x")), (Some("app/web-alb/50dc6c495c0c9188"), None));
    }
}
