//! `target-group`: target groups, with each target's health and the reason for it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::builders::DescribeTargetGroupsFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetGroup, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum, TargetTypeEnum,
};
use futures_util::future::try_join_all;
use serde_json::json;

use super::elb::{Targets, balancer_name};
use super::load_balancer;
use super::parts::{self, int, required};
use super::{Asked, Column, KindDef, Op, Relation, Show, Sink, System, columns, elb, no_logs};
use crate::model::{Detail, Fault, FaultClass, Health, MetricSpec, Resource, ResourceId, Scope, Section, Unit, Value};
use crate::providers::Env;
use crate::providers::aws::raw::{Capture, pretty};
use crate::providers::aws::{fault, invalid, pages};

const KIND: &str = "target-group";
const LIST: Op = "elasticloadbalancing:DescribeTargetGroups";
/// For the groups of one load balancer, whose ARN has to be found by its name.
const BALANCERS: Op = "elasticloadbalancing:DescribeLoadBalancers";

/// Health is asked for one group at a time; this many calls are under way at once.
const AT_ONCE: usize = 8;

/// Target groups.
pub static DEF: KindDef = KindDef {
    id: KIND,
    title: "target-groups",
    aliases: &["tg", "tgs", "targets"],
    doc: "Target groups: targets healthy of all, and why the others are not",
    system: System::Aws,
    pane: None,
    columns: COLUMNS,
    reads: &[LIST, elb::TARGET_HEALTH, BALANCERS],
    cadence: Duration::from_secs(30),
    list,
    detail,
    raw,
    relations,
    metrics,
    logs: no_logs,
    has_logs: false,
    console: |group| {
        Some(parts::console(group, "ec2", &format!("TargetGroup:targetGroupArn={}", group.arn.as_deref()?)))
    },
};

const COLUMNS: &[Column] = &[
    Column::number("healthy", "HEALTHY", 7, Show::Table(0), "Targets healthy of all that are not on their way out"),
    Column::text("protocol", "PROTOCOL", (4, 8), Show::Table(1), "Protocol to the targets"),
    Column::number("port", "PORT", 5, Show::Table(2), "Port of the targets"),
    Column::text("target_type", "TARGETS", (2, 8), Show::Table(3), "instance, ip, lambda or alb"),
    Column::text("load_balancers", "LOAD BALANCERS", (10, 32), Show::Table(4), "Load balancers that use it"),
    Column::text("health_check", "HEALTH CHECK", (10, 40), Show::Table(5), "How targets are checked"),
    Column::number("unhealthy", "UNHEALTHY", 4, Show::Data, "Targets that fail their checks"),
    Column::number("initial", "INITIAL", 4, Show::Data, "Targets that are checked for the first time"),
    Column::number("draining", "DRAINING", 4, Show::Data, "Targets on their way out"),
    Column::text("target_health", "TARGET HEALTH", (20, 120), Show::Data, "Every target: id, port, state and reason"),
    Column::text("load_balancer_arns", "LOAD BALANCER ARNS", (20, 120), Show::Data, "ARNs of the load balancers"),
    columns::VPC,
];

const APPLICATION: &[parts::Metric] = &[
    ("unhealthy", "UnHealthyHostCount", "Maximum", Unit::Count),
    ("5xx", "HTTPCode_Target_5XX_Count", "Sum", Unit::Count),
    ("response time", "TargetResponseTime", "Average", Unit::Seconds),
];

const NETWORK: &[parts::Metric] = &[("unhealthy", "UnHealthyHostCount", "Maximum", Unit::Count)];

fn list<'a>(env: &'a Env, within: Option<&'a ResourceId>, sink: &'a dyn Sink) -> Asked<'a, ()> {
    Box::pin(async move {
        let balancer = match within {
            Some(balancer) => Some(load_balancer::arn(env, balancer).await?),
            None => None,
        };
        pages(LIST, |token| {
            let call = env.aws.elb().describe_target_groups().set_load_balancer_arn(balancer.clone());
            let call = call.set_marker(token);
            async move {
                let page = call.send().await.map_err(|error| fault(LIST, &error))?;
                for groups in page.target_groups().chunks(AT_ONCE) {
                    let rows = try_join_all(groups.iter().map(|group| with_health(env, group))).await?;
                    sink.page(rows.into_iter().flatten().collect());
                }
                Ok(page.next_marker)
            }
        })
        .await
    })
}

