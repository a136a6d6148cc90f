import type * as Batch from "@aws-sdk/client-batch";
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { useEnvironments, usePolicies } from "../../api/resources.ts";
import { CheckField, ChoiceField, ChoiceSelect, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { TagsField } from "../../components/form/tags-field.tsx";
import type { FormState } from "../../components/form/use-form.ts";
import { useForm } from "../../components/form/use-form.ts";
import { nameOfArn } from "../../components/resources/names.ts";
import { useNotices } from "../../shell/notices.tsx";
import type { QueueValues, TimeLimitRow } from "./queue-settings.ts";
import { checkQueue, createQueue, QUEUE_PLACES, TIME_LIMIT_REASONS, updateQueue, valuesOf } from "./queue-settings.ts";

export interface QueueFormProps {
  /** The queue that is edited; without one it is a new one. */
  readonly queue?: Batch.JobQueueDetail;
  readonly proposed?: Partial<QueueValues>;
  readonly onClose: () => void;
  readonly onDone?: (name: string) => void;
}

const STATES = [
  { value: "ENABLED", label: "ENABLED", description: "It takes jobs." },
  { value: "DISABLED", label: "DISABLED", description: "It takes no new jobs. Those that it has are run." },
];

export default function QueueForm({ queue, proposed, onClose, onDone }: QueueFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  const { data: policies = [] } = usePolicies();
  const isTraining = queue?.jobQueueType === "SAGEMAKER_TRAINING";
  const form = useForm<QueueValues>({
    initial: valuesOf(queue),
    ...(proposed !== undefined && { proposed }),
    check: (values) => checkQueue(values, { isNew: queue === undefined, isTraining }),
    send: (values) => (queue === undefined ? createQueue(values) : updateQueue(queue, values)),
    places: QUEUE_PLACES,
    onDone: ({ jobQueueName }) => {
      void queries.invalidateQueries({ queryKey: ["queues"] });
      notices.success(
        queue === undefined
          ? `The job queue ${jobQueueName} was created.`
          : `The job queue ${jobQueueName} was changed.`,
      );
      onClose();
      onDone?.(jobQueueName);
    },
  });
  const kindOf = (arn: string) => policies.find((policy) => policy.arn === arn)?.quotaSharePolicy !== undefined;
  const hadPolicy = queue?.schedulingPolicyArn !== undefined;
  const choices = policies
    .filter(({ arn, quotaSharePolicy }) =>
      queue === undefined ? quotaSharePolicy === undefined : kindOf(queue.schedulingPolicyArn ?? "") === kindOf(arn!),
    )
    .map(({ arn, name }) => ({ value: arn!, label: name! }));
  return (
    <FormModal
      form={form}
      title={queue === undefined ? "Create a job queue" : `Edit job queue ${queue.jobQueueName}`}
      action={queue === undefined ? "Create" : "Save changes"}
      onClose={onClose}
    >
      {queue === undefined && (
        <TextField form={form} name="jobQueueName" label="Name" hint="It cannot be changed later." />
      )}
      <ChoiceField form={form} name="state" label="State" choices={STATES} />
      <TextField
        form={form}
        name="priority"
        label="Priority"
        inputMode="numeric"
        description="Queues of the same environment are served in the order of their priority, the highest first."
      />
      {!isTraining && <EnvironmentsField form={form} />}
      {(queue === undefined || hadPolicy) && (
        <ChoiceField
          form={form}
          name="schedulingPolicyArn"
          label="Scheduling policy"
          description={
            queue === undefined
              ? "Without one, the queue is first in, first out. That cannot be changed later."
              : "It can be replaced, but not taken away."
          }
          choices={queue === undefined ? [{ value: "", label: "None: first in, first out" }, ...choices] : choices}
          placeholder="None: first in, first out"
        />
      )}
      <TimeLimitsField form={form} isTraining={isTraining} />
      <CheckField
        form={form}
        name="backfill"
        label="Backfill"
        description="Jobs may start before the first one that does not fit, where that does not delay it. Longshore's own: the tag longshore:backfill."
      />
      <TextField
        form={form}
        name="maxRunningJobs"
        label="Most jobs that run at a time"
        inputMode="numeric"
        optional
        description="However much room there is. Longshore's own: the tag longshore:max-running-jobs."
      />
      <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
    </FormModal>
  );
}

const PLACES = ["First", "Second", "Third"] as const;

function EnvironmentsField({ form }: { readonly form: FormState<QueueValues> }) {
  const { data: environments = [] } = useEnvironments();
  const { environments: chosen } = form.values;
  const choices = environments.map(
    ({ computeEnvironmentArn, computeEnvironmentName, computeResources, state, status }) => ({
      value: computeEnvironmentArn!,
      label: computeEnvironmentName!,
      description: [computeResources?.type ?? "UNMANAGED", state, status].join(", "),
    }),
  );
  return (
    <FormField
      label="Compute environments"
      description="They are tried in this order. A queue has one to three, all of them of one kind: EC2 and Spot, or Fargate."
      errorText={form.errors.environments}
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <SpaceBetween size="xs">
        {PLACES.map((place, at) => (
          <ChoiceSelect
            key={place}
            label={`${place} environment`}
            placeholder={`${place}: none`}
            choices={at === 0 ? choices : [{ value: "", label: "None" }, ...choices]}
            value={chosen[at] === "" ? "" : (chosen[at] ?? "")}
            onChange={(value) =>
              form.set(
                "environments",
                chosen.map((before, index) => (index === at ? value : before)),
              )
            }
          />
        ))}
      </SpaceBetween>
    </FormField>
  );
}

function TimeLimitsField({
  form,
  isTraining,
}: {
  readonly form: FormState<QueueValues>;
  readonly isTraining: boolean;
}) {
  const { timeLimits } = form.values;
  const change = (at: number, part: Partial<TimeLimitRow>): void =>
    form.set(
      "timeLimits",
      timeLimits.map((row, index) => (index === at ? { ...row, ...part } : row)),
    );
  if (isTraining) return null;
  return (
    <FormField
      label="Time limits at the head of the queue"
      description="A job that is first in line for so long, for this reason, is cancelled, so that others have their turn."
      errorText={form.errors.timeLimits}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <AttributeEditor<TimeLimitRow>
        items={[...timeLimits]}
        empty="No time limits: a job waits for as long as it takes."
        addButtonText="Add time limit"
        removeButtonText="Remove"
        removeButtonAriaLabel={(row) => `Remove time limit ${nameOfArn(row.reason)}`}
        disableAddButton={timeLimits.length >= TIME_LIMIT_REASONS.length}
        onAddButtonClick={() => form.set("timeLimits", [...timeLimits, { reason: "", maxTimeSeconds: "3600" }])}
        onRemoveButtonClick={({ detail }) =>
          form.set(
            "timeLimits",
            timeLimits.filter((_, at) => at !== detail.itemIndex),
          )
        }
        definition={[
          {
            label: "Reason",
            control: (row, at) => (
              <ChoiceSelect
                label={`Reason of time limit ${at + 1}`}
                choices={TIME_LIMIT_REASONS}
                value={row.reason}
                onChange={(reason) => change(at, { reason })}
              />
            ),
          },
          {
            label: "Seconds",
            control: (row, at) => (
              <Input
                value={row.maxTimeSeconds}
                inputMode="numeric"
                ariaLabel={`Seconds of time limit ${at + 1}`}
                onChange={({ detail }) => change(at, { maxTimeSeconds: detail.value })}
              />
            ),
          },
        ]}
      />
    </FormField>
  );
}
