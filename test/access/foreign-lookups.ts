import type { ServiceName } from "../../src/api/access/admission.ts";
import type { EcsOperationName, LogsOperationName } from "../../src/api/wire/operations.ts";
import type { RawRequest } from "../wire/harness.ts";
import type { Owned } from "./foreign-requests.ts";

/** The same account's logs, what runs its jobs, and its keys. */
export interface OwnedBelow extends Owned {
  /** Of a job. */
  readonly stream: string;
  /** ARNs. */
  readonly cluster: string;
  readonly task: string;
  readonly containerInstance: string;
  readonly instanceId: string;
  readonly containerId: string;
  readonly accessKeyId: string;
  /** As the path of a job's calls, and as the token of its container. */
  readonly proof: string;
}

export type Lookup = RawRequest & { readonly service: ServiceName };

/** By `service:Operation`, or by method and route for what is none of AWS's. */
export type Lookups = Readonly<Record<string, readonly Lookup[]>>;

/** Requests of all that is served beside AWS Batch, about what somebody else has. */
export function lookups(owned: OwnedBelow): Lookups {
  return { ...logsLookups(owned), ...ecsLookups(owned), ...queryLookups(owned), ...adminLookups(owned) };
}

type LogsLookups = Readonly<Record<`logs:${LogsOperationName}`, readonly Lookup[]>>;

function logsLookups({ account, region, prefix, stream }: Owned & Pick<OwnedBelow, "stream">): LogsLookups {
  const [logGroupName, logStreamName] = [`${prefix}-g`, `${prefix}-stream`];
  const ofJobs = "/aws/batch/job";
  const arn = (group: string): string => `arn:aws:logs:${region}:${account}:log-group:${group}`;
  const ask = (operation: LogsOperationName, ...inputs: readonly object[]): Lookup[] =>
    inputs.map((input) => json("logs", `Logs_20140328.${operation}`, input));
  const group = { logGroupName };
  const byArn = { logGroupIdentifier: arn(logGroupName) };
  const jobsByArn = { logGroupIdentifier: arn(ofJobs) };
  const tags = { note: "x" };
  return {
    // Groups are of an account: the same name is free in another one.
    "logs:CreateLogGroup": [],
    "logs:DeleteLogGroup": ask("DeleteLogGroup", group),
    "logs:CreateLogStream": ask("CreateLogStream", { ...group, logStreamName: "new" }),
    "logs:DeleteLogStream": ask(
      "DeleteLogStream",
      { ...group, logStreamName },
      { logGroupName: ofJobs, logStreamName: stream },
    ),
    "logs:PutLogEvents": ask(
      "PutLogEvents",
      { ...group, logStreamName, logEvents: [{ timestamp: Date.now(), message: "x" }] },
      { logGroupName: ofJobs, logStreamName: stream, logEvents: [{ timestamp: Date.now(), message: "x" }] },
    ),
    "logs:PutRetentionPolicy": ask("PutRetentionPolicy", { ...group, retentionInDays: 1 }),
    "logs:DeleteRetentionPolicy": ask("DeleteRetentionPolicy", group),
    "logs:PutLogGroupDeletionProtection": ask(
      "PutLogGroupDeletionProtection",
      { logGroupIdentifier: logGroupName, deletionProtectionEnabled: true },
      { ...byArn, deletionProtectionEnabled: true },
    ),
    "logs:TagResource": ask("TagResource", { resourceArn: arn(logGroupName), tags }),
    "logs:UntagResource": ask("UntagResource", { resourceArn: arn(logGroupName), tagKeys: ["note"] }),
    "logs:ListTagsForResource": ask("ListTagsForResource", { resourceArn: arn(logGroupName) }),
    "logs:TagLogGroup": ask("TagLogGroup", { ...group, tags }),
    "logs:UntagLogGroup": ask("UntagLogGroup", { ...group, tags: ["note"] }),
    "logs:ListTagsLogGroup": ask("ListTagsLogGroup", group),
    "logs:GetLogEvents": ask(
      "GetLogEvents",
      { ...group, logStreamName },
      { ...byArn, logStreamName },
      { logGroupName: ofJobs, logStreamName: stream },
      { ...jobsByArn, logStreamName: stream },
    ),
    "logs:FilterLogEvents": ask(
      "FilterLogEvents",
      group,
      byArn,
      jobsByArn,
      { logGroupName: ofJobs, logStreamNames: [stream] },
      { ...jobsByArn, logStreamNames: [stream] },
      { logGroupName: ofJobs, logStreamNamePrefix: stream.slice(0, 8) },
    ),
    "logs:DescribeLogGroups": ask(
      "DescribeLogGroups",
      { logGroupNamePrefix: prefix },
      { logGroupNamePattern: prefix },
      { logGroupIdentifiers: [logGroupName] },
      { logGroupIdentifiers: [arn(logGroupName)] },
      { accountIdentifiers: [account], includeLinkedAccounts: true, logGroupNamePrefix: prefix },
    ),
    "logs:DescribeLogStreams": ask(
      "DescribeLogStreams",
      group,
      byArn,
      jobsByArn,
      { logGroupName: ofJobs, logStreamNamePrefix: stream },
      { logGroupName: ofJobs, orderBy: "LastEventTime", descending: true, limit: 1 },
    ),
  };
}

