//! RDS and ElastiCache.
//!
//! What the servers lack is tested over the built-in estate: moto offers no instance class and knows no upgrade, so that a class is
//! changed at ministack; moto tells no event of a restart, so that one is followed at ministack; ministack restores no cluster; nobody
//! upgrades an engine.

use serde_json::{Value, json};

use super::console::{Console, Deck, MINI, SPLIT, Test};

pub const ALL: &[Test] = &[
    ("a snapshot of an instance is taken and deleted", instance_snapshots),
    ("a snapshot of a cluster is taken, restored and deleted", cluster_snapshots),
    ("an instance is restored as its source is", an_instance_is_restored),
    ("a maintenance window is moved, a class changed after a snapshot", instances_are_modified),
    ("an instance is restarted", an_instance_is_restarted),
    ("a reader becomes the writer", a_reader_takes_over),
    ("a snapshot of a cache is taken and deleted", caches_are_taken),
];

fn instance_snapshots(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("taken");
    let fields = ["--instance", "taken", "--snapshot", "pre-deploy"];
    let (plan, said) = console.carry_out("rds-snapshot-create", SPLIT, &fields, &[]);
    assert_eq!((&plan["risk"], &plan["target"]["kind"]), (&json!("medium"), &json!("rds-instance")));
    let of = json!({ "DBInstanceIdentifier": "taken", "SnapshotType": "manual" });
    let found = || deck.moto("rds", "describe_db_snapshots", of.clone());
    let names = |found: Value| -> Vec<Value> {
        found["DBSnapshots"].as_array().unwrap().iter().map(|it| it["DBSnapshotIdentifier"].clone()).collect()
    };
    assert_eq!(names(found()), ["pre-deploy"]);
    said.says(&format!("undo: quarterdeck act rds-snapshot-delete -e {SPLIT} --of-cluster no --snapshot pre-deploy"));
    let taken = console.act("rds-snapshot-create", SPLIT, &fields, &["-o", "json"]);
    assert_eq!(taken.ends_with(3).json()["denied"], "does not hold: name free");
    let (plan, _) = console.carry_out("rds-snapshot-delete", SPLIT, &["--snapshot", "pre-deploy"], &[]);
    assert_eq!(plan["confirm"], format!("{SPLIT}/pre-deploy"));
    assert_eq!(names(found()), [Value::Null; 0]);
    console.act("rds-snapshot-delete", SPLIT, &["--snapshot", "pre-deploy"], &[]).ends_with(2).changes_nothing();
    console.act("rds-snapshot-create", SPLIT, &["--instance", "nothing"], &[]).ends_with(2).changes_nothing();
}

/// A cluster with a writer and a reader.
fn cluster(deck: &Deck, name: &str) {
    let parameters = json!({
        "DBClusterIdentifier": name, "Engine": "aurora-postgresql", "EngineVersion": "15.4",
        "MasterUsername": "operator", "MasterUserPassword": "not-a-secret",
    });
    deck.moto("rds", "create_db_cluster", parameters);
    for number in 1..=2 {
        let parameters = json!({
            "DBInstanceIdentifier": format!("{name}-{number}"), "DBInstanceClass": "db.r6g.large",
            "Engine": "aurora-postgresql", "DBClusterIdentifier": name,
        });
        deck.moto("rds", "create_db_instance", parameters);
    }
}

fn described(deck: &Deck, cluster: &str) -> Value {
    deck.moto("rds", "describe_db_clusters", json!({ "DBClusterIdentifier": cluster }))["DBClusters"][0].clone()
}

fn cluster_snapshots(deck: &Deck) {
    let console = Console::new(deck);
    cluster(deck, "whole");
    let role = "arn:aws:iam::123456789012:role/import";
    let of_cluster = json!({ "DBClusterIdentifier": "whole", "RoleArn": role, "FeatureName": "s3Import" });
    deck.moto("rds", "add_role_to_db_cluster", of_cluster);
    let fields = ["--db-cluster", "whole", "--snapshot", "pre-deploy-whole"];
    console.carry_out("rds-snapshot-create", SPLIT, &fields, &[]);
    let snapshot = ["--snapshot", "pre-deploy-whole", "--of-cluster", "yes"];
    let restore = [&snapshot[..], &["--to", "again"]].concat();
    let plan = console.plan("rds-restore", SPLIT, &restore);
    let operations: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance", "rds:AddRoleToDBCluster"]);
    console.carry_out("rds-restore", SPLIT, &restore, &[]);
    let again = described(deck, "again");
    assert_eq!(again["DBClusterMembers"][0]["DBInstanceIdentifier"], "again-1");
    assert_eq!(again["DBClusterMembers"][0]["IsClusterWriter"], true);
    assert_eq!(again["AssociatedRoles"][0]["RoleArn"], role);
    assert_eq!(again["DBClusterParameterGroup"], described(deck, "whole")["DBClusterParameterGroup"]);
    let writer = deck.moto("rds", "describe_db_instances", json!({ "DBInstanceIdentifier": "again-1" }));
    assert_eq!(writer["DBInstances"][0]["DBInstanceClass"], "db.r6g.large");
    console.act("rds-restore", SPLIT, &restore, &[]).ends_with(3).changes_nothing();
    console.carry_out("rds-snapshot-delete", SPLIT, &snapshot, &[]);
    console.act("rds-restore", SPLIT, &restore, &[]).ends_with(2).changes_nothing();
}

