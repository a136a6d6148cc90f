import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type * as Batch from "@aws-sdk/client-batch";
import { useState } from "react";
import type { Draft } from "./changes.ts";
import { numberError, withValue } from "./changes.ts";

export interface ChangeFormProps {
  readonly queues: readonly Batch.JobQueueDetail[];
  readonly environments: readonly Batch.ComputeEnvironmentDetail[];
  readonly policies: readonly Batch.SchedulingPolicyDetail[];
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

/** Everything that can be changed, with the values of now. */
export function ChangeForm({ queues, environments, policies, draft, onChange }: ChangeFormProps) {
  const shown = environments.filter(({ type }) => type === "MANAGED");
  const fair = policies.filter(({ fairsharePolicy }) => fairsharePolicy !== undefined);
  return (
    <SpaceBetween size="l">
      <Part title="Job queues">
        {queues.map((queue) => (
          <QueueFields
            key={queue.jobQueueArn}
            queue={queue}
            names={environments.map(({ computeEnvironmentName = "" }) => computeEnvironmentName)}
            draft={draft}
            onChange={onChange}
          />
        ))}
      </Part>
      <Part title="Compute environments">
        {shown.map(({ computeEnvironmentName: name = "", computeResources }) => (
          <NumberField
            key={name}
            label={`Maximum vCPUs of ${name}`}
            now={String(computeResources?.maxvCpus ?? "")}
            value={draft.maxvCpus[name]}
            error={(text) => numberError(text, 1, 1e6)}
            onChange={(text, isAsNow) =>
              onChange({ ...draft, maxvCpus: withValue(draft.maxvCpus, name, text, isAsNow) })
            }
          />
        ))}
      </Part>
      {fair.map((policy) => (
        <PolicyFields key={policy.arn} policy={policy} draft={draft} onChange={onChange} />
      ))}
      <JobFields draft={draft} onChange={onChange} />
    </SpaceBetween>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <SpaceBetween size="xs">
      <Box variant="h3">{title}</Box>
      <ColumnLayout columns={3}>{children}</ColumnLayout>
    </SpaceBetween>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly now: string;
  readonly value: string | undefined;
  readonly error: (text: string) => string | undefined;
  readonly onChange: (text: string, isAsNow: boolean) => void;
}

function NumberField({ label, now, value, error, onChange }: NumberFieldProps) {
  const text = value ?? now;
  const problem = value === undefined ? undefined : error(text);
  return (
    <FormField
      label={label}
      {...(value !== undefined && { constraintText: `Now ${now === "" ? "not set" : now}` })}
      {...(problem !== undefined && { errorText: problem })}
    >
      <Input
        type="number"
        value={text}
        step="any"
        onChange={({ detail }) => onChange(detail.value, detail.value === now)}
      />
    </FormField>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

interface QueueFieldsProps extends FieldsProps {
  readonly queue: Batch.JobQueueDetail;
  readonly names: readonly string[];
}

function QueueFields({ queue, names, draft, onChange }: QueueFieldsProps) {
  const { jobQueueName: name = "", priority, computeEnvironmentOrder = [] } = queue;
  const now = computeEnvironmentOrder
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ computeEnvironment = "" }) => computeEnvironment.slice(computeEnvironment.lastIndexOf("/") + 1));
  const chosen = draft.environments[name] ?? now;
  return (
    <SpaceBetween size="xs">
      <NumberField
        label={`Priority of ${name}`}
        now={String(priority)}
        value={draft.priorities[name]}
        error={(text) => numberError(text, 0, 1_000)}
        onChange={(text, isAsNow) =>
          onChange({ ...draft, priorities: withValue(draft.priorities, name, text, isAsNow) })
        }
      />
      <FormField
        label={`Environments of ${name}`}
        {...(draft.environments[name] !== undefined && { constraintText: `Now ${now.join(", ")}` })}
        {...(chosen.length === 0 && { errorText: "At least one" })}
      >
        <Multiselect
          selectedOptions={chosen.map((value) => ({ value, label: value }))}
          options={names.map((value) => ({ value, label: value }))}
          placeholder="Choose in the order in which they are tried"
          deselectAriaLabel={({ label = "" }) => `Without ${label}`}
          onChange={({ detail }) => {
            const next = detail.selectedOptions.map(({ value = "" }) => value);
            onChange({ ...draft, environments: withValue(draft.environments, name, next, next.join() === now.join()) });
          }}
        />
      </FormField>
    </SpaceBetween>
  );
}

/** The lower the factor, the more a share gets. */
function PolicyFields({ policy, draft, onChange }: FieldsProps & { readonly policy: Batch.SchedulingPolicyDetail }) {
  const { name = "", fairsharePolicy } = policy;
  const shares = fairsharePolicy?.shareDistribution ?? [];
  const changed = draft.weights[name] ?? {};
  if (shares.length === 0) return null;
  return (
    <Part title={`Weight factors of ${name} (lower gets more)`}>
      {shares.map(({ shareIdentifier: share = "", weightFactor = 1 }) => (
        <NumberField
          key={share}
          label={`Weight factor of ${share}`}
          now={String(weightFactor)}
          value={changed[share]}
          error={(text) => numberError(text, 0.0001, 999.9999, false)}
          onChange={(text, isAsNow) => {
            const next = withValue(changed, share, text, isAsNow);
            const isNone = Object.keys(next).length === 0;
            onChange({ ...draft, weights: withValue(draft.weights, name, next, isNone) });
          }}
        />
      ))}
    </Part>
  );
}

function JobFields({ draft, onChange }: FieldsProps) {
  const [jobId, setJobId] = useState("");
  const set = (id: string, text: string, isGone: boolean): void =>
    onChange({ ...draft, jobs: withValue(draft.jobs, id, text, isGone) });
  return (
    <SpaceBetween size="xs">
      <Box variant="h3">Jobs</Box>
      {Object.entries(draft.jobs).map(([id, priority]) => {
        const error = numberError(priority, 0, 9_999);
        return (
          <FormField
            key={id}
            label={`Scheduling priority of ${id}`}
            secondaryControl={<Button onClick={() => set(id, "", true)}>Leave as it is</Button>}
            {...(error !== undefined && { errorText: error })}
          >
            <Input type="number" value={priority} onChange={({ detail }) => set(id, detail.value, false)} />
          </FormField>
        );
      })}
      <FormField
        label="Another priority for a job"
        description="In a queue with a scheduling policy: jobs of one share are served by it."
        secondaryControl={
          <Button
            disabled={jobId.trim() === ""}
            onClick={() => {
              set(jobId.trim(), "1", false);
              setJobId("");
            }}
          >
            Add
          </Button>
        }
      >
        <Input value={jobId} placeholder="Job id" onChange={({ detail }) => setJobId(detail.value)} />
      </FormField>
    </SpaceBetween>
  );
}
