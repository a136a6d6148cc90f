"""The life of a managed EC2 environment, seen by boto3: python3 managed-ec2-session.py URL GATE STEP,STEP. Jobs run until the file GATE is there. Ends with 0 when all went as with AWS."""

import sys
import time

import boto3
from botocore.config import Config

URL, GATE, STEP = sys.argv[1:]
DEADLINE_S = 60
ENVIRONMENT = "pool"


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
ecs = client("ecs")
ec2 = client("ec2")


def until(what, look):
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"not within {DEADLINE_S} s: {what}")


def environment():
    (found,) = batch.describe_compute_environments(computeEnvironments=[ENVIRONMENT])["computeEnvironments"]
    return found


def desired():
    return environment()["computeResources"]["desiredvCpus"]


def submit(count=1, **more):
    command = ["sh", "-c", f"until [ -e {GATE} ]; do sleep 0.05; done"]
    request = {"jobQueue": ENVIRONMENT, "jobDefinition": "default", "containerOverrides": {"command": command}, **more}
    return [batch.submit_job(jobName=f"job-{n}", **request)["jobId"] for n in range(count)]


def describe(ids):
    return batch.describe_jobs(jobs=ids)["jobs"]


def wait(ids, status):
    def look():
        jobs = describe(ids)
        wrong = [job for job in jobs if job["status"] in ("SUCCEEDED", "FAILED") and job["status"] != status]
        assert not wrong, wrong
        return all(job["status"] == status for job in jobs) and jobs

    return until(f"{ids} {status}", look)


def members():
    cluster = environment()["ecsClusterArn"]
    arns = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    if not arns:
        return []
    return ecs.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"]


def type_of(member):
    return next(one["value"] for one in member["attributes"] if one["name"] == "ecs.instance-type")


def instances(*states):
    states = states or ("pending", "running", "shutting-down")
    filters = [
        {"Name": "tag:team", "Values": ["blue"]},
        {"Name": "instance-state-name", "Values": list(states)},
    ]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
    return [one for page in pages for reservation in page["Reservations"] for one in reservation["Instances"]]


def jobs_on_instances():
    """Three jobs of 1 vCPU take two instances of 2 vCPUs, which ECS, EC2 and the jobs themselves name alike."""
    assert desired() == 0 and members() == [] and instances() == []
    jobs = wait(submit(3), "RUNNING")
    found = members()
    assert [(type_of(one), one["status"]) for one in found] == [("m5.large", "ACTIVE")] * 2, found
    assert sum(one["runningTasksCount"] for one in found) == 3
    remaining = [{one["name"]: one["integerValue"] for one in member["remainingResources"]} for member in found]
    assert sorted(one["CPU"] for one in remaining) == [0, 1024], remaining
    arns = {one["containerInstanceArn"]: one for one in found}
    assert {job["container"]["containerInstanceArn"] for job in jobs} == set(arns)
    ids = {one["ec2InstanceId"] for one in found}
    seen = {one["InstanceId"]: one for one in instances()}
    assert set(seen) == ids
    assert {(one["InstanceType"], one["State"]["Name"]) for one in seen.values()} == {("m5.large", "running")}
    assert desired() == 4
    waiter = ec2.get_waiter("instance_running")
    waiter.wait(InstanceIds=sorted(ids), WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def lost_instance():
    """Who terminates an instance ends its job, which starts again elsewhere if its retry strategy says so."""
    rule = {"onStatusReason": "Host EC2*", "action": "RETRY"}
    (one,) = submit(retryStrategy={"attempts": 2, "evaluateOnExit": [rule]})
    (job,) = wait([one], "RUNNING")
    before = job["container"]["containerInstanceArn"]
    (member,) = [found for found in members() if found["containerInstanceArn"] == before]
    lost = member["ec2InstanceId"]
    (change,) = ec2.terminate_instances(InstanceIds=[lost])["TerminatingInstances"]
    assert change["CurrentState"]["Name"] == "shutting-down", change
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[lost], WaiterConfig={"Delay": 1, "MaxAttempts": 10})

    def again():
        (now,) = describe([one])
        elsewhere = now["container"].get("containerInstanceArn") != before
        return now["status"] == "RUNNING" and len(now["attempts"]) > 0 and elsewhere and now

    job = until("it runs again elsewhere", again)
    assert job["attempts"][0]["statusReason"] == f"Host EC2 (instance {lost}) terminated.", job["attempts"]
    batch.terminate_job(jobId=one, reason="enough")
    wait([one], "FAILED")


def replaced_instances():
    """An infrastructure update lets the jobs on old instances end, and launches new ones of the new types."""
    (old,) = wait(submit(), "RUNNING")
    batch.update_compute_environment(
        computeEnvironment=ENVIRONMENT, computeResources={"instanceTypes": ["c5.large"]}
    )
    assert environment()["status"] == "UPDATING"
    until("the old instances drain", lambda: {one["status"] for one in members()} == {"DRAINING"})
    (state,) = [one["status"] for one in describe([old["jobId"]])]
    assert state == "RUNNING"
    open(GATE, "w").close()
    wait([old["jobId"]], "SUCCEEDED")
    until("the environment is VALID", lambda: environment()["status"] == "VALID")
    (job,) = wait(submit(), "SUCCEEDED")
    new = {one["containerInstanceArn"]: type_of(one) for one in members()}
    assert new == {job["container"]["containerInstanceArn"]: "c5.large"}, new


def scaled_in():
    """Nothing is left of instances that have been idle for long enough."""
    until("no instance", lambda: instances() == [] and members() == [])
    assert desired() == 0
    assert [one["InstanceType"] for one in instances("terminated")] == ["c5.large"]


def deleted():
    """First the queue, then the environment, each disabled before."""
    batch.update_job_queue(jobQueue=ENVIRONMENT, state="DISABLED")
    until("the queue may go", lambda: batch.describe_job_queues(jobQueues=[ENVIRONMENT])["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue=ENVIRONMENT)
    until("the queue is gone", lambda: not batch.describe_job_queues(jobQueues=[ENVIRONMENT])["jobQueues"])
    batch.update_compute_environment(computeEnvironment=ENVIRONMENT, state="DISABLED")
    until("the environment may go", lambda: environment()["status"] == "VALID")
    batch.delete_compute_environment(computeEnvironment=ENVIRONMENT)
    query = {"computeEnvironments": [ENVIRONMENT]}
    until("it is gone", lambda: not batch.describe_compute_environments(**query)["computeEnvironments"])


STEPS = {
    "run": jobs_on_instances,
    "lose": lost_instance,
    "update": replaced_instances,
    "idle": scaled_in,
    "delete": deleted,
}
for step in STEP.split(","):
    STEPS[step]()
    print(step, "passed")
