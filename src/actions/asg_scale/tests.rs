use aws_sdk_autoscaling::types::{SuspendedProcess, TagDescription};

use super::*;
use crate::actions::rig::{Rig, precondition, undo as undone, with_verdict};

const BETA: &str = "beta9-prod";

/// The whole name of the group behind a node group.
async fn behind(rig: &Rig, nodegroup: &str) -> String {
    let acting = rig.acting(BETA).await;
    let answer = acting.env.aws.autoscaling().describe_auto_scaling_groups().send().await.unwrap();
    let mut names = answer.auto_scaling_groups().iter().filter_map(|group| group.auto_scaling_group_name());
    names.find(|name| name.contains(nodegroup)).unwrap().to_owned()
}

async fn planned(rig: &Rig, group: &str, desired: &str) -> Result<Plan, Fault> {
    rig.plan(BETA, &DEF, &[("group", group), ("desired", desired)]).await
}

#[tokio::test]
async fn a_group_is_scaled_up_and_back() {
    let rig = Rig::new();
    let name = behind(&rig, "provisioning-workers").await;
    let plan = planned(&rig, &name, "6").await.unwrap();
    assert_eq!(*plan.title, format!("scale {name} from 4 to 6 instances"));
    assert_eq!((plan.risk, plan.number), (Risk::Medium, Some((4, 6))));
    let (verdict, evidence) = precondition(&plan, "nobody else scales it");
    assert!(verdict == Verdict::Warn && evidence.contains("node group provisioning-workers"), "{evidence}");
    assert_eq!(with_verdict(&plan, Verdict::Pass).len(), plan.preconditions.len() - 1);
    assert_eq!(
        *plan.command,
        format!(
            "aws autoscaling set-desired-capacity --auto-scaling-group-name {name} --desired-capacity 6 --no-honor-cooldown \
             --profile {BETA} --region us-west-2"
        )
    );
    let sent = rig.send(&plan).await;
    let version = sent["Version"].clone();
    let expected = json!({
        "Action": "SetDesiredCapacity", "Version": version,
        "AutoScalingGroupName": name, "DesiredCapacity": "6", "HonorCooldown": "false",
    });
    assert_eq!(sent, expected);
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!(followed, Followed::Verified("6 of 6 instances in service".into()));
    assert_eq!((&*told[0].words, told[0].percent), ("4 of 6 instances in service, 2 on their way", Some(0)));
    let change = "SetDesiredCapacity: desired capacity → 6, honor cooldown → off".to_owned();
    assert_eq!(rig.newest_change(BETA, "SetDesiredCapacity").await, (name.clone(), change));
    let back = rig.ordered(undone(&plan)).await.unwrap();
    assert_eq!((back.risk, back.number), (Risk::High, Some((6, 4))));
    rig.send(&back).await;
    assert_eq!(rig.follow(&back).await.0, Followed::Verified("4 of 4 instances in service".into()));
}

#[tokio::test]
async fn its_own_limits_hold() {
    let rig = Rig::new();
    let name = behind(&rig, "provisioning-workers").await;
    for (desired, evidence) in [("13", "from 2 to 12, 13 is asked for"), ("1", "from 2 to 12, 1 is asked for")] {
        let plan = planned(&rig, &name, desired).await.unwrap();
        assert_eq!(precondition(&plan, "within minimum and maximum"), (Verdict::Fail, evidence));
    }
    let same = planned(&rig, &name, "4").await.unwrap();
    assert_eq!(with_verdict(&same, Verdict::Fail), ["something changes"]);
    let gpu = behind(&rig, "gpu-workers").await;
    assert_eq!(planned(&rig, &gpu, "0").await.unwrap().risk, Risk::Critical);
    assert_eq!(planned(&rig, "nothing", "1").await.unwrap_err().word(), "not found");
}

#[tokio::test]
async fn without_capacity_it_says_why() {
    let rig = Rig::new();
    let name = behind(&rig, "gpu-workers").await;
    let plan = planned(&rig, &name, "6").await.unwrap();
    rig.send(&plan).await;
    let (followed, _) = rig.follow(&plan).await;
    let Followed::Failed(why) = followed else { panic!("{followed:?}") };
    assert!(why.starts_with("1 of 6 instances in service; “We currently do not have sufficient g5.xlarge"), "{why}");
}

#[tokio::test]
async fn one_that_was_changed_meanwhile_has_moved() {
    let rig = Rig::new();
    let name = behind(&rig, "provisioning-workers").await;
    let plan = planned(&rig, &name, "6").await.unwrap();
    rig.send(&planned(&rig, &name, "5").await.unwrap()).await;
    let acting = rig.acting(BETA).await;
    let seen = (DEF.look)(&acting, &plan, &plan.steps[0]).await.unwrap();
    let moved = plan.steps[0].seen.differences(&seen);
    assert_eq!((moved.len(), &*moved[0].name, &*moved[0].is), (1, "desired", "5"));
    let (followed, _) = rig.follow(&plan).await;
    assert!(
        matches!(&followed, Followed::Failed(why) if why.starts_with("5 instances are wanted now")),
        "{followed:?}"
    );
}

#[tokio::test]
async fn a_count_that_is_read_late_is_nobody_else_s() {
    let rig = Rig::new();
    let plan = planned(&rig, &behind(&rig, "provisioning-workers").await, "6").await.unwrap();
    // As if it were not seen yet; for ever.
    let (followed, told) = rig.follow(&plan).await;
    assert_eq!((told.len(), &*told[0].words), (parts::BEGINNING as usize, "the new count is not seen yet"));
    assert!(
        matches!(&followed, Followed::Failed(why) if why.starts_with("4 instances are wanted now")),
        "{followed:?}"
    );
}

#[tokio::test]
async fn rows_say_what_the_form_starts_with() {
    let rig = Rig::new();
    let name = behind(&rig, "gpu-workers").await;
    let row = rig.row(BETA, "asg", &name).await;
    assert_eq!((DEF.form)(&row, rig.estate.now()), Fields::from([("desired", "3".to_owned())]));
    assert_eq!((DEF.applies)(&row), Ok(()));
}

fn evidence(group: &AutoScalingGroup, from: i64, to: i64) -> Vec<String> {
    let warned = preconditions(group, from, to).into_iter().filter(|it| it.verdict == Verdict::Warn);
    warned.map(|it| it.evidence.to_string()).collect()
}

#[test]
fn suspended_processes_protected_instances_and_node_groups_are_warned_of() {
    let process = |name: &str| SuspendedProcess::builder().process_name(name).suspension_reason("by jane").build();
    let instance = |id: &str| Instance::builder().instance_id(id).protected_from_scale_in(true).build();
    let group = AutoScalingGroup::builder()
        .min_size(0)
        .max_size(9)
        .suspended_processes(process("Launch"))
        .suspended_processes(process("AZRebalance"))
        .instances(instance("i-01"))
        .instances(instance("i-02"))
        .tags(TagDescription::builder().key(NODEGROUP).value("workers").build())
        .build();
    let nodegroup = "it belongs to node group workers of EKS, whose autoscaler may set another count";
    assert_eq!(
        evidence(&group, 2, 3),
        ["Launch is suspended (by jane); nothing would happen until it is resumed", nodegroup]
    );
    assert_eq!(
        evidence(&group, 2, 1),
        ["Launch is suspended (by jane)", "2 of 2 are protected (i-01, i-02); it can't come below 2", nodegroup]
    );
}
