import type { JobDefinition } from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { allPages } from "../../../api/all-pages.ts";
import { batch } from "../../../api/batch.ts";
import { useQueues } from "../../../api/resources.ts";
import { resubmissionOf } from "../../../api/resubmit.ts";
import { ErrorAlert } from "../../../components/errors.tsx";
import { ChoiceField, TextField } from "../../../components/form/fields.tsx";
import { FormModal } from "../../../components/form/form-modal.tsx";
import { TagsField } from "../../../components/form/tags-field.tsx";
import type { FormState } from "../../../components/form/use-form.ts";
import { useForm } from "../../../components/form/use-form.ts";
import { useNotices } from "../../../shell/notices.tsx";
import { DryRun } from "./dry-run.tsx";
import { PairsField } from "./pairs-field.tsx";
import type { Values } from "./request.ts";
import { EMPTY, errorsIn, referencesIn, requestOf, valuesOf } from "./request.ts";

export interface SubmitFormProps {
  /** The job that the form is filled with. */
  readonly cloneOf: string | undefined;
  /** `name:revision` that is chosen at first. */
  readonly definition: string | undefined;
  /** MiB, where more (or less) is meant than the cloned job had. */
  readonly memory: string | undefined;
  readonly onClose: (isDone: boolean) => void;
}

