import type * as Batch from "@aws-sdk/client-batch";
import { call } from "./call.ts";

/** Timestamps are numbers of milliseconds on the wire, in AWS Batch's types too. */

type Calls = {
  readonly CancelJob: [Batch.CancelJobRequest, object];
  readonly CreateComputeEnvironment: [Batch.CreateComputeEnvironmentRequest, Batch.CreateComputeEnvironmentResponse];
  readonly CreateConsumableResource: [Batch.CreateConsumableResourceRequest, Batch.CreateConsumableResourceResponse];
  readonly CreateJobQueue: [Batch.CreateJobQueueRequest, Batch.CreateJobQueueResponse];
  readonly CreateQuotaShare: [Batch.CreateQuotaShareRequest, Batch.CreateQuotaShareResponse];
  readonly CreateSchedulingPolicy: [Batch.CreateSchedulingPolicyRequest, Batch.CreateSchedulingPolicyResponse];
  readonly DeleteComputeEnvironment: [Batch.DeleteComputeEnvironmentRequest, object];
  readonly DeleteConsumableResource: [Batch.DeleteConsumableResourceRequest, object];
  readonly DeleteJobQueue: [Batch.DeleteJobQueueRequest, object];
  readonly DeleteQuotaShare: [Batch.DeleteQuotaShareRequest, object];
  readonly DeleteSchedulingPolicy: [Batch.DeleteSchedulingPolicyRequest, object];
  readonly DeregisterJobDefinition: [Batch.DeregisterJobDefinitionRequest, object];
  readonly DescribeComputeEnvironments: [
    Batch.DescribeComputeEnvironmentsRequest,
    Batch.DescribeComputeEnvironmentsResponse,
  ];
  readonly DescribeConsumableResource: [
    Batch.DescribeConsumableResourceRequest,
    Batch.DescribeConsumableResourceResponse,
  ];
  readonly DescribeJobDefinitions: [Batch.DescribeJobDefinitionsRequest, Batch.DescribeJobDefinitionsResponse];
  readonly DescribeJobQueues: [Batch.DescribeJobQueuesRequest, Batch.DescribeJobQueuesResponse];
  readonly DescribeJobs: [Batch.DescribeJobsRequest, Batch.DescribeJobsResponse];
  readonly DescribeSchedulingPolicies: [
    Batch.DescribeSchedulingPoliciesRequest,
    Batch.DescribeSchedulingPoliciesResponse,
  ];
  readonly DescribeServiceJob: [Batch.DescribeServiceJobRequest, Batch.DescribeServiceJobResponse];
  readonly DescribeServiceEnvironments: [
    Batch.DescribeServiceEnvironmentsRequest,
    Batch.DescribeServiceEnvironmentsResponse,
  ];
  readonly GetJobQueueSnapshot: [Batch.GetJobQueueSnapshotRequest, Batch.GetJobQueueSnapshotResponse];
  readonly ListConsumableResources: [Batch.ListConsumableResourcesRequest, Batch.ListConsumableResourcesResponse];
  readonly ListJobs: [Batch.ListJobsRequest, Batch.ListJobsResponse];
  readonly ListJobsByConsumableResource: [
    Batch.ListJobsByConsumableResourceRequest,
    Batch.ListJobsByConsumableResourceResponse,
  ];
  readonly ListQuotaShares: [Batch.ListQuotaSharesRequest, Batch.ListQuotaSharesResponse];
  readonly ListSchedulingPolicies: [Batch.ListSchedulingPoliciesRequest, Batch.ListSchedulingPoliciesResponse];
  readonly ListServiceJobs: [Batch.ListServiceJobsRequest, Batch.ListServiceJobsResponse];
  readonly RegisterJobDefinition: [Batch.RegisterJobDefinitionRequest, Batch.RegisterJobDefinitionResponse];
  readonly SubmitJob: [Batch.SubmitJobRequest, Batch.SubmitJobResponse];
  readonly TerminateServiceJob: [Batch.TerminateServiceJobRequest, object];
  readonly TerminateJob: [Batch.TerminateJobRequest, object];
  readonly UpdateComputeEnvironment: [Batch.UpdateComputeEnvironmentRequest, Batch.UpdateComputeEnvironmentResponse];
  readonly UpdateConsumableResource: [Batch.UpdateConsumableResourceRequest, Batch.UpdateConsumableResourceResponse];
  readonly UpdateJobQueue: [Batch.UpdateJobQueueRequest, Batch.UpdateJobQueueResponse];
  readonly UpdateQuotaShare: [Batch.UpdateQuotaShareRequest, Batch.UpdateQuotaShareResponse];
  readonly UpdateSchedulingPolicy: [Batch.UpdateSchedulingPolicyRequest, object];
};

export type BatchOperation = keyof Calls;

/** Calls an operation of AWS Batch that has its input in the body. Tags: api/tags.ts. */
export function batch<Name extends BatchOperation>(operation: Name, input: Calls[Name][0]): Promise<Calls[Name][1]> {
  return call(`/v1/${operation.toLowerCase()}`, "batch", { method: "POST", body: input });
}
