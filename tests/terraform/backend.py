"""What Terraform's backend needs on moto, and what a mishap does to it.

usage: backend.py MOTO REGION ACCOUNT make | digest TABLE LOCK_ID | break TABLE LOCK_ID | version BUCKET KEY
"""

import sys

import boto3

MOTO, REGION, ACCOUNT, what, *rest = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        endpoint_url=MOTO,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
    )


def make():
    s3, dynamodb = client("s3"), client("dynamodb")
    s3.create_bucket(Bucket="tfstate", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="tfstate", VersioningConfiguration={"Status": "Enabled"})
    for name, key in [("terraform-state-lock", "LockID"), ("sessions", "id")]:
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def digest(table, lock_id):
    found = client("dynamodb").get_item(TableName=table, Key={"LockID": {"S": lock_id}})
    print(found.get("Item", {}).get("Digest", {}).get("S", ""))


def spoil(table, lock_id):
    item = {"LockID": {"S": lock_id}, "Digest": {"S": "0" * 32}}
    client("dynamodb").put_item(TableName=table, Item=item)


def version(bucket, key):
    print(client("s3").head_object(Bucket=bucket, Key=key)["VersionId"])


{"make": make, "digest": digest, "break": spoil, "version": version}[what](*rest)
