import type * as Batch from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import { useQuery } from "@tanstack/react-query";
import type { CostReport } from "../../../../src/ports/cost-report.ts";
import { call } from "../../api/call.ts";
import { useEnvironmentUses, useQueues } from "../../api/resources.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { QueueLink } from "../../components/resources/page-link.tsx";
import { ResourceState, ResourceStatus } from "../../components/resources/resource-status.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { boundsOf, isOnEc2, kindOf } from "./environment-facts.ts";

/** What an environment is, and what its jobs hold and have cost. */
export function EnvironmentDetails({ environment }: { readonly environment: Batch.ComputeEnvironmentDetail }) {
  const { computeEnvironmentArn: arn, computeResources: resources = {} as Partial<Batch.ComputeResource> } =
    environment;
  const { data: uses } = useEnvironmentUses();
  const use = uses?.find(({ computeEnvironmentArn }) => computeEnvironmentArn === arn);
  const queues = useQueuesOf(arn!);
  const kind = kindOf(environment);
  const most = resources.maxvCpus;
  return (
    <Container header={<Header variant="h2">Details</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "State", value: <ResourceState state={environment.state} /> },
          {
            label: "Status",
            value: <ResourceStatus status={environment.status} reason={environment.statusReason} />,
          },
          { label: "Type", value: kind },
          {
            label: kind === "UNMANAGED" ? "vCPUs that reservations count with" : "vCPUs: least / wanted / most",
            value: boundsOf(environment),
          },
          {
            label: "vCPUs in use",
            value:
              use === undefined ? (
                "–"
              ) : most === undefined ? (
                use.vcpusInUse
              ) : (
                <ShareBar part={use.vcpusInUse / most} text={`${use.vcpusInUse} of ${most}`} />
              ),
          },
          {
            label: "Instances",
            value: use === undefined ? "–" : (use.instances ?? "None: it is a part of this machine"),
          },
          { label: "Cost so far", value: <Cost name={environment.computeEnvironmentName!} /> },
          {
            label: "Queues that use it",
            value:
              queues.length === 0
                ? "None"
                : queues.map((name) => (
                    <div key={name}>
                      <QueueLink name={name} />
                    </div>
                  )),
          },
          ...(isOnEc2(kind)
            ? [
                { label: "Instance types", value: (resources.instanceTypes ?? []).join(", ") || "optimal" },
                { label: "Allocation strategy", value: resources.allocationStrategy ?? "BEST_FIT" },
                { label: "When it is updated", value: updateText(environment.updatePolicy) },
              ]
            : []),
          {
            label: "ARN",
            value: (
              <span style={{ overflowWrap: "anywhere" }}>
                {arn} <CopyButton text={arn!} label="Copy the ARN" />
              </span>
            ),
          },
          { label: "Tags", value: <TagList tags={environment.tags} /> },
        ]}
      />
    </Container>
  );
}

function updateText(policy: Batch.UpdatePolicy | undefined): string {
  if (policy?.terminateJobsOnUpdate === true) return "Jobs end at once";
  return `Jobs have ${policy?.jobExecutionTimeoutMinutes ?? 30} minutes to end`;
}

/** Names of the queues that place jobs in an environment. */
export function useQueuesOf(environmentArn: string): string[] {
  const { data: queues = [] } = useQueues();
  return queues
    .filter(({ computeEnvironmentOrder }) =>
      computeEnvironmentOrder?.some(({ computeEnvironment }) => computeEnvironment === environmentArn),
    )
    .map(({ jobQueueName }) => jobQueueName!);
}

const USD = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 4 });

/** Of all attempts that are still known. */
function Cost({ name }: { readonly name: string }) {
  const { data } = useQuery({
    queryKey: ["environment-cost", name],
    queryFn: () =>
      call<CostReport>(`/longshore/cost?by=environment&environment=${encodeURIComponent(name)}&limit=1`, "longshore"),
    staleTime: 30_000,
  });
  if (data === undefined) return "–";
  const { usd, unpriced, attempts, vcpuHours } = data.total;
  const priced = unpriced < attempts || attempts === 0 ? USD.format(usd) : "No price is known";
  return `${priced} for ${attempts.toLocaleString("en")} ${attempts === 1 ? "attempt" : "attempts"}, ${vcpuHours.toLocaleString("en", { maximumFractionDigits: 2 })} vCPU h`;
}
