"""Asks servers through boto3, to prepare something or to read it back.

usage: ask.py REGION ACCOUNT

Each line on standard input is JSON: `url`, `service`, `operation` (the method's name, such as `describe_services`) and `parameters`.
Each line on standard output is the answer, or `{"error": …}`.
"""

import functools
import json
import sys

import boto3

REGION, ACCOUNT = sys.argv[1:3]


@functools.cache
def client(service, url):
    return boto3.client(
        service, endpoint_url=url, region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="secret"
    )


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = getattr(client(asked["service"], asked["url"]), asked["operation"])(**asked["parameters"])
        answer.pop("ResponseMetadata", None)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=str), flush=True)
