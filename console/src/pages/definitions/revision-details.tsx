import type * as Batch from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import type { AdviceReport, SizeAdvice } from "../../../../src/ports/cost-report.ts";
import { call } from "../../api/call.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { durationText } from "../../components/duration.tsx";
import { PageLink } from "../../components/resources/page-link.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { commandText, containersOf, contentOf } from "./definition-query.ts";

/** What one revision says, and what its jobs have shown to need. */
export function RevisionDetails({ definition }: { readonly definition: Batch.JobDefinition }) {
  const { jobDefinitionName: name, revision, retryStrategy, timeout, parameters, jobDefinitionArn } = definition;
  const containers = containersOf(definition);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <PageLink to={`/jobs?definition=${encodeURIComponent(`${name}:${revision}`)}`}>
              Jobs of this revision
            </PageLink>
          }
        >
          Revision {revision}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            {
              label: "Status",
              value: (
                <StatusIndicator type={definition.status === "ACTIVE" ? "success" : "stopped"}>
                  {definition.status}
                </StatusIndicator>
              ),
            },
            { label: "Type", value: definition.type },
            { label: "Platform", value: (definition.platformCapabilities ?? []).join(", ") || "EC2" },
            { label: "Scheduling priority", value: definition.schedulingPriority ?? "–" },
            { label: "Attempts", value: retryText(retryStrategy) },
            {
              label: "Timeout of an attempt",
              value:
                timeout?.attemptDurationSeconds === undefined
                  ? "None"
                  : durationText(timeout.attemptDurationSeconds * 1000),
            },
            { label: "Parameters", value: <TagList tags={parameters} /> },
            { label: "Tags", value: <TagList tags={definition.tags} /> },
            ...containers.map((container) => ({
              label: container.name,
              value: (
                <div style={{ overflowWrap: "anywhere" }}>
                  <div>{container.image || "No image"}</div>
                  <div>{container.size}</div>
                  <Box variant="code">{commandText(container.command) || "The image's own command"}</Box>
                </div>
              ),
            })),
            {
              label: "ARN",
              value: (
                <span style={{ overflowWrap: "anywhere" }}>
                  {jobDefinitionArn} <CopyButton text={jobDefinitionArn!} label="Copy the ARN" />
                </span>
              ),
            },
          ]}
        />
        <Advice arn={jobDefinitionArn!} />
        <ExpandableSection headerText="All of it, as JSON">
          <pre style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", margin: 0 }}>
            {JSON.stringify(contentOf(definition), null, 2)}
          </pre>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

function retryText(strategy: Batch.RetryStrategy | undefined): string {
  const attempts = strategy?.attempts ?? 1;
  const rules = strategy?.evaluateOnExit?.length ?? 0;
  return rules === 0 ? String(attempts) : `${attempts}, with ${rules} ${rules === 1 ? "rule" : "rules"}`;
}

/** What its jobs used, and what would have been enough. */
function Advice({ arn }: { readonly arn: string }) {
  const { data } = useQuery({
    queryKey: ["advice"],
    queryFn: () => call<AdviceReport>("/longshore/advice?limit=1000", "longshore"),
    staleTime: 60_000,
  });
  const sizes = data?.sizes.filter(({ jobDefinition }) => jobDefinition === arn) ?? [];
  if (sizes.length === 0) return null;
  return (
    <div>
      <Header variant="h3">What its jobs used</Header>
      <ul style={{ marginBlock: 0 }}>
        {sizes.map((size) => (
          <li key={`${size.vcpus} ${size.memoryMiB}`}>{adviceText(size)}</li>
        ))}
      </ul>
    </div>
  );
}

function adviceText({ vcpus, memoryMiB, attempts, peakMemoryMiB, vcpusUsed, enoughMemoryMiB }: SizeAdvice): string {
  const peak = peakMemoryMiB === undefined ? "" : `, at most ${peakMemoryMiB} MiB were in use`;
  const enough = enoughMemoryMiB === undefined ? "" : ` ${enoughMemoryMiB} MiB would have been enough for all of them.`;
  return `Of ${attempts} ${attempts === 1 ? "attempt" : "attempts"} with ${vcpus} vCPU and ${memoryMiB} MiB, ${vcpusUsed.toFixed(2)} processors were busy on average${peak}.${enough}`;
}
