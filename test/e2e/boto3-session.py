"""A session of boto3 with a Longshore server: python3 boto3-session.py URL. Ends with 0 when all went as with AWS."""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from botocore.waiter import WaiterModel, create_waiter_with_client

URL = sys.argv[1]
DEADLINE_S = 60
GROUP = "/aws/batch/job"


def client(service):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 0}),
    )


batch = client("batch")
logs = client("logs")


def submit(command, name="boto", **more):
    overrides = {"command": command, **more.pop("overrides", {})}
    request = {"jobName": name, "jobQueue": "default", "jobDefinition": "default", **more}
    answer = batch.submit_job(containerOverrides=overrides, **request)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    return answer["jobId"]


def describe(job_id):
    (job,) = batch.describe_jobs(jobs=[job_id])["jobs"]
    return job


def wait(job_id, *statuses):
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        job = describe(job_id)
        if job["status"] in statuses:
            return job
        assert job["status"] not in ("SUCCEEDED", "FAILED"), job
        time.sleep(0.02)
    raise AssertionError(f"{job_id} is not {statuses}: {job}")


def output(job_id, lines):
    stream = wait(job_id, "SUCCEEDED")["container"]["logStreamName"]
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
        if len(events) >= lines:
            return [event["message"] for event in events]
        time.sleep(0.02)
    raise AssertionError(f"{stream} has no {lines} lines")


def check_submit_describe_logs():
    job_id = submit(["sh", "-c", "echo one; echo two; exit 0"], tags={"team": "blue"})
    job = wait(job_id, "SUCCEEDED")
    assert job["jobArn"].endswith(f":job/{job_id}"), job
    assert job["statusReason"] == "Essential container in task exited", job
    assert job["container"]["exitCode"] == 0 and len(job["attempts"]) == 1, job
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"], job
    assert job["tags"] == {"team": "blue"}, job
    assert output(job_id, 2) == ["one", "two"]

    # Clients follow the token until it comes back unchanged.
    stream, lines, token = job["container"]["logStreamName"], [], None
    for _ in range(10):
        more = {"nextToken": token} if token else {"startFromHead": True}
        page = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, limit=1, **more)
        lines += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    else:
        raise AssertionError("the forward token never came back")
    assert lines == ["one", "two"], lines

    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, logStreamNames=[stream], PaginationConfig={"PageSize": 1}
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["message"] for event in events] == ["one", "two"], events
    assert len({event["eventId"] for event in events}) == 2, events
    try:
        logs.get_log_events(logGroupName=GROUP, logStreamName="none")
        raise AssertionError("there is no such stream")
    except logs.exceptions.ResourceNotFoundException:
        pass


