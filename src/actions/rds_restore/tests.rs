use std::sync::Arc;

use super::*;
use crate::actions::rds_snapshot_create;
use crate::actions::rig::{Rig, changes, precondition, with_cell, with_verdict};
use crate::kinds::parts::text_of;
use crate::model::Resource;

const ENTERPRISE: &str = "enterprise-prod";
const DB: &str = "enterprise-prod-db";
const CLUSTER: &str = "enterprise-prod-reporting";

/// The snapshot that somebody took of a database.
async fn snapshot(rig: &Rig, source: &str) -> Resource {
    let kind = kinds::by_id(rds::SNAPSHOT).unwrap();
    let rows = rig.rows(ENTERPRISE, rds::SNAPSHOT).await;
    let of = |row: &Resource| text_of(kind, row, "source") == source && text_of(kind, row, "type") == "manual";
    rows.into_iter().find(of).unwrap()
}

async fn planned(rig: &Rig, source: &str, to: &str) -> Plan {
    let name = snapshot(rig, source).await.name;
    let of_cluster = if source == CLUSTER { "yes" } else { "no" };
    rig.plan(ENTERPRISE, &DEF, &[("snapshot", &name), ("of-cluster", of_cluster), ("to", to)]).await.unwrap()
}

fn change<'a>(all: &'a [[String; 3]], field: &str) -> &'a str {
    &all.iter().find(|change| change[0] == field).unwrap_or_else(|| panic!("{field} in {all:?}"))[2]
}

#[tokio::test]
async fn an_instance_comes_back_as_its_source_is() {
    let rig = Rig::new();
    let acting = rig.acting(ENTERPRISE).await;
    let (plan, source) = (planned(&rig, DB, "restored").await, rds::instance(&acting, DB).await.unwrap());
    let name = snapshot(&rig, DB).await.name;
    assert_eq!(*plan.title, format!("restore restored from {name}"));
    assert_eq!(plan.risk, Risk::High);
    let passed = ["snapshot available", "name well formed", "new name free"];
    assert_eq!(with_verdict(&plan, Verdict::Pass), passed);
    assert_eq!(plan.preconditions.len(), passed.len());
    let operations: Vec<_> = plan.steps.iter().map(|step| step.operation).collect();
    assert_eq!(operations, [RESTORE_INSTANCE, ROLE_OF_INSTANCE]);
    let shown = changes(&plan);
    assert!(shown.iter().all(|change| change[1].is_empty()), "all of it is yet to be made");
    assert_eq!((change(&shown, "database"), change(&shown, "DBInstanceClass")), ("restored", "db.r5.large"));
    assert_eq!(change(&shown, "DBParameterGroupName"), "enterprise-prod-pg15");
    assert_eq!(change(&shown, "DBSubnetGroupName"), "enterprise-prod-db-subnet-group");
    assert_eq!(change(&shown, "VpcSecurityGroupIds"), source.vpc_security_groups()[0].vpc_security_group_id().unwrap());
    assert_eq!((change(&shown, "MultiAZ"), change(&shown, "DeletionProtection")), ("yes", "yes"));
    assert!(change(&shown, "role").ends_with(":role/enterprise-db-export"));
    assert!(plan.command.contains("--multi-az --no-publicly-accessible --deletion-protection "), "{}", plan.command);
    let found = rig.carried_out(&plan).await;
    let role = "arn:aws:iam::444455556666:role/enterprise-db-export";
    assert_eq!(found, ["restored is available".to_owned(), format!("restored has the role {role}")]);
    let made = rds::instance(&acting, "restored").await.unwrap();
    let of = |db: &aws_sdk_rds::types::DbInstance| {
        let group = db.vpc_security_groups()[0].vpc_security_group_id.clone();
        let parameters = db.db_parameter_groups()[0].db_parameter_group_name.clone();
        let subnets = db.db_subnet_group().unwrap().db_subnet_group_name.clone();
        let roles = db.associated_roles().to_vec();
        (db.db_instance_class.clone(), group, parameters, subnets, db.multi_az, db.publicly_accessible, roles)
    };
    assert_eq!(of(&made), of(&source));
}

#[tokio::test]
async fn a_cluster_gets_its_writer_and_its_role() {
    let rig = Rig::new();
    let acting = rig.acting(ENTERPRISE).await;
    let (plan, source) = (planned(&rig, CLUSTER, "again").await, rds::cluster(&acting, CLUSTER).await.unwrap());
    let passed =
        ["snapshot available", "name well formed", "new name free", "writer's name free", "writer's class known"];
    assert_eq!(with_verdict(&plan, Verdict::Pass), passed);
    let operations: Vec<_> = plan.steps.iter().map(|step| step.operation).collect();
    assert_eq!(operations, [RESTORE_CLUSTER, CREATE_WRITER, ROLE_OF_CLUSTER]);
    let shown = changes(&plan);
    assert_eq!((change(&shown, "writer"), change(&shown, "writer's class")), ("again-1", "db.r6g.large"));
    assert_eq!(change(&shown, "writer's parameter group"), "enterprise-prod-pg15");
    assert_eq!(change(&shown, "DBClusterParameterGroupName"), "enterprise-prod-aurora-pg15");
    assert!(plan.command.starts_with("aws rds restore-db-cluster-from-snapshot --db-cluster-identifier again "));
    let role = "arn:aws:iam::444455556666:role/enterprise-reporting-import";
    let found =
        ["again is available".to_owned(), "again-1 is available".to_owned(), format!("again has the role {role}")];
    assert_eq!(rig.carried_out(&plan).await, found);
    let made = rds::cluster(&acting, "again").await.unwrap();
    let [member] = made.db_cluster_members() else { panic!("{made:?}") };
    assert_eq!((member.db_instance_identifier(), member.is_cluster_writer()), (Some("again-1"), Some(true)));
    let of = |db: &aws_sdk_rds::types::DbCluster| {
        let group = db.vpc_security_groups()[0].vpc_security_group_id.clone();
        let capacity = db.serverless_v2_scaling_configuration.clone();
        let roles = db.associated_roles().to_vec();
        let groups = (db.db_cluster_parameter_group.clone(), db.db_subnet_group.clone(), group);
        (groups, capacity, db.port, db.deletion_protection, roles)
    };
    assert_eq!(of(&made), of(&source));
    let writer = rds::instance(&acting, "again-1").await.unwrap();
    assert_eq!(writer.db_instance_class(), Some("db.r6g.large"));
    assert_eq!(writer.db_parameter_groups()[0].db_parameter_group_name(), Some("enterprise-prod-pg15"));
}

