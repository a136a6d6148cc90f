import assert from "node:assert/strict";
import { test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import { rootCaller } from "../../src/api/access/callers.ts";
import { BATCH_DEMANDS } from "../../src/api/batch/demands.ts";
import { LOGS_DEMANDS } from "../../src/api/logs/demands.ts";
import type {
  BatchInput,
  BatchOperationName,
  Call,
  LogsInput,
  LogsOperationName,
} from "../../src/api/wire/operations.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";

const CALL: Call = {
  requestId: "r",
  account: "123456789012",
  region: "eu-west-1",
  caller: rootCaller("123456789012"),
  denial: () => undefined,
};
/** Short for ARNs of the caller's own. */
const own = (resource: string): string => `arn:aws:batch:eu-west-1:123456789012:${resource}`;
const FOREIGN = "arn:aws:batch:us-east-1:210987654321";
const TAGS = { team: "a" };

type Example<Input> = readonly [input: Partial<Input>, ...demands: string[]];

/** What each operation demands: `Action resource`, as the Service Authorization Reference for AWS Batch has it. */
const BATCH: { readonly [Op in BatchOperationName]: readonly Example<BatchInput<Op>>[] } = {
  CancelJob: [
    [{ jobId: "j" }, `CancelJob ${own("job/j")}`],
    [{ jobId: `${FOREIGN}:job/j:1` }, `CancelJob ${own("job/j:1")}`],
  ],
  CancelJobs: [[{ jobs: ["j"] }]],
  CreateComputeEnvironment: [
    [{ computeEnvironmentName: "e" }, `CreateComputeEnvironment ${own("compute-environment/e")}`],
    [
      { computeEnvironmentName: "e", tags: TAGS },
      `CreateComputeEnvironment ${own("compute-environment/e")}`,
      `TagResource ${own("compute-environment/e")}`,
    ],
  ],
  CreateConsumableResource: [
    [{ consumableResourceName: "c" }, `CreateConsumableResource ${own("consumable-resource/c")}`],
  ],
  CreateJobQueue: [
    [{ jobQueueName: "q" }, `CreateJobQueue ${own("job-queue/q")}`],
    [
      {
        jobQueueName: "q",
        tags: TAGS,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: "e" }],
        serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: own("service-environment/s") }],
        schedulingPolicyArn: own("scheduling-policy/p"),
      },
      `CreateJobQueue ${own("job-queue/q")}`,
      `TagResource ${own("job-queue/q")}`,
      `CreateJobQueue ${own("compute-environment/e")}`,
      `CreateJobQueue ${own("service-environment/s")}`,
      `CreateJobQueue ${own("scheduling-policy/p")}`,
    ],
  ],
  CreateQuotaShare: [
    [
      { jobQueue: "q", quotaShareName: "s" },
      `CreateQuotaShare ${own("job-queue/q/quota-share/s")}`,
      `CreateQuotaShare ${own("job-queue/q")}`,
    ],
  ],
  CreateSchedulingPolicy: [[{ name: "p" }, `CreateSchedulingPolicy ${own("scheduling-policy/p")}`]],
  CreateServiceEnvironment: [
    [{ serviceEnvironmentName: "s" }, `CreateServiceEnvironment ${own("service-environment/s")}`],
  ],
  DeleteComputeEnvironment: [
    [{ computeEnvironment: "e" }, `DeleteComputeEnvironment ${own("compute-environment/e")}`],
    [
      { computeEnvironment: `${FOREIGN}:compute-environment/e` },
      `DeleteComputeEnvironment ${FOREIGN}:compute-environment/e`,
    ],
  ],
  DeleteConsumableResource: [[{ consumableResource: "c" }, `DeleteConsumableResource ${own("consumable-resource/c")}`]],
  DeleteJobQueue: [[{ jobQueue: "q" }, `DeleteJobQueue ${own("job-queue/q")}`]],
  DeleteQuotaShare: [
    [{ quotaShareArn: own("job-queue/q/quota-share/s") }, `DeleteQuotaShare ${own("job-queue/q/quota-share/s")}`],
  ],
  DeleteSchedulingPolicy: [
    [{ arn: own("scheduling-policy/p") }, `DeleteSchedulingPolicy ${own("scheduling-policy/p")}`],
  ],
  DeleteServiceEnvironment: [[{ serviceEnvironment: "s" }, `DeleteServiceEnvironment ${own("service-environment/s")}`]],
  DeregisterJobDefinition: [
    [{ jobDefinition: "d:3" }, `DeregisterJobDefinition ${own("job-definition/d:3")}`],
    [{ jobDefinition: `${FOREIGN}:job-definition/d:3` }, `DeregisterJobDefinition ${own("job-definition/d:3")}`],
  ],
  DescribeComputeEnvironments: [[{}, "DescribeComputeEnvironments *"]],
  DescribeConsumableResource: [
    [{ consumableResource: "c" }, `DescribeConsumableResource ${own("consumable-resource/c")}`],
  ],
  DescribeJobDefinitions: [[{}, "DescribeJobDefinitions *"]],
  DescribeJobQueues: [[{}, "DescribeJobQueues *"]],
  DescribeJobs: [[{ jobs: ["j"] }, "DescribeJobs *"]],
  DescribeQuotaShare: [
    [{ quotaShareArn: own("job-queue/q/quota-share/s") }, `DescribeQuotaShare ${own("job-queue/q/quota-share/s")}`],
  ],
  DescribeSchedulingPolicies: [[{ arns: [] }, "DescribeSchedulingPolicies *"]],
  DescribeServiceEnvironments: [[{}, "DescribeServiceEnvironments *"]],
  DescribeServiceJob: [[{ jobId: "j" }, "DescribeServiceJob *"]],
  GetJobQueueSnapshot: [[{ jobQueue: "q" }, `GetJobQueueSnapshot ${own("job-queue/q")}`]],
  ListConsumableResources: [[{}, "ListConsumableResources *"]],
  ListJobs: [[{ jobQueue: "q" }, "ListJobs *"]],
  ListJobsByConsumableResource: [
    [{ consumableResource: "c" }, `ListJobsByConsumableResource ${own("consumable-resource/c")}`],
  ],
  ListQuotaShares: [[{ jobQueue: "q" }, `ListQuotaShares ${own("job-queue/q")}`]],
  ListSchedulingPolicies: [[{}, "ListSchedulingPolicies *"]],
  ListServiceJobs: [[{ jobQueue: "q" }, "ListServiceJobs *"]],
  ListTagsForResource: [
    [{ resourceArn: own("job-queue/q") }, `ListTagsForResource ${own("job-queue/q")}`],
    [{ resourceArn: own("job/j").replace("arn:aws:", "arn:aws-cn:") }, `ListTagsForResource ${own("job/j")}`],
  ],
  RegisterJobDefinition: [
    [{ jobDefinitionName: "d" }, `RegisterJobDefinition ${own("job-definition/d")}`],
    [
      {
        jobDefinitionName: "d",
        tags: TAGS,
        consumableResourceProperties: { consumableResourceList: [{ consumableResource: "c", quantity: 1 }] },
      },
      `RegisterJobDefinition ${own("job-definition/d")}`,
      `RegisterJobDefinition ${own("consumable-resource/c")}`,
      `TagResource ${own("job-definition/d:*")}`,
    ],
  ],
  SubmitJob: [
    [{ jobDefinition: "d", jobQueue: "q" }, `SubmitJob ${own("job-definition/d")}`, `SubmitJob ${own("job-queue/q")}`],
    [
      {
        jobDefinition: `${FOREIGN}:job-definition/d:2`,
        jobQueue: `${FOREIGN}:job-queue/q`,
        tags: TAGS,
        consumableResourcePropertiesOverride: { consumableResourceList: [{ consumableResource: "c" }] },
      },
      `SubmitJob ${own("job-definition/d:2")}`,
      `SubmitJob ${FOREIGN}:job-queue/q`,
      `SubmitJob ${own("consumable-resource/c")}`,
      `TagResource ${own("job/*")}`,
    ],
  ],
  SubmitServiceJob: [
    [{ jobQueue: "q" }, `SubmitServiceJob ${own("job-queue/q")}`],
    [
      { jobQueue: "q", quotaShareName: "s", tags: TAGS },
      `SubmitServiceJob ${own("job-queue/q")}`,
      `SubmitServiceJob ${own("job-queue/q/quota-share/s")}`,
      `TagResource ${own("service-job/*")}`,
    ],
  ],
  TagResource: [[{ resourceArn: own("job-queue/q") }, `TagResource ${own("job-queue/q")}`]],
  TerminateJob: [[{ jobId: "j" }, `TerminateJob ${own("job/j")}`]],
  TerminateJobs: [[{ jobs: ["j"] }]],
  TerminateServiceJob: [[{ jobId: own("service-job/j") }, `TerminateServiceJob ${own("service-job/j")}`]],
  TerminateServiceJobs: [[{ jobs: ["j"] }]],
  UntagResource: [[{ resourceArn: own("job-queue/q") }, `UntagResource ${own("job-queue/q")}`]],
  UpdateComputeEnvironment: [[{ computeEnvironment: "e" }, `UpdateComputeEnvironment ${own("compute-environment/e")}`]],
  UpdateConsumableResource: [[{ consumableResource: "c" }, `UpdateConsumableResource ${own("consumable-resource/c")}`]],
  UpdateJobQueue: [
    [
      { jobQueue: "q", computeEnvironmentOrder: [{ order: 1, computeEnvironment: "e" }] },
      `UpdateJobQueue ${own("job-queue/q")}`,
      `UpdateJobQueue ${own("compute-environment/e")}`,
    ],
  ],
  UpdateQuotaShare: [
    [{ quotaShareArn: own("job-queue/q/quota-share/s") }, `UpdateQuotaShare ${own("job-queue/q/quota-share/s")}`],
  ],
  UpdateSchedulingPolicy: [
    [{ arn: own("scheduling-policy/p") }, `UpdateSchedulingPolicy ${own("scheduling-policy/p")}`],
  ],
  UpdateServiceEnvironment: [[{ serviceEnvironment: "s" }, `UpdateServiceEnvironment ${own("service-environment/s")}`]],
  UpdateServiceJob: [[{ jobId: "j" }, `UpdateServiceJob ${own("service-job/j")}`]],
};

const GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:";

/** What concerns a group as a whole, as if it were of a stream without a name. */
const group = (action: string): [{ logGroupName: string }, string][] => [
  [{ logGroupName: "/g" }, `${action} ${GROUP}/g:log-stream:`],
];
/** What takes ARNs of whatever has tags. */
const tagged = (action: string): [{ resourceArn: string }, string][] => [
  [{ resourceArn: `${GROUP}/g` }, `${action} ${GROUP}/g`],
];

const LOGS: { readonly [Op in LogsOperationName]: readonly Example<LogsInput<Op>>[] } = {
  CreateLogGroup: [
    ...group("CreateLogGroup"),
    [{ logGroupName: "/g", tags: TAGS }, `CreateLogGroup ${GROUP}/g:log-stream:`, `TagResource ${GROUP}/g`],
  ],
  CreateLogStream: group("CreateLogStream"),
  DeleteLogGroup: group("DeleteLogGroup"),
  DeleteLogStream: [[{ logGroupName: "/g", logStreamName: "s" }, `DeleteLogStream ${GROUP}/g:log-stream:s`]],
  DeleteRetentionPolicy: group("DeleteRetentionPolicy"),
  DescribeLogGroups: [[{}, `DescribeLogGroups ${GROUP}:log-stream:`]],
  DescribeLogStreams: group("DescribeLogStreams"),
  FilterLogEvents: [
    ...group("FilterLogEvents"),
    [{ logGroupIdentifier: `${GROUP}/g:*` }, `FilterLogEvents ${GROUP}/g:log-stream:`],
  ],
  GetLogEvents: [[{ logGroupName: "/g", logStreamName: "s/1" }, `GetLogEvents ${GROUP}/g:log-stream:s/1`]],
  ListTagsForResource: tagged("ListTagsForResource"),
  ListTagsLogGroup: group("ListTagsLogGroup"),
  PutLogEvents: [[{ logGroupName: "/g", logStreamName: "s" }, `PutLogEvents ${GROUP}/g:log-stream:s`]],
  PutLogGroupDeletionProtection: [
    [{ logGroupIdentifier: "/g" }, `PutLogGroupDeletionProtection ${GROUP}/g:log-stream:`],
  ],
  PutRetentionPolicy: group("PutRetentionPolicy"),
  TagLogGroup: group("TagLogGroup"),
  TagResource: tagged("TagResource"),
  UntagLogGroup: group("UntagLogGroup"),
  UntagResource: tagged("UntagResource"),
};

function check(demands: object, examples: object): void {
  for (const [operation, rows] of Object.entries(examples) as [string, readonly Example<object>[]][]) {
    const demandsOf = (demands as Record<string, (input: object, call: Call) => readonly (readonly string[])[]>)[
      operation
    ]!;
    for (const [input, ...expected] of rows) {
      const found = demandsOf(input, CALL).map((demand) => demand.join(" "));
      assert.deepEqual(found, expected, `${operation} ${JSON.stringify(input)}`);
    }
  }
}

test("each of the 48 operations of AWS Batch demands what the Service Authorization Reference lists", () => {
  const names = operationsOf(batch).map(({ name }) => name);
  assert.equal(names.length, 48);
  assert.deepEqual(Object.keys(BATCH_DEMANDS).sort(), names.toSorted());
  check(BATCH_DEMANDS, BATCH);
});

test("each operation of CloudWatch Logs demands the group's or the stream's ARN", () => {
  assert.deepEqual(Object.keys(LOGS_DEMANDS).sort(), Object.keys(LOGS).sort());
  check(LOGS_DEMANDS, LOGS);
});