def check_log_groups():
    group, stream = "/boto/own", "a/b c"
    logs.create_log_group(logGroupName=group, tags={"team": "blue"})
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    for batch_of in range(3):
        events = [{"timestamp": now + n, "message": json.dumps({"n": batch_of * 10 + n})} for n in range(10)]
        answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        assert "rejectedLogEventsInfo" not in answer and answer["nextSequenceToken"], answer
    old = [{"timestamp": now - 30 * 86_400_000, "message": "old"}]
    answer = logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=old)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}, answer
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern="{ $.n >= 5 && $.n != 7 }", PaginationConfig={"PageSize": 4}
    )
    found = [json.loads(event["message"])["n"] for page in pages for event in page["events"]]
    assert sorted(found) == [n for n in range(5, 30) if n != 7], found
    for number in range(5):
        logs.create_log_stream(logGroupName=group, logStreamName=f"s{number}")
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 2}
    )
    names = [one["logStreamName"] for page in pages for one in page["logStreams"]]
    assert sorted(names) == sorted([stream, *(f"s{number}" for number in range(5))]), names
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1})
    groups = {one["logGroupName"]: one for page in pages for one in page["logGroups"]}
    assert groups[group]["retentionInDays"] == 7 and GROUP in groups, groups
    arn = groups[group]["logGroupArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "blue"}
    latest = logs.get_log_events(logGroupIdentifier=arn, logStreamName=stream, limit=1)["events"]
    assert latest[0]["timestamp"] == now + 9, latest
    logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    logs.delete_log_group(logGroupName=group)
    try:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        raise AssertionError("there is no such group")
    except logs.exceptions.ResourceNotFoundException as error:
        assert error.response["Error"]["Message"] == "The specified log group does not exist.", error.response


def check_array():
    parent = submit(["sh", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX"], arrayProperties={"size": 4})
    job = wait(parent, "SUCCEEDED")
    assert job["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 4, job
    pages = batch.get_paginator("list_jobs").paginate(
        arrayJobId=parent, jobStatus="SUCCEEDED", PaginationConfig={"PageSize": 1}
    )
    children = [child for page in pages for child in page["jobSummaryList"]]
    assert [child["arrayProperties"]["index"] for child in children] == [0, 1, 2, 3], children
    assert [output(child["jobId"], 1) for child in children] == [["0"], ["1"], ["2"], ["3"]]


def check_dependencies():
    first = submit(["true"], arrayProperties={"size": 2})
    like = submit(["true"], arrayProperties={"size": 2}, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    chain = submit(["true"], arrayProperties={"size": 3}, dependsOn=[{"jobId": like}, {"type": "SEQUENTIAL"}])
    last = submit(["true"], dependsOn=[{"jobId": chain}])
    assert wait(chain, "SUCCEEDED")["stoppedAt"] <= wait(last, "SUCCEEDED")["startedAt"]
    for index in range(2):
        assert describe(f"{first}:{index}")["stoppedAt"] <= describe(f"{like}:{index}")["startedAt"]
    links = [describe(f"{chain}:{index}") for index in range(3)]
    assert links[0]["stoppedAt"] <= links[1]["startedAt"] and links[1]["stoppedAt"] <= links[2]["startedAt"], links

    failing = submit(["false"])
    job = wait(submit(["true"], dependsOn=[{"jobId": failing}]), "FAILED")
    assert job["statusReason"] == "Dependent Job failed" and job["attempts"] == [], job


def check_parameters_and_overrides():
    for _ in range(3):
        definition = batch.register_job_definition(
            jobDefinitionName="boto",
            type="container",
            parameters={"greeting": "hello"},
            containerProperties={
                "image": "scratch",
                "command": ["sh", "-c", "echo Ref::greeting $NAME"],
                "environment": [{"name": "NAME", "value": "nobody"}],
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
            },
        )
    assert definition["revision"] == 3, definition
    request = {"jobName": "p", "jobQueue": "default", "jobDefinition": "boto"}
    overrides = {"environment": [{"name": "NAME", "value": "world"}]}
    job_id = batch.submit_job(**request, parameters={"greeting": "bye"}, containerOverrides=overrides)["jobId"]
    assert output(job_id, 1) == ["bye world"]
    assert describe(job_id)["jobDefinition"] == definition["jobDefinitionArn"]
    pages = batch.get_paginator("describe_job_definitions").paginate(
        jobDefinitionName="boto", status="ACTIVE", PaginationConfig={"PageSize": 1}
    )
    revisions = [one["revision"] for page in pages for one in page["jobDefinitions"]]
    assert sorted(revisions) == [1, 2, 3], revisions


def check_resources():
    for name, member in [("describe_job_queues", "jobQueues"), ("describe_compute_environments", "computeEnvironments")]:
        found = [one for page in batch.get_paginator(name).paginate() for one in page[member]]
        assert [(one["state"], one["status"]) for one in found] == [("ENABLED", "VALID")], found


def check_what_a_job_runs_on():
    """As aegea and awsbhosts go: from the job over its task and its container instance to the EC2 instance."""
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    ecs, ec2 = client("ecs"), client("ec2")
    container = wait(submit(["sleep", "60"]), "RUNNING")["container"]
    (environment,) = batch.describe_compute_environments(computeEnvironments=["default"], nextToken="")["computeEnvironments"]
    cluster = environment["ecsClusterArn"]
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[container["taskArn"]])["tasks"]
    assert task["startedAt"].timestamp() > 0 and task["lastStatus"] == "RUNNING", task
    pages = ecs.get_paginator("list_container_instances").paginate(cluster=cluster)
    arns = [arn for page in pages for arn in page["containerInstanceArns"]]
    assert arns == [task["containerInstanceArn"]] == [container["containerInstanceArn"]], arns
    (host,) = ecs.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"]
    amounts = {one["name"]: one["integerValue"] for one in host["registeredResources"]}
    left = {one["name"]: one["integerValue"] for one in host["remainingResources"]}
    assert amounts["CPU"] - left["CPU"] >= 1024 and amounts["MEMORY"] > left["MEMORY"], host
    assert host["runningTasksCount"] >= 1 and host["pendingTasksCount"] >= 0, host
    pages = ec2.get_paginator("describe_instances").paginate(InstanceIds=[host["ec2InstanceId"]])
    (instance,) = [one for page in pages for group in page["Reservations"] for one in group["Instances"]]
    types = [one["value"] for one in host["attributes"] if one["name"] == "ecs.instance-type"]
    assert types == [instance["InstanceType"]], (types, instance)
    assert instance["PrivateIpAddress"] and instance["PrivateDnsName"] and instance["PublicDnsName"] == "", instance
    assert instance["LaunchTime"].timestamp() > 0 and "InstanceLifecycle" not in instance, instance
    try:
        ecs.describe_tasks(cluster=cluster, tasks=[container["taskArn"].replace("task/", "task/x")])
        raise AssertionError("it is a task of another cluster")
    except ecs.exceptions.InvalidParameterException as error:
        assert "Identifier is for cluster xdefault" in error.response["Error"]["Message"], error.response


def check_cancel_and_terminate():
    running = submit(["sleep", "60"])
    waiting = submit(["true"], dependsOn=[{"jobId": running}])
    wait(running, "RUNNING")
    listed = batch.list_jobs(jobQueue="default", nextToken="")["jobSummaryList"]
    assert running in [job["jobId"] for job in listed], listed
    batch.cancel_job(jobId=waiting, reason="changed my mind")
    job = wait(waiting, "FAILED")
    assert job["statusReason"] == "changed my mind" and job["isCancelled"], job
    batch.terminate_job(jobId=running, reason="enough")
    job = wait(running, "FAILED")
    assert job["statusReason"] == "enough" and job["isTerminated"], job
    assert job["container"]["exitCode"] == 143, job


def check_waiters():
    """botocore has no waiters for Batch; Airflow brings its own, as a model like this one. ECS and EC2 have theirs."""
    complete = {
        "operation": "DescribeJobs",
        "delay": 0.05,
        "maxAttempts": 600,
        "acceptors": [
            {"argument": "jobs[].status", "expected": "SUCCEEDED", "matcher": "pathAll", "state": "success"},
            {"argument": "jobs[].status", "expected": "FAILED", "matcher": "pathAny", "state": "failure"},
        ],
    }
    exists = {
        **complete,
        "acceptors": [{"argument": "length(jobs[]) > `0`", "expected": True, "matcher": "path", "state": "success"}],
    }
    model = WaiterModel({"version": 2, "waiters": {"JobExists": exists, "JobComplete": complete}})
    job_id = submit(["sh", "-c", "sleep 0.2"])
    for name in ["JobExists", "JobComplete"]:
        create_waiter_with_client(name, model, batch).wait(jobs=[job_id])
    assert describe(job_id)["status"] == "SUCCEEDED"
    try:
        create_waiter_with_client("JobComplete", model, batch).wait(jobs=[job_id, submit(["false"])])
        raise AssertionError("one of them fails")
    except WaiterError as error:
        assert "FAILED" in str(error.last_response["jobs"]), error
    container = describe(job_id)["container"]
    task = container["taskArn"]
    often = {"Delay": 1, "MaxAttempts": 30}
    client("ecs").get_waiter("tasks_stopped").wait(cluster=task.split("/")[1], tasks=[task], WaiterConfig=often)
    (host,) = client("ecs").describe_container_instances(
        cluster=task.split("/")[1], containerInstances=[container["containerInstanceArn"]]
    )["containerInstances"]
    client("ec2").get_waiter("instance_running").wait(InstanceIds=[host["ec2InstanceId"]], WaiterConfig=often)


def check_errors():
    try:
        submit(["true"], jobQueue="nowhere")
        raise AssertionError("there is no such queue")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ClientException", error.response
        assert error.response["Error"]["Message"] == "JobQueue nowhere not found.", error.response
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response


for name, check in list(globals().items()):
    if name.startswith("check_"):
        check()
        print(name, "passed", flush=True)
