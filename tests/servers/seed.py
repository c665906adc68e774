"""Fills moto and ministack through boto3, reads back what they say, and prints it as the rows that the program must show.

Everything printed was read from the servers: the comparison is between two clients of one server, not with what was meant.
"""

import hashlib
import json
import sys
import time

import boto3

MOTO, MINISTACK, REGION, ACCOUNT = sys.argv[1:5]


def client(service, url):
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
    )


ecs = client("ecs", MINISTACK)
cloudwatch = client("cloudwatch", MINISTACK)
logs = client("logs", MINISTACK)
ec2 = client("ec2", MOTO)
rds = client("rds", MOTO)
elb = client("elbv2", MOTO)
cache = client("elasticache", MOTO)
asg = client("autoscaling", MOTO)
eks = client("eks", MOTO)
s3 = client("s3", MOTO)
dynamodb = client("dynamodb", MOTO)


def seed_ecs():
    ecs.create_cluster(clusterName="lecture-test-cluster")
    ecs.register_task_definition(
        family="lecture-backend",
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "backend",
                "image": "example/backend:1",
                "essential": True,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/lecture-backend",
                        "awslogs-region": REGION,
                        "awslogs-stream-prefix": "backend",
                    },
                },
            }
        ],
    )
    for n in range(12):
        ecs.create_service(
            cluster="lecture-test-cluster",
            serviceName=f"service-{n:02}",
            taskDefinition="lecture-backend:1",
            desiredCount=n % 3,
        )


def seed_logs():
    logs.create_log_group(logGroupName="/ecs/lecture-backend")
    logs.put_retention_policy(logGroupName="/ecs/lecture-backend", retentionInDays=14)
    logs.create_log_group(logGroupName="/aws/application/test")
    logs.create_log_stream(logGroupName="/aws/application/test", logStreamName="one")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName="/aws/application/test",
        logStreamName="one",
        logEvents=[{"timestamp": now - 3000 + n, "message": f"line {n} of the test"} for n in range(3)],
    )


def seed_alarms():
    cloudwatch.put_metric_alarm(
        AlarmName="backend-cpu-high",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Dimensions=[
            {"Name": "ClusterName", "Value": "lecture-test-cluster"},
            {"Name": "ServiceName", "Value": "service-02"},
        ],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.put_metric_alarm(
        AlarmName="queue-depth",
        Namespace="App",
        MetricName="Depth",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="backend-cpu-high", StateValue="ALARM", StateReason="tested")


def seed_rds():
    for n in range(3):
        rds.create_db_instance(
            DBInstanceIdentifier=f"db-{n}",
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=20 + n,
            MasterUsername="operator",
            MasterUserPassword="not-a-secret",
        )
    rds.create_db_snapshot(DBInstanceIdentifier="db-0", DBSnapshotIdentifier="manual-one")
    rds.create_db_cluster(
        DBClusterIdentifier="aurora-one",
        Engine="aurora-postgresql",
        MasterUsername="operator",
        MasterUserPassword="not-a-secret",
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="aurora-one", DBClusterSnapshotIdentifier="manual-cluster")


def seed_network():
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")["Subnet"]["SubnetId"]
        for n in range(2)
    ]
    balancer = elb.create_load_balancer(Name="edge", Subnets=subnets, Type="application", Scheme="internal")["LoadBalancers"][0]
    group = elb.create_target_group(Name="backend", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.0.0.7", "Port": 8080}])
    return subnets


def seed_others(subnets):
    cache.create_cache_cluster(CacheClusterId="test-redis", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1)
    asg.create_launch_configuration(LaunchConfigurationName="lc", ImageId="ami-12345678", InstanceType="t3.micro")
    asg.create_auto_scaling_group(
        AutoScalingGroupName="test-backend-asg",
        LaunchConfigurationName="lc",
        MinSize=1,
        MaxSize=4,
        DesiredCapacity=2,
        VPCZoneIdentifier=",".join(subnets),
    )
    eks.create_cluster(
        name="platform", version="1.31", roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks", resourcesVpcConfig={"subnetIds": subnets}
    )


def all_of(operation, key, **arguments):
    """Every page, by boto3's own paginator where it has one."""
    service, name = operation
    if service.can_paginate(name):
        return service.get_paginator(name).paginate(**arguments).build_full_result()[key]
    return getattr(service, name)(**arguments)[key]


def services():
    rows = {}
    for cluster in all_of((ecs, "list_clusters"), "clusterArns"):
        arns = all_of((ecs, "list_services"), "serviceArns", cluster=cluster)
        for first in range(0, len(arns), 10):
            for one in ecs.describe_services(cluster=cluster, services=arns[first : first + 10])["services"]:
                rows[one["serviceName"]] = {
                    "cluster": cluster.rsplit("/", 1)[1],
                    "desired": one["desiredCount"],
                    "running": one["runningCount"],
                    "pending": one["pendingCount"],
                    "task_definition": one["taskDefinition"].rsplit("/", 1)[1],
                }
    return rows


def clusters():
    arns = all_of((ecs, "list_clusters"), "clusterArns")
    return {one["clusterName"]: {"status": one["status"]} for one in ecs.describe_clusters(clusters=arns)["clusters"]}


def tasks():
    rows = {}
    for cluster in all_of((ecs, "list_clusters"), "clusterArns"):
        arns = all_of((ecs, "list_tasks"), "taskArns", cluster=cluster)
        for first in range(0, len(arns), 100):
            for one in ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + 100])["tasks"]:
                rows[one["taskArn"].rsplit("/", 1)[1]] = {
                    "status": one["lastStatus"],
                    "task_definition": one["taskDefinitionArn"].rsplit("/", 1)[1],
                }
    return rows