#[tokio::test]
async fn another_class_can_be_asked_for() {
    let rig = Rig::new();
    for (source, parameter, step) in [(DB, "DBInstanceClass", 0), (CLUSTER, "writer's class", 1)] {
        let name = snapshot(&rig, source).await.name;
        let of_cluster = if source == CLUSTER { "yes" } else { "no" };
        let fields = [("snapshot", &*name), ("of-cluster", of_cluster), ("to", "small"), ("class", "db.t4g.medium")];
        let plan = rig.plan(ENTERPRISE, &DEF, &fields).await.unwrap();
        assert_eq!(change(&changes(&plan), parameter), "db.t4g.medium");
        assert_eq!(parts::text_of(&plan.steps[step], "DBInstanceClass"), Some("db.t4g.medium"));
    }
}

#[tokio::test]
async fn names_must_be_free_and_fit() {
    let rig = Rig::new();
    let failed = async |source, to: &str| {
        let plan = planned(&rig, source, to).await;
        with_verdict(&plan, Verdict::Fail).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(failed(DB, DB).await, ["new name free"]);
    assert_eq!(failed(CLUSTER, CLUSTER).await, ["new name free"]);
    // Its writer would be called as the source's is.
    assert_eq!(failed(CLUSTER, "enterprise-prod-reporting-instance").await, ["writer's name free"]);
    assert_eq!(failed(DB, "rds:mine").await, ["name well formed"]);
    let [fits, long] = [63, 64].map(|length| "n".repeat(length));
    assert_eq!(failed(DB, &fits).await, [""; 0]);
    assert_eq!(failed(DB, &long).await, ["name well formed"]);
    assert_eq!(failed(CLUSTER, &fits).await, ["name well formed"], "the writer's name is longer by two");
}

#[tokio::test]
async fn a_snapshot_must_be_there_and_whole() {
    let rig = Rig::new();
    let fields = [("instance", DB), ("snapshot", "fresh")];
    let taken = rig.plan(ENTERPRISE, &rds_snapshot_create::DEF, &fields).await.unwrap();
    rig.send(&taken).await;
    let plan = rig.plan(ENTERPRISE, &DEF, &[("snapshot", "fresh"), ("to", "restored")]).await.unwrap();
    assert_eq!(with_verdict(&plan, Verdict::Fail), ["snapshot available"]);
    assert_eq!(precondition(&plan, "snapshot available").1, "it is creating");
    let fault = rig.plan(ENTERPRISE, &DEF, &[("snapshot", "none"), ("to", "restored")]).await.unwrap_err();
    assert_eq!(fault.word(), "not found");
}

#[tokio::test]
async fn a_source_that_can_not_be_read_is_said() {
    let rig = Rig::new();
    rig.estate.faults().add("enterprise-prod/rds/DescribeDBInstances=deny").unwrap();
    let plan = planned(&rig, DB, "restored").await;
    assert_eq!(with_verdict(&plan, Verdict::Unknown), ["new name free", "source known"]);
    // Nobody pays for a guess: the class of the writer must be known or given.
    let cluster = planned(&rig, CLUSTER, "again").await;
    assert_eq!(with_verdict(&cluster, Verdict::Fail), ["writer's class known"]);
    let gone = Fault::new(FaultClass::NotFound, "gone");
    let warned = without_source(Some("old"), Some(&gone));
    assert_eq!(warned.verdict, Verdict::Warn);
    assert!(warned.evidence.starts_with("old is gone: "), "{}", warned.evidence);
}

#[tokio::test]
async fn the_form_proposes_a_name_that_fits() {
    let rig = Rig::new();
    let row = snapshot(&rig, DB).await;
    assert_eq!((DEF.form)(&row, rig.estate.now()), Fields::from([("to", format!("{DB}-restored"))]));
    assert_eq!((DEF.applies)(&row), Ok(()));
    assert_eq!((DEF.applies)(&with_cell(&row, "status", "creating")), Err("it is creating".to_owned()));
}

#[tokio::test]
async fn a_role_is_followed_until_it_counts() {
    let ended = |status: &str| match has_role("db", "role", &[("role".to_owned(), status.to_owned())]) {
        parts::Stand::Ended(ended) => Some(ended),
        parts::Stand::Going(_) => None,
    };
    assert_eq!(ended("ACTIVE"), Some(Followed::Verified("db has the role role".into())));
    assert_eq!(ended("INVALID"), Some(Followed::Failed(Arc::from("db can't take the role role"))));
    assert_eq!(ended("PENDING"), None);
    assert!(matches!(has_role("db", "role", &[]), parts::Stand::Going(_)));
}
