import type * as Batch from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useLive } from "../../api/live.ts";
import { useSummary } from "../../api/resources.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { durationText } from "../../components/duration.tsx";
import { nameOfArn } from "../../components/resources/names.ts";
import { EnvironmentLink, PageLink } from "../../components/resources/page-link.tsx";
import { ResourceState, ResourceStatus } from "../../components/resources/resource-status.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { useSnapshot } from "./front-query.ts";

/** What a queue is, and what its jobs hold now. */
export function QueueDetails({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data: snapshot } = useSnapshot(queue);
  const used = snapshot?.queueUtilization?.totalCapacityUsage ?? [];
  const order = (queue.computeEnvironmentOrder ?? []).toSorted((a, b) => a.order! - b.order!);
  const services = queue.serviceEnvironmentOrder ?? [];
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "State", value: <ResourceState state={queue.state} /> },
          { label: "Status", value: <ResourceStatus status={queue.status} reason={queue.statusReason} /> },
          { label: "Priority", value: queue.priority },
          { label: "Jobs that are not over", value: <Depth arn={queue.jobQueueArn!} /> },
          {
            label: "In use",
            value:
              used.map(({ quantity, capacityUnit }) => `${quantity} ${unitOf(capacityUnit!)}`).join(", ") || "Nothing",
          },
          {
            label: "Environments, in order",
            value: (
              <SpaceBetween size="xxs">
                {order.map(({ computeEnvironment }) => (
                  <EnvironmentLink key={computeEnvironment} name={nameOfArn(computeEnvironment!)} />
                ))}
                {services.map(({ serviceEnvironment }) => (
                  <span key={serviceEnvironment}>{nameOfArn(serviceEnvironment!)}</span>
                ))}
              </SpaceBetween>
            ),
          },
          {
            label: "Scheduling policy",
            value:
              queue.schedulingPolicyArn === undefined ? (
                "None: first in, first out"
              ) : (
                <PageLink to={`/policies?policy=${encodeURIComponent(nameOfArn(queue.schedulingPolicyArn))}`}>
                  {nameOfArn(queue.schedulingPolicyArn)}
                </PageLink>
              ),
          },
          { label: "Time limits at the head", value: <TimeLimits actions={queue.jobStateTimeLimitActions ?? []} /> },
          { label: "Type", value: queue.jobQueueType ?? "–" },
          {
            label: "ARN",
            value: (
              <span style={{ overflowWrap: "anywhere" }}>
                {queue.jobQueueArn} <CopyButton text={queue.jobQueueArn!} label="Copy the ARN" />
              </span>
            ),
          },
          { label: "Tags", value: <TagList tags={queue.tags} /> },
        ]}
      />
    </Container>
  );
}

/** Children of arrays count one by one. */
function Depth({ arn }: { readonly arn: string }) {
  const { data } = useSummary();
  useLive([["summary"]]);
  const counts = Object.entries(data?.queues.find(({ jobQueueArn }) => jobQueueArn === arn)?.byStatus ?? {});
  if (counts.length === 0) return data === undefined ? "–" : "None";
  return counts.map(([status, count]) => (
    <div key={status}>
      {count.toLocaleString("en")} {status}
    </div>
  ));
}

const unitOf = (unit: string): string => (unit === "VCPU" ? "vCPU" : unit);

function TimeLimits({ actions }: { readonly actions: readonly Batch.JobStateTimeLimitAction[] }) {
  if (actions.length === 0) return "None";
  return (
    <ul style={{ margin: 0, paddingInlineStart: "16px" }}>
      {actions.map(({ reason = "", maxTimeSeconds = 0, action }) => (
        <li key={reason} style={{ overflowWrap: "anywhere" }}>
          {reason}: {action} after {durationText(maxTimeSeconds * 1000)}
        </li>
      ))}
    </ul>
  );
}