/// A group with its targets' health; none where the group has gone meanwhile. Where health may not be read, the group still is
/// a row.
async fn with_health(env: &Env, group: &TargetGroup) -> Result<Option<Resource>, Fault> {
    let arn = required(group.target_group_arn(), LIST, "TargetGroupArn")?;
    match elb::targets(env, arn, &Capture::default()).await {
        Ok(targets) => resource(&env.scope, group, Ok(&Targets::new(&targets))).map(Some),
        Err(gone) if gone.class == FaultClass::NotFound => Ok(None),
        Err(denied) if matches!(denied.class, FaultClass::Denied { .. }) => {
            resource(&env.scope, group, Err(&denied)).map(Some)
        }
        Err(other) => Err(other),
    }
}

fn ask(env: &Env, id: &ResourceId) -> DescribeTargetGroupsFluentBuilder {
    env.aws.elb().describe_target_groups().names(&*id.id)
}

fn detail<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, Detail> {
    Box::pin(async move {
        let answer = ask(env, id).send().await.map_err(|error| fault(LIST, &error))?;
        let group = answer.target_groups().first().ok_or_else(|| parts::gone(id))?;
        let arn = required(group.target_group_arn(), LIST, "TargetGroupArn")?;
        let targets = elb::targets(env, arn, &Capture::default()).await;
        let counted = targets.as_ref().map(|targets| Targets::new(targets));
        let row = resource(&env.scope, group, counted.as_ref().map_err(|fault| *fault))?;
        let table = targets.map(|targets| targets_table(&env.scope, group, &targets));
        Ok(Detail { sections: vec![parts::or_why("Targets", table), parts::summary(&DEF, &row)] })
    })
}

fn targets_table(scope: &Scope, group: &TargetGroup, targets: &[TargetHealthDescription]) -> Section {
    let is_balancer = group.target_type() == Some(&TargetTypeEnum::Alb);
    let row = |described: &TargetHealthDescription| -> (Vec<Value>, Option<Arc<ResourceId>>) {
        let (target, health) = (described.target(), described.target_health());
        let id = target.and_then(|target| target.id());
        let cells = vec![
            Value::maybe(id),
            int(target.and_then(TargetDescription::port)),
            Value::maybe(target.and_then(|target| target.availability_zone())),
            Value::maybe(health.and_then(|health| health.state()).map(TargetHealthStateEnum::as_str)),
            Value::maybe(health.and_then(|health| health.reason()).map(TargetHealthReasonEnum::as_str)),
            Value::maybe(health.and_then(|health| health.description())),
        ];
        let balancer = id.filter(|_| is_balancer).map(|arn| parts::id(scope, "load-balancer", balancer_name(arn)));
        (cells, balancer)
    };
    let columns = vec!["target", "port", "zone", "state", "reason", "description"];
    Section::Table { title: "Targets", columns, rows: targets.iter().map(row).collect() }
}

/// The group and its targets' health, which is another call's answer.
fn raw<'a>(env: &'a Env, id: &'a ResourceId) -> Asked<'a, String> {
    Box::pin(async move {
        let (group, health) = (Capture::default(), Capture::default());
        let call = ask(env, id).customize().interceptor(group.clone());
        let answer = call.send().await.map_err(|error| fault(LIST, &error))?;
        let arn = answer.target_groups().first().and_then(TargetGroup::target_group_arn);
        elb::targets(env, arn.ok_or_else(|| parts::gone(id))?, &health).await?;
        let group = group.json(LIST)?.pointer("/TargetGroups/0").cloned();
        let health = health.json(elb::TARGET_HEALTH)?.pointer("/TargetHealthDescriptions").cloned();
        let group = group.ok_or_else(|| invalid(LIST, "TargetGroups"))?;
        pretty(&json!({ "TargetGroup": group, "TargetHealthDescriptions": health }))
    })
}

