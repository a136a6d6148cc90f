import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { CopyButton } from "../../components/copy-button.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { useViewState } from "../../components/view-state.ts";
import { valuesOf } from "./policy-values.ts";
import { WeightsPreview } from "./weights-preview.tsx";

export interface PolicyDetailsProps {
  readonly policy: Batch.SchedulingPolicyDetail;
  readonly queues: readonly string[];
}

/** The policy that was chosen, and how things stand under it. */
export function PolicyDetails({ policy, queues }: PolicyDetailsProps) {
  const view = useViewState();
  const { fairsharePolicy, quotaSharePolicy } = policy;
  const weights = Object.fromEntries(
    (fairsharePolicy?.shareDistribution ?? []).map(({ shareIdentifier, weightFactor = 1 }) => [
      shareIdentifier!,
      String(weightFactor),
    ]),
  );
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button onClick={() => view.set({ action: "edit" })}>Edit</Button>
              <Button onClick={() => view.set({ action: "delete" })}>Delete</Button>
            </SpaceBetween>
          }
        >
          {policy.name}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            ...(fairsharePolicy === undefined
              ? [{ label: "Idle resources", value: quotaSharePolicy?.idleResourceAssignmentStrategy ?? "–" }]
              : [
                  { label: "Share decay", value: `${fairsharePolicy.shareDecaySeconds ?? 0} s` },
                  { label: "Compute reservation", value: `${fairsharePolicy.computeReservation ?? 0} %` },
                  { label: "Weights", value: <TagList tags={weights} /> },
                ]),
            { label: "Tags", value: <TagList tags={policy.tags} /> },
            {
              label: "ARN",
              value: (
                <span style={{ overflowWrap: "anywhere" }}>
                  {policy.arn} <CopyButton text={policy.arn!} label="Copy the ARN" />
                </span>
              ),
            },
          ]}
        />
        {fairsharePolicy !== undefined &&
          queues.map((name) => <WeightsPreview key={name} queue={name} weights={valuesOf(policy).weights} />)}
      </SpaceBetween>
    </Container>
  );
}
