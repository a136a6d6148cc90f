"""Calls of AWS Batch through boto3 for a program that writes requests to it: boto3-client.py URL.

Each line of the input is {"operation", "input"}, each line of the output {"output"}, {"error"} or, for what this boto3 does not know
yet, {"unknown"}. A listing is read by its paginator, one item a page, where boto3 has one.
"""

import json
import sys

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

client = boto3.client(
    "batch",
    endpoint_url=sys.argv[1],
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
    config=Config(retries={"max_attempts": 0}),
)
known = set(client.meta.service_model.operation_names)


def call(operation, request):
    if operation not in known:
        return {"unknown": operation}
    method = xform_name(operation)
    if client.can_paginate(method) and "maxResults" not in request:
        pages = client.get_paginator(method).paginate(**request, PaginationConfig={"PageSize": 1})
        return {"output": pages.build_full_result()}
    return {"output": getattr(client, method)(**request)}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = call(asked["operation"], asked["input"])
    except ParamValidationError as error:
        answer = {"unknown": str(error)}
    except ClientError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