def definitions():
    rows = {}
    for arn in all_of((ecs, "list_task_definitions"), "taskDefinitionArns"):
        one = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        rows[f"{one['family']}:{one['revision']}"] = {"family": one["family"], "revision": one["revision"]}
    return rows


def alarms():
    return {
        one["AlarmName"]: {"state": one["StateValue"], "metric": one["MetricName"], "namespace": one["Namespace"]}
        for one in all_of((cloudwatch, "describe_alarms"), "MetricAlarms")
    }


def databases():
    return {
        one["DBInstanceIdentifier"]: {
            "status": one["DBInstanceStatus"],
            "engine": one["Engine"],
            "class": one["DBInstanceClass"],
            "version": one["EngineVersion"],
        }
        for one in all_of((rds, "describe_db_instances"), "DBInstances")
    }


def snapshots():
    rows = {
        one["DBSnapshotIdentifier"]: {"status": one["Status"], "source": one["DBInstanceIdentifier"], "sort": "instance"}
        for one in all_of((rds, "describe_db_snapshots"), "DBSnapshots")
    }
    for one in all_of((rds, "describe_db_cluster_snapshots"), "DBClusterSnapshots"):
        rows[one["DBClusterSnapshotIdentifier"]] = {
            "status": one["Status"],
            "source": one["DBClusterIdentifier"],
            "sort": "cluster",
        }
    return rows


def target_groups():
    return {
        one["TargetGroupName"]: {"protocol": one["Protocol"], "port": one["Port"], "target_type": one["TargetType"]}
        for one in all_of((elb, "describe_target_groups"), "TargetGroups")
    }


