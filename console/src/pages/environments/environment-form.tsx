import type * as Batch from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { CheckField, ChoiceField, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { TagsField } from "../../components/form/tags-field.tsx";
import type { FormState } from "../../components/form/use-form.ts";
import { useForm } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";
import { isOnEc2 } from "./environment-facts.ts";
import type { EnvironmentValues } from "./environment-settings.ts";
import {
  checkEnvironment,
  createEnvironment,
  ENVIRONMENT_PLACES,
  hasNetwork,
  strategiesOf,
  updateEnvironment,
  valuesOf,
} from "./environment-settings.ts";

export interface EnvironmentFormProps {
  /** The environment that is edited; without one it is a new one. */
  readonly environment?: Batch.ComputeEnvironmentDetail;
  readonly proposed?: Partial<EnvironmentValues>;
  readonly onClose: () => void;
}

const KINDS = [
  { value: "EC2", label: "EC2", description: "Instances are launched for jobs; here, each is a part of this machine." },
  { value: "SPOT", label: "SPOT", description: "The same at Spot prices, with interruptions where you ask for them." },
  { value: "FARGATE", label: "FARGATE", description: "Each job takes what it asks for; nothing is launched." },
  { value: "FARGATE_SPOT", label: "FARGATE_SPOT", description: "The same at Spot prices." },
  { value: "UNMANAGED", label: "UNMANAGED", description: "Machines of your own, which you register as hosts." },
];

const STATES = [
  { value: "ENABLED", label: "ENABLED", description: "It takes jobs." },
  { value: "DISABLED", label: "DISABLED", description: "It takes no jobs. What runs in it goes on." },
];

export default function EnvironmentForm({ environment, proposed, onClose }: EnvironmentFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  const isNew = environment === undefined;
  const form = useForm<EnvironmentValues>({
    initial: valuesOf(environment),
    ...(proposed !== undefined && { proposed }),
    check: (values) => checkEnvironment(values, isNew),
    send: (values) => (isNew ? createEnvironment(values) : updateEnvironment(environment, values)),
    places: ENVIRONMENT_PLACES,
    onDone: ({ computeEnvironmentName }) => {
      void queries.invalidateQueries({ queryKey: ["environments"] });
      notices.success(`The compute environment ${computeEnvironmentName} was ${isNew ? "created" : "changed"}.`);
      onClose();
    },
  });
  const { kind } = form.values;
  return (
    <FormModal
      form={form}
      title={isNew ? "Create a compute environment" : `Edit ${environment.computeEnvironmentName}`}
      action={isNew ? "Create" : "Save changes"}
      onClose={onClose}
    >
      {isNew && (
        <SpaceBetween size="l">
          <TextField form={form} name="computeEnvironmentName" label="Name" hint="It cannot be changed later." />
          <ChoiceField form={form} name="kind" label="Type" choices={KINDS} />
        </SpaceBetween>
      )}
      {!isNew && <ChoiceField form={form} name="state" label="State" choices={STATES} />}
      {kind === "UNMANAGED" ? (
        <TextField
          form={form}
          name="unmanagedvCpus"
          label="vCPUs that reservations count with"
          description="How much a fair-share policy's reservation is a part of. Nothing else goes by it."
          inputMode="numeric"
          optional
        />
      ) : (
        <TextField form={form} name="maxvCpus" label="Most vCPUs" inputMode="numeric" />
      )}
      {isOnEc2(kind) && <InstanceFields form={form} environment={environment} />}
      {isNew && hasNetwork(kind) && (
        <SpaceBetween size="l">
          <TextField
            form={form}
            name="subnets"
            label="Subnets"
            description="AWS asks for them; here they are kept and mean nothing."
          />
          <TextField form={form} name="securityGroupIds" label="Security groups" />
        </SpaceBetween>
      )}
      {isNew && isOnEc2(kind) && <TextField form={form} name="instanceRole" label="Instance role" />}
      {isNew && kind === "UNMANAGED" && (
        <TextField form={form} name="serviceRole" label="Service role" description="AWS asks for it; any name does." />
      )}
      <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
    </FormModal>
  );
}

interface InstanceFieldsProps {
  readonly form: FormState<EnvironmentValues>;
  readonly environment: Batch.ComputeEnvironmentDetail | undefined;
}

function InstanceFields({ form, environment }: InstanceFieldsProps) {
  const resources = environment?.computeResources;
  const { kind, instanceTypes, allocationStrategy } = form.values;
  const before = valuesOf(environment);
  const replaces =
    environment !== undefined &&
    (instanceTypes !== before.instanceTypes || allocationStrategy !== before.allocationStrategy);
  return (
    <SpaceBetween size="l">
      <TextField
        form={form}
        name="minvCpus"
        label="Least vCPUs"
        description="So many are there even when nothing runs."
        inputMode="numeric"
      />
      <TextField
        form={form}
        name="desiredvCpus"
        label="Wanted vCPUs"
        description="What the scheduler wants now; it can be raised, and follows demand from there."
        inputMode="numeric"
        optional
      />
      <TextField
        form={form}
        name="instanceTypes"
        label="Instance types"
        description="Types, families or optimal, with commas between them."
      />
      <ChoiceField
        form={form}
        name="allocationStrategy"
        label="Allocation strategy"
        description="Which of the types is launched."
        choices={strategiesOf(kind, environment && (resources?.allocationStrategy ?? "BEST_FIT")).map((value) => ({
          value,
          label: value,
        }))}
      />
      {kind === "SPOT" && (
        <TextField
          form={form}
          name="bidPercentage"
          label="Most of the On-Demand price, in %"
          inputMode="numeric"
          optional
        />
      )}
      {replaces && (
        <Alert type="info" statusIconAriaLabel="Info">
          This replaces the instances: those that are there take no more jobs, and go as the update policy says.
        </Alert>
      )}
      <CheckField
        form={form}
        name="terminateJobsOnUpdate"
        label="Jobs end at once when instances are replaced"
        description="Update policy. Otherwise they have the time below."
      />
      <TextField
        form={form}
        name="jobExecutionTimeoutMinutes"
        label="Minutes that jobs have when instances are replaced"
        inputMode="numeric"
        disabled={form.values.terminateJobsOnUpdate}
      />
    </SpaceBetween>
  );
}