fn an_instance_is_restored(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("lost");
    let snapshot = json!({ "DBInstanceIdentifier": "lost", "DBSnapshotIdentifier": "last-night" });
    deck.moto("rds", "create_db_snapshot", snapshot);
    let fields = ["--snapshot", "last-night", "--to", "found"];
    let (plan, _) = console.carry_out("rds-restore", SPLIT, &fields, &[]);
    assert_eq!(plan["risk"], "high");
    let instance = |name| {
        let found = deck.moto("rds", "describe_db_instances", json!({ "DBInstanceIdentifier": name }));
        let db = &found["DBInstances"][0];
        ["DBInstanceClass", "VpcSecurityGroups", "DBParameterGroups", "OptionGroupMemberships", "MultiAZ"]
            .map(|field| db[field].clone())
    };
    assert_eq!(instance("found"), instance("lost"));
    let taken = console.act("rds-restore", SPLIT, &fields, &["-o", "json"]);
    assert_eq!(taken.ends_with(3).json()["denied"], "does not hold: new name free");
}

fn instances_are_modified(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("modified");
    let fields = ["--instance", "modified", "--maintenance-window", "tue:02:00-tue:03:00", "--snapshot", "no"];
    let (plan, _) = console.carry_out("rds-modify", SPLIT, &fields, &[]);
    assert_eq!(plan["changes"][0]["to"], "tue:02:00-tue:03:00");
    let found = deck.moto("rds", "describe_db_instances", json!({ "DBInstanceIdentifier": "modified" }));
    assert_eq!(found["DBInstances"][0]["PreferredMaintenanceWindow"], "tue:02:00-tue:03:00");
    // moto offers no class.
    let said = console.act("rds-modify", SPLIT, &["--instance", "modified", "--class", "db.t3.large"], &["-o", "json"]);
    assert_eq!(said.ends_with(3).json()["denied"], "does not hold: class on offer");
    let instance = json!({
        "DBInstanceIdentifier": "modified", "DBInstanceClass": "db.t3.medium", "Engine": "postgres",
        "AllocatedStorage": 20, "MasterUsername": "operator", "MasterUserPassword": "not-a-secret",
    });
    deck.ministack("rds", "create_db_instance", instance);
    let fields = ["--instance", "modified", "--class", "db.t3.large", "--when", "now"];
    let (plan, _) = console.carry_out("rds-modify", MINI, &fields, &[]);
    assert_eq!(plan["steps"].as_array().unwrap().len(), 2, "a snapshot first");
    let found = deck.ministack("rds", "describe_db_instances", json!({ "DBInstanceIdentifier": "modified" }));
    assert_eq!(found["DBInstances"][0]["DBInstanceClass"], "db.t3.large");
    let snapshots = deck.ministack("rds", "describe_db_snapshots", json!({ "DBInstanceIdentifier": "modified" }));
    assert!(snapshots["DBSnapshots"][0]["DBSnapshotIdentifier"].as_str().unwrap().starts_with("pre-modify-"));
    let nothing = ["--instance", "nothing", "--class", "db.t3.large"];
    console.act("rds-modify", SPLIT, &nothing, &[]).ends_with(2).changes_nothing();
}