def seed_terraform():
    s3.create_bucket(Bucket="lecture-tfstate", CreateBucketConfiguration={"LocationConstraint": REGION})
    state = {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 7,
        "lineage": "0f6a2f1e-6a2b-4c57-9a1d-2f4f6a1c9e11",
        "outputs": {"url": {"value": "https://test.example", "type": "string"}},
        "resources": [
            {"mode": "managed", "type": "aws_sqs_queue", "name": "jobs", "instances": [{"attributes": {"id": "jobs"}}, {}]},
            {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {"id": REGION}}]},
        ],
    }
    body = json.dumps(state).encode()
    s3.put_object(Bucket="lecture-tfstate", Key="test/terraform.tfstate", Body=body)
    for name, key in [("lecture-locks", "LockID"), ("sessions", "id")]:
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    lock = {
        "ID": "3f2a81c0-9c1e-4b1f-8e55-2d1f6f0a7b3c",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "runner@build-7",
        "Version": "1.11.4",
        "Created": "2026-03-02T07:30:00.123456789Z",
        "Path": "lecture-tfstate/new/terraform.tfstate",
    }
    rows = [
        {"LockID": "lecture-tfstate/test/terraform.tfstate-md5", "Digest": hashlib.md5(body).hexdigest()},
        {"LockID": "lecture-tfstate/new/terraform.tfstate", "Info": json.dumps(lock)},
    ]
    for row in rows:
        item = {name: {"S": value} for name, value in row.items()}
        dynamodb.put_item(TableName="lecture-locks", Item=item)


def locks():
    rows = {}
    for item in dynamodb.scan(TableName="lecture-locks")["Items"]:
        key = item["LockID"]["S"]
        if "Info" in item:
            lock = json.loads(item["Info"]["S"])
            rows[key] = {"lock_id": lock["ID"], "who": lock["Who"], "since": lock["Created"], "sort": "dynamodb"}
        else:
            rows[key.removesuffix("-md5")] = {"digest": item["Digest"]["S"], "sort": "digest"}
    return rows


def states():
    rows = {}
    for one in s3.list_objects_v2(Bucket="lecture-tfstate")["Contents"]:
        body = s3.get_object(Bucket="lecture-tfstate", Key=one["Key"])["Body"].read()
        state = json.loads(body)
        managed = [it for it in state["resources"] if it["mode"] == "managed"]
        rows[one["Key"]] = {
            "serial": state["serial"],
            "lineage": state["lineage"],
            "resources": sum(len(it["instances"]) for it in managed),
            "outputs": list(state["outputs"]),
            "size": one["Size"],
            "md5": hashlib.md5(body).hexdigest(),
            "digest": "matches",
        }
    return rows


def main():
    seed_ecs()
    seed_logs()
    seed_alarms()
    seed_rds()
    subnets = seed_network()
    seed_others(subnets)
    seed_terraform()
    groups = all_of((asg, "describe_auto_scaling_groups"), "AutoScalingGroups")
    balancers = all_of((elb, "describe_load_balancers"), "LoadBalancers")
    aurora = all_of((rds, "describe_db_clusters"), "DBClusters")
    caches = all_of((cache, "describe_cache_clusters"), "CacheClusters")
    log_groups = all_of((logs, "describe_log_groups"), "logGroups")
    platform = eks.describe_cluster(name="platform")["cluster"]
    expected = {
        "ecs-service": services(),
        "ecs-cluster": clusters(),
        "ecs-task": tasks(),
        "ecs-task-definition": definitions(),
        "alarm": alarms(),
        "rds-instance": databases(),
        "rds-snapshot": snapshots(),
        "target-group": target_groups(),
        "rds-cluster": {one["DBClusterIdentifier"]: {"status": one["Status"], "engine": one["Engine"]} for one in aurora},
        "elasticache": {
            one["CacheClusterId"]: {"status": one["CacheClusterStatus"], "engine": one["Engine"], "class": one["CacheNodeType"]}
            for one in caches
        },
        "load-balancer": {
            one["LoadBalancerName"]: {"type": one["Type"], "scheme": one["Scheme"], "dns_name": one["DNSName"]}
            for one in balancers
        },
        "asg": {
            one["AutoScalingGroupName"]: {"desired": one["DesiredCapacity"], "min": one["MinSize"], "max": one["MaxSize"]}
            for one in groups
        },
        "eks-cluster": {"platform": {"status": platform["status"], "version": platform["version"]}},
        "terraform-lock": locks(),
        "terraform-state": states(),
        "log-group": {one["logGroupName"]: {"retention_days": one.get("retentionInDays")} for one in log_groups},
    }
    json.dump(expected, sys.stdout, default=str)


main()