/// A group as a row, with its targets or why they could not be read.
fn resource(scope: &Scope, group: &TargetGroup, targets: Result<&Targets, &Fault>) -> Result<Resource, Fault> {
    let name = required(group.target_group_name(), LIST, "TargetGroupName")?;
    let balancers = group.load_balancer_arns();
    let known = targets.ok();
    let count = |count: fn(&Targets) -> i64| known.map_or(Value::None, |targets| Value::Int(count(targets)));
    let cells = vec![
        known.map_or(Value::None, |targets| Value::Count { have: targets.healthy, want: targets.total() }),
        Value::maybe(group.protocol().map(ProtocolEnum::as_str)),
        int(group.port()),
        Value::maybe(group.target_type().map(TargetTypeEnum::as_str)),
        Value::list(balancers.iter().map(|arn| balancer_name(arn))),
        Value::text(health_check(group)),
        count(|targets| targets.unhealthy),
        count(|targets| targets.initial),
        count(|targets| targets.draining),
        Value::list(known.map(|targets| targets.words.as_slice()).unwrap_or_default()),
        Value::list(balancers),
        Value::maybe(group.vpc_id()),
    ];
    let verdict = match targets {
        Ok(targets) => targets.verdict(!balancers.is_empty()),
        Err(fault) => (Health::Unknown, fault.summary.clone()),
    };
    Ok(parts::row(parts::id(scope, KIND, name), name, group.target_group_arn(), verdict, cells))
}

/// Such as `HTTP traffic-port /health → 200, every 30s`.
fn health_check(group: &TargetGroup) -> String {
    if group.health_check_enabled() == Some(false) {
        return "none".to_owned();
    }
    let protocol = group.health_check_protocol().map(ProtocolEnum::as_str);
    let words = [protocol, group.health_check_port(), group.health_check_path()];
    let mut words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if let Some(code) = group.matcher().and_then(|matcher| matcher.http_code().or(matcher.grpc_code())) {
        words = format!("{words} → {code}");
    }
    match group.health_check_interval_seconds() {
        Some(seconds) => format!("{words}, every {seconds}s"),
        None => words,
    }
}

/// What CloudWatch calls it: `targetgroup/NAME/ID`.
fn dimension(group: &Resource) -> Option<&str> {
    group.arn.as_deref()?.rsplit(':').next()
}

/// What CloudWatch calls its load balancers: `app/NAME/ID`.
fn balancers(group: &Resource) -> Vec<&str> {
    let arns = parts::items_of(&DEF, group, "load_balancer_arns");
    arns.iter().filter_map(|arn| elb::balancer_dimension(arn)).collect()
}

fn relations(group: &Resource) -> Vec<Relation> {
    let scope = &group.id.scope;
    let balancers = parts::items_of(&DEF, group, "load_balancers");
    let mut relations: Vec<Relation> = parts::to_each("load balancer", scope, "load-balancer", balancers).collect();
    let registers = parts::lists("target_groups", [&group.name]);
    let is_of = |sort: &str| parts::text_of(&DEF, group, "target_type") == sort;
    if is_of(TargetTypeEnum::Instance.as_str()) {
        relations.push(parts::to_those("groups of instances", scope, "asg", registers.clone()));
    }
    relations.push(parts::to_those("services", scope, "ecs-service", registers.clone()));
    // What a controller in a cluster registers there are nodes or pods.
    if [TargetTypeEnum::Instance, TargetTypeEnum::Ip].iter().any(|it| is_of(it.as_str())) {
        relations.push(parts::to_those("services in clusters", scope, "k8s-service", registers.clone()));
        relations.push(parts::to_those("ingresses", scope, "ingress", registers));
    }
    relations.extend(dimension(group).map(|name| parts::to_alarms(scope, &[("TargetGroup", name)])));
    relations
}

