//! `load-balancer`: application, network and gateway load balancers.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::builders::DescribeLoadBalancersFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, AvailabilityZone, ForwardActionConfig, IpAddressType, Listener, LoadBalancer, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum, ProtocolEnum,
};

use super::parts::{self, Verdict, fine, int, required, time};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, columns, elb, no_logs};
use crate::model::{Detail, Fault, Health, MetricSpec, Resource, ResourceId, Scope, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::Capture;
use crate::providers::aws::{fault, gathered, pages};

const KIND: &str = "load-balancer";
const LIST: Op = "elasticloadbalancing:DescribeLoadBalancers";
const LISTENERS: Op = "elasticloadbalancing:DescribeListeners";

/// Load balancers.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "load-balancers",
    aliases: &["lb", "lbs", "alb", "nlb", "elb"],
    doc: "Load balancers: state, scheme, zones, host name, listeners",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[LIST, LISTENERS],
    cadence: Duration::from_mins(1),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs: no_logs,
    has_logs: false,
    console: |lb| Some(parts::console(lb, "ec2", &format!("LoadBalancer:loadBalancerArn={}", lb.arn.as_deref()?))),
};

const COLUMNS: &[Column] = &[
    Column::text("state", "STATE", (6, 15), Show::Table(0), "State as AWS tells it"),
    Column::text("type", "TYPE", (7, 11), Show::Table(1), "application, network or gateway"),
    Column::text("scheme", "SCHEME", (8, 15), Show::Table(2), "internet-facing or internal"),
    Column::text("dns_name", "DNS NAME", (20, 60), Show::Table(3), "Its host name"),
    Column::text("zones", "ZONES", (10, 44), Show::Table(4), "Availability zones"),
    columns::VPC,
    Column::text("ip_type", "IP TYPE", (4, 12), Show::Data, "ipv4 or dualstack"),
    Column::text("security_groups", "SECURITY GROUPS", (10, 60), Show::Data, "Its security groups"),
    columns::CREATED,
];

const APPLICATION: &[parts::Metric] = &[
    ("5xx", "HTTPCode_ELB_5XX_Count", "Sum", Unit::Count),
    ("target 5xx", "HTTPCode_Target_5XX_Count", "Sum", Unit::Count),
    ("response time", "TargetResponseTime", "Average", Unit::Seconds),
    ("requests", "RequestCount", "Sum", Unit::Count),
];

const NETWORK: &[parts::Metric] = &[
    ("flows", "ActiveFlowCount", "Average", Unit::Count),
    ("target resets", "TCP_Target_Reset_Count", "Sum", Unit::Count),
    ("bytes", "ProcessedBytes", "Sum", Unit::Bytes),
];

fn list<'a>(env: &'a Env, _: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(pages(LIST, move |token| async move {
        let call = env.aws.elb().describe_load_balancers().set_marker(token);
        let page = call.send().await.map_err(|error| fault(LIST, &error))?;
        sink.page(page.load_balancers().iter().map(|lb| resource(&env.scope, lb)).collect::<Result<_, _>>()?);
        Ok(page.next_marker)
    }))
}

fn ask(env: &Env, id: &ResourceId) -> DescribeLoadBalancersFluentBuilder {
    env.aws.elb().describe_load_balancers().names(&*id.id)
}

async fn one(env: &Env, id: &ResourceId) -> Result<LoadBalancer, Fault> {
    let answer = ask(env, id).send().await.map_err(|error| fault(LIST, &error))?;
    answer.load_balancers.and_then(|found| found.into_iter().next()).ok_or_else(|| parts::gone(id))
}

/// The ARN of a load balancer, which other calls ask for.
pub async fn arn(env: &Env, id: &ResourceId) -> Result<String, Fault> {
    one(env, id).await?.load_balancer_arn.ok_or_else(|| crate::providers::aws::invalid(LIST, "LoadBalancerArn"))
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let lb = one(env, id).await?;
        let listeners = listeners(env, lb.load_balancer_arn().unwrap_or_default()).await;
        let table = listeners.map(|listeners| listeners_table(&env.scope, &listeners));
        let summary = parts::summary(&DEF, &resource(&env.scope, &lb)?);
        Ok(Detail { sections: vec![summary, parts::or_why("Listeners", table)] })
    })
}

