//! Elastic Load Balancing v2: load balancers, listeners, target groups, targets and tags.

use super::super::call::{Answer, Call};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::node::{Fields, Node, fields, list};
use super::{not_offered, tags};
use crate::demo::world::{Listener, LoadBalancer, Tags, Target, TargetGroup};

pub fn answer(call: &Call<'_>) -> Answer {
    match call.operation {
        "DescribeLoadBalancers" => describe_load_balancers(call),
        "DescribeTargetGroups" => describe_target_groups(call),
        "DescribeTargetHealth" => describe_target_health(call),
        "DescribeListeners" => describe_listeners(call),
        "DescribeTags" => describe_tags(call),
        _ => Err(not_offered(call)),
    }
}

/// One page of a list under `key`.
fn page<T>(call: &Call<'_>, items: &[T], key: &'static str, node: impl Fn(&T) -> Node) -> Answer {
    let page = call.page(items.len(), call.size("PageSize", 400, 1..401)?, "Marker")?;
    let mut answer = Fields::default();
    answer.put(key, list(page.of(items).iter().map(node)));
    answer.put("NextMarker", page.next);
    Ok(Node::Map(answer))
}

/// Refuses a call that names something that is not there.
fn all_there(wanted: &[&str], is_there: impl Fn(&str) -> bool, code: &'static str, what: &str) -> Result<(), Failure> {
    match wanted.iter().find(|name| !is_there(name)) {
        Some(name) => Err(Failure::new(400, code, format!("{what} '{name}' not found"))),
        None => Ok(()),
    }
}

fn describe_load_balancers(call: &Call<'_>) -> Answer {
    let [names, arns] = ["Names", "LoadBalancerArns"].map(|key| call.input.texts(key));
    let balancers = &call.account.load_balancers;
    all_there(&names, |name| balancers.contains_key(name), "LoadBalancerNotFound", "Load balancer")?;
    all_there(&arns, |arn| call.account.load_balancer(arn).is_some(), "LoadBalancerNotFound", "Load balancer")?;
    let all = names.is_empty() && arns.is_empty();
    let found: Vec<&LoadBalancer> = balancers
        .values()
        .filter(|balancer| all || names.contains(&balancer.name.as_str()) || arns.contains(&balancer.arn.as_str()))
        .collect();
    page(call, &found, "LoadBalancers", |balancer| balancer_node(balancer))
}

fn balancer_node(balancer: &LoadBalancer) -> Node {
    let zones = balancer.zones.iter().map(|(zone, subnet)| {
        fields! { "ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": list(Vec::<Node>::new()) }
    });
    fields! {
        "LoadBalancerArn": &balancer.arn,
        "DNSName": &balancer.dns_name,
        "CanonicalHostedZoneId": &balancer.hosted_zone_id,
        "CreatedTime": balancer.created_at,
        "LoadBalancerName": &balancer.name,
        "Scheme": balancer.scheme,
        "VpcId": &balancer.vpc_id,
        "State": fields! { "Code": balancer.state },
        "Type": balancer.kind,
        "AvailabilityZones": list(zones),
        "SecurityGroups": list(&balancer.security_groups),
        "IpAddressType": "ipv4",
    }
}

fn describe_target_groups(call: &Call<'_>) -> Answer {
    let [names, arns] = ["Names", "TargetGroupArns"].map(|key| call.input.texts(key));
    let balancer = call.input.text("LoadBalancerArn");
    let groups = &call.account.target_groups;
    all_there(&names, |name| groups.contains_key(name), "TargetGroupNotFound", "Target group")?;
    all_there(&arns, |arn| call.account.target_group(arn).is_some(), "TargetGroupNotFound", "Target group")?;
    let wanted: Vec<&str> = balancer.into_iter().collect();
    all_there(&wanted, |arn| call.account.load_balancer(arn).is_some(), "LoadBalancerNotFound", "Load balancer")?;
    let all = names.is_empty() && arns.is_empty();
    let found: Vec<&TargetGroup> = groups
        .values()
        .filter(|group| all || names.contains(&group.name.as_str()) || arns.contains(&group.arn.as_str()))
        .filter(|group| balancer.is_none_or(|arn| group.load_balancer_arns.iter().any(|its| its == arn)))
        .collect();
    page(call, &found, "TargetGroups", |group| group_node(group))
}