type EcsLookups = Readonly<Record<`ecs:${EcsOperationName}`, readonly Lookup[]>>;

function ecsLookups({ cluster, task, containerInstance }: OwnedBelow): EcsLookups {
  const ask = (operation: EcsOperationName, ...inputs: readonly object[]): Lookup[] =>
    inputs.map((input) => json("ecs", `AmazonEC2ContainerServiceV20141113.${operation}`, input));
  const name = lastOf(cluster);
  return {
    "ecs:DescribeClusters": ask("DescribeClusters", { clusters: [cluster] }, { clusters: [name] }),
    "ecs:ListTasks": ask("ListTasks", { cluster }, { cluster: name }),
    "ecs:DescribeTasks": ask(
      "DescribeTasks",
      { cluster, tasks: [task] },
      { cluster: name, tasks: [lastOf(task)] },
      { tasks: [lastOf(task)] },
    ),
    "ecs:ListContainerInstances": ask("ListContainerInstances", { cluster }, { cluster: name }),
    "ecs:DescribeContainerInstances": ask(
      "DescribeContainerInstances",
      { cluster, containerInstances: [containerInstance] },
      { cluster: name, containerInstances: [lastOf(containerInstance)] },
    ),
    // Names nothing.
    "ecs:ListClusters": [],
  };
}

/** The operations that are asked with a form. */
function queryLookups({ instanceId }: OwnedBelow): Lookups {
  const form = (service: ServiceName, body: string): Lookup => ({
    service,
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  });
  const ec2 = (action: string, more: string): Lookup => form("ec2", `Action=${action}&Version=2016-11-15&${more}`);
  return {
    "ec2:DescribeInstances": [
      ec2("DescribeInstances", `InstanceId.1=${instanceId}`),
      ec2("DescribeInstances", `Filter.1.Name=instance-id&Filter.1.Value.1=${instanceId}`),
    ],
    "ec2:TerminateInstances": [
      ec2("TerminateInstances", `InstanceId.1=${instanceId}`),
      ec2("TerminateInstances", `InstanceId.1=${instanceId}&DryRun=true`),
    ],
    "sts:GetCallerIdentity": [form("sts", "Action=GetCallerIdentity&Version=2011-06-15")],
  };
}