async fn listeners(env: &Env, arn: &str) -> Result<Vec<Listener>, Fault> {
    gathered(LISTENERS, |token| async move {
        let call = env.aws.elb().describe_listeners().load_balancer_arn(arn).set_marker(token);
        let page = call.send().await.map_err(|error| fault(LISTENERS, &error))?;
        Ok((page.listeners.unwrap_or_default(), page.next_marker))
    })
    .await
}

fn listeners_table(scope: &Scope, listeners: &[Listener]) -> Section {
    let row = |listener: &Listener| -> (Vec<Value>, Option<Arc<ResourceId>>) {
        let actions = listener.default_actions();
        let target = actions.iter().flat_map(target_groups).next();
        let cells = vec![
            int(listener.port()),
            Value::maybe(listener.protocol().map(ProtocolEnum::as_str)),
            Value::list(actions.iter().map(in_words)),
            Value::maybe(listener.ssl_policy()),
            Value::maybe(listener.certificates().first().and_then(|certificate| certificate.certificate_arn())),
        ];
        (cells, target.map(|name| parts::id(scope, "target-group", name)))
    };
    let columns = vec!["port", "protocol", "default action", "TLS policy", "certificate"];
    Section::Table { title: "Listeners", columns, rows: listeners.iter().map(row).collect() }
}

/// Names of the target groups that an action forwards to.
fn target_groups(action: &Action) -> Vec<&str> {
    let several = action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default();
    let arns = several.iter().filter_map(|group| group.target_group_arn());
    parts::each_once(arns.chain(action.target_group_arn()).map(elb::target_group_name))
}

fn in_words(action: &Action) -> String {
    if let Some(to) = action.redirect_config() {
        let protocol = to.protocol().unwrap_or("#{protocol}");
        let (host, port) = (to.host().unwrap_or("#{host}"), to.port().unwrap_or("#{port}"));
        return format!("redirect to {protocol}://{host}:{port}");
    }
    if let Some(answer) = action.fixed_response_config() {
        return format!("answer {}", answer.status_code().unwrap_or_default());
    }
    match target_groups(action).as_slice() {
        [] => action.r#type().map(|sort| sort.as_str().to_owned()).unwrap_or_default(),
        groups => format!("forward to {}", groups.join(", ")),
    }
}

fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let capture = Capture::default();
        let call = ask(env, id).customize().interceptor(capture.clone());
        call.send().await.map_err(|error| fault(LIST, &error))?;
        capture.pretty(LIST, "/LoadBalancers/0")
    })
}

