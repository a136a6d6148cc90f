"""What boto3 signs, a closed Longshore server verifies: python3 boto3-signed.py URL KEY SECRET. Ends with 0 when all went as with AWS."""

import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

URL, KEY, SECRET = sys.argv[1:4]


def client(service, key=KEY, secret=SECRET, region="eu-central-1", token=None):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}),
    )


def passed(what):
    print(f"{what}: passed", flush=True)


def code_of(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("no error")


batch = client("batch")
(queue,) = batch.describe_job_queues()["jobQueues"]
arn = queue["jobQueueArn"]
assert arn == "arn:aws:batch:eu-central-1:123456789012:job-queue/default", arn
passed("a body")

batch.tag_resource(resourceArn=arn, tags={"a b": "ä+/=@ :_.-", "c": ""})
assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"a b": "ä+/=@ :_.-", "c": ""}
batch.untag_resource(resourceArn=arn, tagKeys=["a b", "c"])
assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {}
passed("ARNs in the path and lists in the query")

logs = client("logs")
assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == "/aws/batch/job"
identity = client("sts").get_caller_identity()
assert identity["Arn"] == "arn:aws:iam::123456789012:user/ann", identity
assert client("ecs").list_clusters()["ResponseMetadata"]["HTTPStatusCode"] == 200
assert client("ec2").describe_instances()["ResponseMetadata"]["HTTPStatusCode"] == 200
passed("logs, sts, ecs, ec2")

assert code_of(client("batch", secret=SECRET[::-1]).describe_job_queues) == ("InvalidSignatureException", 403)
assert code_of(client("batch", key="AKIDEXAMPLE").describe_job_queues) == ("UnrecognizedClientException", 403)
assert code_of(client("batch", token="token").describe_job_queues) == ("UnrecognizedClientException", 403)
assert code_of(client("logs", secret="x").describe_log_groups) == ("InvalidSignatureException", 403)
assert code_of(client("sts", secret="x").get_caller_identity) == ("SignatureDoesNotMatch", 403)
assert code_of(client("ec2", key="AKIDEXAMPLE").describe_instances) == ("AuthFailure", 401)
passed("wrong and unknown keys")

url = batch.generate_presigned_url("list_tags_for_resource", Params={"resourceArn": arn}, ExpiresIn=60)
with urllib.request.urlopen(url) as answer:
    assert answer.read() == b'{"tags":{}}'
for changed in [url.replace("default", "another"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")]:
    try:
        urllib.request.urlopen(changed)
        raise AssertionError(changed)
    except urllib.error.HTTPError as error:
        assert (error.code, error.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException"), error.headers
passed("a presigned URL")