/// CloudWatch knows a group only together with a load balancer.
fn metrics(group: &Resource) -> Vec<MetricSpec> {
    let (Some(dimension), Some(balancer)) = (dimension(group), balancers(group).first().copied()) else {
        return Vec::new();
    };
    let dimensions = [("TargetGroup", dimension), ("LoadBalancer", balancer)];
    match balancer.split('/').next() {
        Some("app") => parts::metrics(&group.id, "AWS/ApplicationELB", &dimensions, APPLICATION),
        Some("net") => parts::metrics(&group.id, "AWS/NetworkELB", &dimensions, NETWORK),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::Matcher;
    use aws_sdk_elasticloadbalancingv2::types::builders::TargetGroupBuilder;

    use super::*;
    use crate::model::Query;

    fn group() -> TargetGroup {
        builder().build()
    }

    fn builder() -> TargetGroupBuilder {
        TargetGroup::builder()
            .target_group_name("dev-backend-tg")
            .target_group_arn("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/dev-backend-tg/abc123")
            .load_balancer_arns("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/dev-alb/def456")
            .protocol(ProtocolEnum::Http)
            .port(8080)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_port("traffic-port")
            .health_check_path("/health")
            .health_check_interval_seconds(30)
            .matcher(Matcher::builder().http_code("200").build())
    }

    fn scope() -> Scope {
        Scope::new("starttech-dev", "us-east-1")
    }

    fn shown(row: &Resource, column: &str) -> String {
        DEF.cell(row, column).unwrap().show_exact().into_owned()
    }

    #[test]
    fn a_row_has_every_column() {
        let row = resource(&scope(), &group(), Ok(&Targets::new(&[]))).unwrap();
        assert_eq!(row.cells.len(), COLUMNS.len());
        assert_eq!(shown(&row, "load_balancers"), "dev-alb");
        assert_eq!(shown(&row, "health_check"), "HTTP traffic-port /health → 200, every 30s");
        assert_eq!(shown(&row, "healthy"), "0/0");
    }

    #[test]
    fn it_leads_to_what_is_bound_to_it_in_clusters() {
        let of = |sort: TargetTypeEnum| {
            let group = builder().target_type(sort).build();
            let found = relations(&resource(&scope(), &group, Ok(&Targets::new(&[]))).unwrap());
            let bound = |relation: &&Relation| {
                matches!(&relation.query, Query::List { kind: "k8s-service" | "ingress", within: None, .. })
            };
            found.iter().filter(bound).map(|it| it.filter.clone().unwrap()).collect::<Vec<_>>()
        };
        let filter = parts::lists("target_groups", ["dev-backend-tg"]);
        assert_eq!(of(TargetTypeEnum::Ip), [filter.clone(), filter]);
        assert_eq!(of(TargetTypeEnum::Instance).len(), 2);
        assert_eq!(of(TargetTypeEnum::Lambda).len(), 0);
        for kind in [&super::super::k8s_service::DEF, &super::super::ingress::DEF] {
            assert!(kind.column("target_groups").is_some(), "{}", kind.id);
        }
    }

    #[test]
    fn without_the_permission_health_is_unknown() {
        let denied = Fault::new(FaultClass::Denied { permission: None }, "not allowed");
        let row = resource(&scope(), &group(), Err(&denied)).unwrap();
        assert_eq!((row.health, &*row.reason), (Health::Unknown, "not allowed"));
        assert_eq!(DEF.cell(&row, "unhealthy"), Some(&Value::None));
    }

    #[test]
    fn it_leads_to_its_load_balancer_and_is_measured_with_it() {
        let row = resource(&scope(), &group(), Ok(&Targets::new(&[]))).unwrap();
        let Query::Detail(balancer) = &relations(&row)[0].query else { panic!("no detail") };
        assert_eq!((balancer.kind, &*balancer.id), ("load-balancer", "dev-alb"));
        let values: Vec<_> = metrics(&row)[0].dimensions.iter().map(|(_, value)| value.to_string()).collect();
        assert_eq!(values, ["targetgroup/dev-backend-tg/abc123", "app/dev-alb/def456"]);
    }
}