/** Submits a job; or one like another, with changes. */
export default function SubmitForm({ cloneOf, definition = "", memory, onClose }: SubmitFormProps) {
  const cloned = useQuery({
    queryKey: ["resubmission", cloneOf],
    queryFn: ({ signal }) => resubmissionOf(cloneOf!, false, signal),
    enabled: cloneOf !== undefined,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const definitions = useQuery({
    queryKey: ["definitions", "active"],
    queryFn: (): Promise<JobDefinition[]> =>
      allPages(
        (nextToken) =>
          batch("DescribeJobDefinitions", { status: "ACTIVE", ...(nextToken !== undefined && { nextToken }) }),
        ({ jobDefinitions }) => jobDefinitions,
      ),
  });
  if (cloneOf !== undefined && cloned.isPending) return null;
  if (definitions.isPending) return null;
  const { request, problem, notes = [] } = cloned.data ?? {};
  return (
    <Filled
      title={cloneOf === undefined ? "Submit job" : "Clone job"}
      initial={{
        ...(request === undefined ? { ...EMPTY, definition } : valuesOf(request)),
        ...(memory !== undefined && { memory }),
      }}
      definitions={definitions.data ?? []}
      warnings={[...(problem === undefined ? [] : [problem]), ...notes]}
      error={cloned.error ?? definitions.error}
      onClose={onClose}
    />
  );
}

interface FilledProps {
  readonly title: string;
  readonly initial: Values;
  readonly definitions: readonly JobDefinition[];
  readonly warnings: readonly string[];
  readonly error: unknown;
  readonly onClose: (isDone: boolean) => void;
}

function Filled({ title, initial, definitions, warnings, error, onClose }: FilledProps) {
  const [, navigate] = useLocation();
  const notices = useNotices();
  const { data: queues = [] } = useQueues();
  const form = useForm<Values>({
    initial,
    check: errorsIn,
    async send(values) {
      const { jobId, jobName } = await batch("SubmitJob", requestOf(values));
      notices.success(`${jobName} was submitted as ${jobId}.`);
      onClose(true);
      navigate(`/jobs/${jobId}`);
    },
    places: [
      ["name", /jobName|Job name/],
      ["definition", /JobDefinition|job definition/i],
      ["arraySize", /array-indexes|arrayProperties|array size/i],
      ["queue", /JobQueue|job queue/i],
      ["dependsOn", /depend/i],
      ["share", /share/i],
      ["priority", /priority/i],
      ["attempts", /attempts|retry/i],
      ["timeout", /timeout|attemptDuration/i],
      ["parameters", /parameter/i],
      ["image", /image/i],
      ["memory", /MEMORY/i],
      ["vcpus", /VCPU/i],
      ["gpus", /GPU/i],
      ["environment", /environment/i],
      ["tags", /\btags?\b/i],
    ],
    onDone: () => {},
  });
  const definition = definitions.find((one) => nameOf(one) === form.values.definition);
  const references = referencesIn(definition?.containerProperties);
  // Parameters that the definition names are there to be filled in.
  useEffect(() => {
    const has = new Set([
      ...form.values.parameters.map(({ key }) => key),
      ...Object.keys(definition?.parameters ?? {}),
    ]);
    const missing = references.filter((name) => !has.has(name));
    if (missing.length > 0)
      form.set("parameters", [...form.values.parameters, ...missing.map((key) => ({ key, value: "" }))]);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [form.values.definition]);
  const isContainer = definition?.containerProperties !== undefined || definition === undefined;
  const dryRun = (): object | undefined => {
    const errors = errorsIn(form.values);
    if (Object.keys(errors).length === 0) return requestOf(form.values);
    form.submit();
    return undefined;
  };
  return (
    <FormModal form={form} title={title} action="Submit" onClose={() => onClose(false)}>
      {error !== null && error !== undefined && <ErrorAlert what="The form could not be filled" error={error} />}
      {warnings.map((text) => (
        <Alert key={text} type="warning" statusIconAriaLabel="Warning">
          {text}
        </Alert>
      ))}
      <ColumnLayout columns={2}>
        <TextField form={form} name="name" label="Name" />
        <ChoiceField
          form={form}
          name="queue"
          label="Queue"
          choices={queues.map(({ jobQueueName }) => ({ value: jobQueueName!, label: jobQueueName! }))}
        />
        <ChoiceField
          form={form}
          name="definition"
          label="Job definition"
          choices={definitions.map((one) => ({ value: nameOf(one), label: nameOf(one) }))}
        />
        <TextField form={form} name="arraySize" label="Array size" inputMode="numeric" optional hint="2 to 1,000,000" />
      </ColumnLayout>
      <PairsField
        label="Parameters"
        what="parameter"
        {...(references.length > 0 && { hint: `The definition's command has ${references.join(", ")}.` })}
        rows={form.values.parameters}
        error={form.errors.parameters}
        onChange={(rows) => form.set("parameters", rows)}
      />
      {isContainer && <ContainerFields form={form} definition={definition} />}
      <ExpandableSection headerText="Retries, time, order, tags" defaultExpanded={hasOrder(initial)}>
        <SpaceBetween size="l">
          <ColumnLayout columns={2}>
            <TextField form={form} name="attempts" label="Attempts" inputMode="numeric" optional hint="1 to 10" />
            <TextField
              form={form}
              name="timeout"
              label="Timeout, seconds"
              inputMode="numeric"
              optional
              hint="60 or more"
            />
            <TextField form={form} name="share" label="Share" optional hint="In queues with a scheduling policy" />
            <TextField form={form} name="priority" label="Priority" inputMode="numeric" optional hint="0 to 9,999" />
          </ColumnLayout>
          <Area
            form={form}
            name="dependsOn"
            label="Depends on"
            hint="A job id on each line; ID:N_TO_N, SEQUENTIAL, ID:AFTER_ANY"
          />
          <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
        </SpaceBetween>
      </ExpandableSection>
      <ExpandableSection headerText="More, as JSON" defaultExpanded={initial.more !== "" || !isContainer}>
        <Area
          form={form}
          name="more"
          label="Other members of SubmitJob"
          hint="ecsPropertiesOverride, eksPropertiesOverride, nodeOverrides, retryStrategy.evaluateOnExit, ..."
          rows={8}
        />
      </ExpandableSection>
      <DryRun request={dryRun} />
    </FormModal>
  );
}

function ContainerFields({
  form,
  definition,
}: {
  readonly form: FormState<Values>;
  readonly definition: JobDefinition | undefined;
}) {
  const own = definition?.containerProperties;
  const resource = (type: string): string | undefined =>
    own?.resourceRequirements?.find((one) => one.type === type)?.value;
  const placeholder = (value: string | number | undefined) =>
    value === undefined ? {} : { placeholder: `${value}, as in the definition` };
  return (
    <>
      <Area
        form={form}
        name="command"
        label="Command"
        hint={`Words, or a JSON list. Empty: that of the definition${own?.command?.length ? `, ${JSON.stringify(own.command)}` : ""}`}
        rows={2}
      />
      <ColumnLayout columns={2}>
        <TextField
          form={form}
          name="vcpus"
          label="vCPUs"
          inputMode="decimal"
          optional
          {...placeholder(resource("VCPU"))}
        />
        <TextField
          form={form}
          name="memory"
          label="Memory, MiB"
          inputMode="numeric"
          optional
          {...placeholder(resource("MEMORY"))}
        />
        <TextField
          form={form}
          name="gpus"
          label="GPUs"
          inputMode="numeric"
          optional
          {...placeholder(resource("GPU"))}
        />
        <TextField
          form={form}
          name="image"
          label="Image"
          optional
          hint="Longshore's own: AWS Batch takes the definition's"
          {...placeholder(own?.image)}
        />
      </ColumnLayout>
      <PairsField
        label="Environment"
        what="variable"
        rows={form.values.environment}
        error={form.errors.environment}
        onChange={(rows) => form.set("environment", rows)}
      />
    </>
  );
}

function Area({
  form,
  name,
  label,
  hint,
  rows = 3,
}: {
  readonly form: FormState<Values>;
  readonly name: "command" | "dependsOn" | "more";
  readonly label: string;
  readonly hint: string;
  readonly rows?: number;
}) {
  return (
    <FormField
      label={label}
      constraintText={hint}
      errorText={form.errors[name]}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <Textarea
        value={form.values[name]}
        rows={rows}
        spellcheck={false}
        onChange={({ detail }) => form.set(name, detail.value)}
      />
    </FormField>
  );
}

function hasOrder({ attempts, timeout, share, priority, dependsOn, tags }: Values): boolean {
  return [attempts, timeout, share, priority, dependsOn].some((text) => text !== "") || tags.length > 0;
}

function nameOf({ jobDefinitionName, revision }: JobDefinition): string {
  return `${jobDefinitionName}:${revision}`;
}