fn an_instance_is_restarted(deck: &Deck) {
    let console = Console::new(deck);
    deck.instance("restarted");
    let (plan, _) = console.carry_out("rds-reboot", SPLIT, &["--instance", "restarted"], &["--no-follow"]);
    assert_eq!(plan["risk"], "high");
    let standby = ["--instance", "restarted", "--failover", "yes"];
    let said = console.act("rds-reboot", SPLIT, &standby, &["-o", "json"]);
    assert_eq!(said.ends_with(3).json()["denied"], "does not hold: has a standby");
    let instance = json!({
        "DBInstanceIdentifier": "restarted", "DBInstanceClass": "db.t3.medium", "Engine": "postgres", "MultiAZ": true,
        "AllocatedStorage": 20, "MasterUsername": "operator", "MasterUserPassword": "not-a-secret",
    });
    deck.ministack("rds", "create_db_instance", instance);
    let (plan, said) = console.carry_out("rds-reboot", MINI, &standby, &[]);
    assert_eq!(plan["steps"][0]["input"], json!({ "DBInstanceIdentifier": "restarted", "ForceFailover": true }));
    said.says("restarted is available: DB instance restarted");
}

fn a_reader_takes_over(deck: &Deck) {
    let console = Console::new(deck);
    cluster(deck, "two");
    let to = |name| ["--db-cluster", "two", "--to", name];
    // Nobody has measured the lag: one level more than high.
    let plan = console.plan("rds-failover", SPLIT, &to("two-2"));
    assert_eq!((&plan["risk"], &plan["confirm"]), (&json!("critical"), &json!(format!("{SPLIT}/two"))));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let points: Vec<Value> = (1..=5)
        .map(|minute| {
            json!({
                "MetricName": "AuroraReplicaLag", "Timestamp": now - 60 * minute, "Value": 14.0, "Unit": "Milliseconds",
                "Dimensions": [{ "Name": "DBInstanceIdentifier", "Value": "two-2" }],
            })
        })
        .collect();
    deck.ministack("cloudwatch", "put_metric_data", json!({ "Namespace": "AWS/RDS", "MetricData": points }));
    let (plan, _) = console.carry_out("rds-failover", SPLIT, &to("two-2"), &[]);
    assert_eq!(plan["risk"], "high");
    assert_eq!(plan["changes"], json!([{ "field": "writer", "from": "two-1", "to": "two-2" }]));
    let members = described(deck, "two")["DBClusterMembers"].clone();
    let writers: Vec<&Value> =
        members.as_array().unwrap().iter().filter(|member| member["IsClusterWriter"] == true).collect();
    assert_eq!(writers.iter().map(|member| &member["DBInstanceIdentifier"]).collect::<Vec<_>>(), ["two-2"]);
    console.act("rds-failover", SPLIT, &to("two-2"), &[]).ends_with(3).changes_nothing();
    console.act("rds-failover", SPLIT, &["--db-cluster", "none", "--to", "two-1"], &[]).ends_with(2).changes_nothing();
}

fn caches_are_taken(deck: &Deck) {
    let console = Console::new(deck);
    let memcached = json!({
        "CacheClusterId": "plain", "Engine": "memcached", "CacheNodeType": "cache.t3.micro", "NumCacheNodes": 1,
    });
    deck.moto("elasticache", "create_cache_cluster", memcached);
    let group = json!({
        "ReplicationGroupId": "grouped", "ReplicationGroupDescription": "a group", "Engine": "redis",
        "CacheNodeType": "cache.t3.micro", "NumCacheClusters": 2,
    });
    deck.moto("elasticache", "create_replication_group", group);
    for (sort, source, name) in
        [("--cache-cluster", "test-redis", "of-cluster"), ("--replication-group", "grouped", "of-group")]
    {
        let fields = [sort, source, "--snapshot", name];
        console.carry_out("elasticache-snapshot-create", SPLIT, &fields, &[]);
        let found = deck.moto("elasticache", "describe_snapshots", json!({ "SnapshotName": name }));
        assert_eq!(found["Snapshots"][0]["SnapshotStatus"], "available");
        console.act("elasticache-snapshot-create", SPLIT, &fields, &[]).ends_with(3).changes_nothing();
        let (plan, _) = console.carry_out("elasticache-snapshot-delete", SPLIT, &fields, &[]);
        assert_eq!(plan["confirm"], format!("{SPLIT}/{name}"));
        console.act("elasticache-snapshot-delete", SPLIT, &fields, &[]).ends_with(2).changes_nothing();
    }
    let said = console.act("elasticache-snapshot-create", SPLIT, &["--cache-cluster", "plain"], &["-o", "json"]);
    assert_eq!(said.ends_with(3).json()["denied"], "does not hold: engine with snapshots");
    console.act("elasticache-snapshot-create", SPLIT, &["--cache-cluster", "none"], &[]).ends_with(2).changes_nothing();
}