fn group_node(group: &TargetGroup) -> Node {
    let mut node = Fields::default();
    node.put("TargetGroupArn", &group.arn);
    node.put("TargetGroupName", &group.name);
    node.put("Protocol", group.protocol);
    node.put("Port", group.port);
    node.put("VpcId", &group.vpc_id);
    node.put("HealthCheckProtocol", group.health_check_protocol);
    node.put("HealthCheckPort", &group.health_check_port);
    node.put("HealthCheckEnabled", true);
    node.put("HealthCheckIntervalSeconds", group.health_check_interval_seconds);
    node.put("HealthCheckTimeoutSeconds", group.health_check_timeout_seconds);
    node.put("HealthyThresholdCount", group.healthy_threshold);
    node.put("UnhealthyThresholdCount", group.unhealthy_threshold);
    if group.health_check_protocol.starts_with("HTTP") {
        node.put("HealthCheckPath", &group.health_check_path);
        node.put("Matcher", fields! { "HttpCode": &group.matcher });
    }
    node.put("LoadBalancerArns", list(&group.load_balancer_arns));
    node.put("TargetType", group.target_type);
    node.put("ProtocolVersion", group.protocol.starts_with("HTTP").then_some("HTTP1"));
    node.put("IpAddressType", "ipv4");
    Node::Map(node)
}

fn describe_target_health(call: &Call<'_>) -> Answer {
    let arn = call.required("TargetGroupArn")?;
    let unknown = || Failure::new(400, "TargetGroupNotFound", format!("Target group '{arn}' not found"));
    let group = call.account.target_group(arn).ok_or_else(unknown)?;
    let wanted = call.input.structures("Targets");
    let asked = |target: &&Target| {
        let is = |one: &Input| {
            one.text("Id") == Some(&target.id) && one.whole("Port").is_none_or(|port| port == i64::from(target.port))
        };
        wanted.is_empty() || wanted.iter().any(is)
    };
    let targets = group.targets.iter().filter(asked).map(|target| target_node(group, target));
    Ok(fields! { "TargetHealthDescriptions": list(targets) })
}

fn target_node(group: &TargetGroup, target: &Target) -> Node {
    let port = if group.health_check_port == "traffic-port" {
        target.port.to_string()
    } else {
        group.health_check_port.clone()
    };
    fields! {
        "HealthCheckPort": port,
        "Target": fields! {
            "Id": &target.id,
            "Port": target.port,
            "AvailabilityZone": &target.availability_zone,
        },
        "TargetHealth": fields! {
            "State": target.state,
            "Reason": target.reason,
            "Description": &target.description,
        },
    }
}

fn describe_listeners(call: &Call<'_>) -> Answer {
    let balancer = call.input.text("LoadBalancerArn");
    let arns = call.input.texts("ListenerArns");
    if balancer.is_none() && arns.is_empty() {
        return Err(call.invalid("Either a load balancer or listeners must be specified"));
    }
    let wanted: Vec<&str> = balancer.into_iter().collect();
    all_there(&wanted, |arn| call.account.load_balancer(arn).is_some(), "LoadBalancerNotFound", "Load balancer")?;
    let listeners =
        call.account.load_balancers.values().flat_map(|its| its.listeners.iter().map(move |listener| (its, listener)));
    let found: Vec<(&LoadBalancer, &Listener)> = listeners
        .filter(|(its, listener)| balancer.map_or_else(|| arns.contains(&listener.arn.as_str()), |arn| its.arn == arn))
        .collect();
    all_there(&arns, |arn| found.iter().any(|(_, listener)| listener.arn == arn), "ListenerNotFound", "Listener")?;
    page(call, &found, "Listeners", |(balancer, listener)| listener_node(balancer, listener))
}

fn listener_node(balancer: &LoadBalancer, listener: &Listener) -> Node {
    let action = listener.forward_to.as_ref().map_or_else(redirect, |arn| {
        fields! { "Type": "forward", "TargetGroupArn": arn, "Order": 1 }
    });
    let certificate = listener.certificate_arn.as_ref().map(|arn| fields! { "CertificateArn": arn });
    fields! {
        "ListenerArn": &listener.arn,
        "LoadBalancerArn": &balancer.arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "Certificates": list(certificate),
        "SslPolicy": listener.ssl_policy,
        "DefaultActions": list([action]),
    }
}

/// What a listener does that forwards nowhere.
fn redirect() -> Node {
    let config = fields! {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    };
    fields! { "Type": "redirect", "Order": 1, "RedirectConfig": config }
}

fn describe_tags(call: &Call<'_>) -> Answer {
    let arns = call.input.texts("ResourceArns");
    if arns.is_empty() || arns.len() > 20 {
        return Err(call.invalid("Between 1 and 20 resources must be specified"));
    }
    let mut descriptions = Vec::new();
    for arn in arns {
        let Some(its) = tags_of(call, arn) else {
            let code = if arn.contains(":targetgroup/") { "TargetGroupNotFound" } else { "LoadBalancerNotFound" };
            return Err(Failure::new(400, code, format!("'{arn}' not found")));
        };
        descriptions.push(fields! { "ResourceArn": arn.to_owned(), "Tags": tags(its, "member", "Key", "Value") });
    }
    Ok(fields! { "TagDescriptions": list(descriptions) })
}

fn tags_of<'a>(call: &Call<'a>, arn: &str) -> Option<&'a Tags> {
    let account = call.account;
    account.target_group(arn).map(|group| &group.tags).or_else(|| Some(&account.load_balancer(arn)?.tags))
}