/// A load balancer as a row.
fn resource(scope: &Scope, lb: &LoadBalancer) -> Result<Resource, Fault> {
    let name = required(lb.load_balancer_name(), LIST, "LoadBalancerName")?;
    let state = lb.state().and_then(|state| state.code());
    let cells = vec![
        Value::maybe(state.map(LoadBalancerStateEnum::as_str)),
        Value::maybe(lb.r#type().map(LoadBalancerTypeEnum::as_str)),
        Value::maybe(lb.scheme().map(LoadBalancerSchemeEnum::as_str)),
        Value::maybe(lb.dns_name()),
        Value::list(lb.availability_zones().iter().filter_map(AvailabilityZone::zone_name)),
        Value::maybe(lb.vpc_id()),
        Value::maybe(lb.ip_address_type().map(IpAddressType::as_str)),
        Value::list(lb.security_groups()),
        time(lb.created_time()),
    ];
    Ok(parts::row(parts::id(scope, KIND, name), name, lb.load_balancer_arn(), verdict(lb), cells))
}

fn verdict(lb: &LoadBalancer) -> Verdict {
    let why = lb.state().and_then(|state| state.reason()).map(|why| format!(": {why}")).unwrap_or_default();
    match lb.state().and_then(|state| state.code()) {
        Some(LoadBalancerStateEnum::Active) => fine(),
        Some(LoadBalancerStateEnum::Provisioning) => (Health::Progressing, format!("provisioning{why}")),
        Some(LoadBalancerStateEnum::ActiveImpaired) => {
            (Health::Degraded, format!("impaired: it routes but can't grow as it needs to{why}"))
        }
        Some(LoadBalancerStateEnum::Failed) => (Health::Failed, format!("could not be set up{why}")),
        other => (Health::Unknown, format!("state {}", other.map_or("not told", LoadBalancerStateEnum::as_str))),
    }
}

/// What CloudWatch calls it: `app/NAME/ID`.
fn dimension(lb: &Resource) -> Option<&str> {
    elb::balancer_dimension(lb.arn.as_deref()?)
}

fn relations(lb: &Resource) -> Vec<Relation> {
    let mut relations = vec![parts::to_those_within("target groups", "target-group", &lb.id)];
    relations.extend(dimension(lb).map(|name| parts::to_alarms(&lb.id.scope, &[("LoadBalancer", name)])));
    relations
}

fn metrics(lb: &Resource) -> Vec<MetricSpec> {
    let Some(dimension) = dimension(lb) else { return Vec::new() };
    let dimensions = [("LoadBalancer", dimension)];
    match dimension.split('/').next() {
        Some("app") => parts::metrics(&lb.id, "AWS/ApplicationELB", &dimensions, APPLICATION),
        Some("net") => parts::metrics(&lb.id, "AWS/NetworkELB", &dimensions, NETWORK),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{
        ActionTypeEnum, FixedResponseActionConfig, LoadBalancerState, RedirectActionConfig, TargetGroupTuple,
    };
    use rstest::rstest;

    use super::*;

    const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188";

    fn row(state: LoadBalancerStateEnum, why: Option<&str>) -> Resource {
        let state = LoadBalancerState::builder().code(state).set_reason(why.map(str::to_owned)).build();
        let lb = LoadBalancer::builder()
            .load_balancer_name("web")
            .load_balancer_arn(ARN)
            .r#type(LoadBalancerTypeEnum::Application)
            .availability_zones(AvailabilityZone::builder().zone_name("eu-west-1a").build())
            .state(state);
        resource(&Scope::new("enterprise-prod", "eu-west-1"), &lb.build()).unwrap()
    }

    #[rstest]
    #[case(LoadBalancerStateEnum::Active, None, Health::Ok, "")]
    #[case(LoadBalancerStateEnum::Provisioning, None, Health::Progressing, "provisioning")]
    #[case(LoadBalancerStateEnum::Failed, Some("no addresses"), Health::Failed, "could not be set up: no addresses")]
    fn states(
        #[case] state: LoadBalancerStateEnum,
        #[case] why: Option<&str>,
        #[case] health: Health,
        #[case] reason: &str,
    ) {
        let row = row(state, why);
        assert_eq!((row.health, &*row.reason), (health, reason));
        assert_eq!(row.cells.len(), COLUMNS.len());
    }

    #[test]
    fn metrics_and_alarms_are_of_its_dimension() {
        let row = row(LoadBalancerStateEnum::Active, None);
        assert_eq!(&*metrics(&row)[0].dimensions[0].1, "app/web/50dc6c495c0c9188");
        let filter = relations(&row).pop().unwrap().filter.unwrap();
        assert!(filter.contains(r"LoadBalancer=app\x2fweb\x2f50dc6c495c0c9188"), "{filter}");
    }

    #[test]
    fn actions_are_in_words() {
        let group = TargetGroupTuple::builder().target_group_arn("arn:x:targetgroup/blue/1").build();
        let forward = ForwardActionConfig::builder().target_groups(group).build();
        let action = |sort| Action::builder().r#type(sort);
        let forward =
            action(ActionTypeEnum::Forward).forward_config(forward).target_group_arn("arn:x:targetgroup/blue/1");
        assert_eq!(in_words(&forward.build()), "forward to blue");
        let to = RedirectActionConfig::builder().protocol("HTTPS").port("443").build();
        assert_eq!(
            in_words(&action(ActionTypeEnum::Redirect).redirect_config(to).build()),
            "redirect to HTTPS://#{host}:443"
        );
        let fixed = FixedResponseActionConfig::builder().status_code("404").build();
        assert_eq!(in_words(&action(ActionTypeEnum::FixedResponse).fixed_response_config(fixed).build()), "answer 404");
    }
}