/** Longshore's own routes, and those of ECS's agent. */
function adminLookups(owned: OwnedBelow): Lookups {
  const { account, region, prefix, jobId, arrayId, instanceId, containerId, accessKeyId, proof } = owned;
  const arn = (resource: string): string => `arn:aws:batch:${region}:${account}:${resource}`;
  const ids = [jobId, `${arrayId}:1`, arn(`job/${jobId}`)].map(encodeURIComponent);
  const environments = [`${prefix}-q`, arn(`compute-environment/${prefix}-q`)].map(encodeURIComponent);
  const ask = (method: string, ...paths: readonly string[]): Lookup[] =>
    paths.map((path) => ({ service: "longshore", method, path }));
  const send = (method: string, path: string, body: object): Lookup => ({
    ...{ service: "longshore", method, path, headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
  const job = { jobName: "n", jobQueue: "default", jobDefinition: "default" };
  const filters = [
    ...[`queue=${prefix}-q`, `queue=${encodeURIComponent(arn(`job-queue/${prefix}-q`))}`],
    ...[`environment=${encodeURIComponent(arn(`compute-environment/${prefix}-q`))}`, `job=${jobId}`, "by=tag:note"],
  ];
  const host = { name: "h", endpoint: "unix:///nowhere" };
  return {
    "GET /longshore/jobs/:jobId/explanation": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/explanation`)),
    "GET /longshore/jobs/:jobId/children": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/children`)),
    "GET /longshore/jobs/:jobId/graph": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/graph`)),
    "GET /longshore/jobs/:jobId/resubmission": ask(
      "GET",
      ...ids.flatMap((id) => ["", "?failed=true"].map((query) => `/longshore/jobs/${id}/resubmission${query}`)),
    ),
    "GET /longshore/jobs/:jobId/usage": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/usage`)),
    "GET /longshore/jobs/:jobId/logs": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/logs`)),
    "GET /longshore/jobs/:jobId/log": ask(
      "GET",
      ...ids.flatMap((id) => [`/longshore/jobs/${id}/log`, `/longshore/jobs/${id}/log?attempt=1&timestamps=true`]),
    ),
    "GET /longshore/jobs/:jobId/usage-series": ask("GET", ...ids.map((id) => `/longshore/jobs/${id}/usage-series`)),
    "POST /longshore/jobs/:jobId/interruption": ids.map((id) => send("POST", `/longshore/jobs/${id}/interruption`, {})),
    // It has no end: test/api/event-stream.test.ts reads it as another account.
    "GET /events": [],
    "GET /longshore/events/targets": ask("GET", "/longshore/events/targets"),
    "GET /longshore/events/dead-letters": ask("GET", "/longshore/events/dead-letters"),
    "POST /longshore/events/dead-letters/retry": [send("POST", "/longshore/events/dead-letters/retry", { all: true })],
    "POST /longshore/events/dead-letters/drop": [send("POST", "/longshore/events/dead-letters/drop", { all: true })],
    "GET /longshore/events": ask(
      "GET",
      ...[...ids.map((id) => `jobId=${id}`), ...ids.map((id) => `resource=${id}`)],
      ...[`jobQueue=${prefix}-q`, `jobQueue=${encodeURIComponent(arn(`job-queue/${prefix}-q`))}`],
      ...["job-queue", "compute-environment"].map(
        (type) => `resource=${encodeURIComponent(arn(`${type}/${prefix}-q`))}`,
      ),
    ).map((lookup) => ({ ...lookup, path: `/longshore/events?${lookup.path}` })),
    "GET /longshore/cost": ask("GET", ...filters.map((filter) => `/longshore/cost?${filter}`)),
    "GET /longshore/advice": ask("GET", ...filters.slice(0, 4).map((filter) => `/longshore/advice?${filter}`)),
    "GET /longshore/queues/:queue/shares": ask(
      "GET",
      ...[`${prefix}-q`, arn(`job-queue/${prefix}-q`)].map((q) => `/longshore/queues/${encodeURIComponent(q)}/shares`),
    ),
    "GET /longshore/attention": ask("GET", "/longshore/attention"),
    // It tells each caller who he is: test/access/sessions.test.ts.
    "GET /longshore/server": [],
    "POST /longshore/session": [
      send("POST", "/longshore/session", { accessKeyId: "LSAKNOBODYS", secretAccessKey: "x" }),
    ],
    "DELETE /longshore/session": ask("DELETE", "/longshore/session"),
    "GET /longshore/history": ask(
      "GET",
      ...["", `&queue=${prefix}-q`, `&queue=${arn(`job-queue/${prefix}-q`)}`].map(
        (more) => `/longshore/history?from=2026-01-01&to=2026-01-02${more}`,
      ),
      ...environments.map((name) => `/longshore/history?from=2026-01-01&to=2026-01-02&environment=${name}`),
    ),
    "GET /longshore/summary": ask("GET", "/longshore/summary"),
    "GET /metrics": ask("GET", "/metrics"),
    "GET /longshore/environments": ask("GET", "/longshore/environments"),
    "GET /longshore/instances": ask("GET", "/longshore/instances"),
    "DELETE /longshore/instances/:id": ask("DELETE", `/longshore/instances/${instanceId}`),
    "POST /longshore/dry-run": [
      send("POST", "/longshore/dry-run", { ...job, jobQueue: arn(`job-queue/${prefix}-q`) }),
      send("POST", "/longshore/dry-run", { ...job, jobDefinition: arn(`job-definition/${prefix}-d`) }),
      send("POST", "/longshore/dry-run", { ...job, dependsOn: [{ jobId }] }),
    ],
    "POST /longshore/job-search": [
      ...[{ jobIds: [jobId, `${arrayId}:1`] }, { name: prefix }, { queues: [`${prefix}-q`] }, {}].map((filter) =>
        send("POST", "/longshore/job-search", { filters: { ...filter, name: `${prefix}*`, children: true } }),
      ),
      send("POST", "/longshore/job-search", { filters: { queues: [arn(`job-queue/${prefix}-q`)] }, counts: true }),
    ],
    "POST /longshore/job-search/stop": ["count", "terminate"].map((action) =>
      send("POST", "/longshore/job-search/stop", {
        ...{ action, filters: { jobIds: [jobId, `${arrayId}:1`] } },
        ...(action === "terminate" && { reason: "mine now" }),
      }),
    ),
    "POST /longshore/what-if": [
      send("POST", "/longshore/what-if", { changes: { queues: [{ jobQueueName: `${prefix}-q`, priority: 5 }] } }),
      send("POST", "/longshore/what-if", { changes: { policies: [{ name: `${prefix}-p`, shareDistribution: [] }] } }),
    ],
    "GET /longshore/hosts": ask("GET", "/longshore/hosts"),
    "POST /longshore/environments/:environment/hosts": environments.map((name) =>
      send("POST", `/longshore/environments/${name}/hosts`, host),
    ),
    "POST /longshore/environments/:environment/hosts/:name/drain": environments.map((name) =>
      send("POST", `/longshore/environments/${name}/hosts/h/drain`, {}),
    ),
    "DELETE /longshore/environments/:environment/hosts/:name": ask(
      "DELETE",
      ...environments.map((name) => `/longshore/environments/${name}/hosts/h?force=true`),
    ),
    "GET /longshore/servers": ask("GET", "/longshore/servers"),
    "POST /longshore/backups": [send("POST", "/longshore/backups", {})],
    "GET /longshore/credentials": ask("GET", "/longshore/credentials"),
    "POST /longshore/credentials": [send("POST", "/longshore/credentials", { account, user: "x" })],
    "DELETE /longshore/credentials/:id": ask("DELETE", `/longshore/credentials/${accessKeyId}`),
    // Whoever knows a container's id may ask about it; a tenth of it does not help.
    "GET /ecs/v4/:id": ask("GET", `/ecs/v4/${containerId.slice(0, -4)}beef`),
    "GET /ecs/v4/:id/task": ask("GET", `/ecs/v4/${containerId.slice(0, -4)}beef/task`),
    "GET /ecs/v4/:id/credentials": [
      { service: "longshore", method: "GET", path: `/ecs/v4/${containerId}/credentials` },
      {
        service: "longshore",
        method: "GET",
        path: `/ecs/v4/${containerId}/credentials`,
        headers: { authorization: proof },
      },
    ],
    // Who sends a request as another job has to know that job's path.
    "GET /as/:key/:proof": ask("GET", `/as/${jobKeyOf(jobId)}/${proof}/longshore/instances`),
  };
}

/** The id of the access key that a job calls with. */
export function jobKeyOf(jobId: string): string {
  return `LSJOB${jobId.replaceAll("-", "").toUpperCase()}`;
}

function json(service: ServiceName, target: string, input: object): Lookup {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  return { service, method: "POST", path: "/", headers, body: JSON.stringify(input) };
}

function lastOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
