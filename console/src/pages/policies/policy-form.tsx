import type * as Batch from "@aws-sdk/client-batch";
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useQueryClient } from "@tanstack/react-query";
import { TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { TagsField } from "../../components/form/tags-field.tsx";
import type { FormState } from "../../components/form/use-form.ts";
import { useForm } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";
import type { PolicyValues, WeightRow } from "./policy-values.ts";
import { checkPolicy, createPolicy, POLICY_PLACES, proposedOf, updatePolicy, valuesOf } from "./policy-values.ts";
import { WeightsPreview } from "./weights-preview.tsx";

export interface PolicyFormProps {
  /** The policy that is edited; without one it is a new one. */
  readonly policy?: Batch.SchedulingPolicyDetail;
  /** Weight factors by share, as a JSON object: those of other shares stay. */
  readonly proposedWeights?: string;
  /** Names of the queues that use it. */
  readonly queues: readonly string[];
  readonly onClose: () => void;
}

export default function PolicyForm({ policy, proposedWeights = "", queues, onClose }: PolicyFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  const isNew = policy === undefined;
  const isFairShare = policy?.quotaSharePolicy === undefined;
  const form = useForm<PolicyValues>({
    initial: valuesOf(policy),
    proposed: proposedOf(policy, proposedWeights),
    check: (values) => checkPolicy(values, isNew, isFairShare),
    send: (values) => (isNew ? createPolicy(values) : updatePolicy(policy, values)),
    places: POLICY_PLACES,
    onDone: ({ name }) => {
      void queries.invalidateQueries({ queryKey: ["policies"] });
      notices.success(`The scheduling policy ${name} was ${isNew ? "created" : "changed"}.`);
      onClose();
    },
  });
  return (
    <FormModal
      form={form}
      title={isNew ? "Create a scheduling policy" : `Edit scheduling policy ${policy.name}`}
      action={isNew ? "Create" : "Save changes"}
      onClose={onClose}
    >
      {isNew && <TextField form={form} name="name" label="Name" hint="It cannot be changed later." />}
      {isFairShare && (
        <TextField
          form={form}
          name="shareDecaySeconds"
          label="Share decay, seconds"
          description="How long what a share used counts; ten minutes at least."
          inputMode="numeric"
        />
      )}
      {isFairShare && (
        <TextField
          form={form}
          name="computeReservation"
          label="Compute reservation, %"
          description="How much is kept free for shares that have nothing yet. 0 to 99."
          inputMode="numeric"
        />
      )}
      {isFairShare && <WeightsField form={form} />}
      {isFairShare && queues.map((name) => <WeightsPreview key={name} queue={name} weights={form.values.weights} />)}
      <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
    </FormModal>
  );
}

function WeightsField({ form }: { readonly form: FormState<PolicyValues> }) {
  const { weights } = form.values;
  const change = (at: number, part: Partial<WeightRow>): void =>
    form.set(
      "weights",
      weights.map((row, index) => (index === at ? { ...row, ...part } : row)),
    );
  return (
    <FormField
      label="Weights"
      description="The higher the weight, the less a share gets: one of 0.5 gets twice as much as one of 1, which all others have. A share that ends with * stands for all that begin so."
      errorText={form.errors.weights}
      stretch
      i18nStrings={{ errorIconAriaLabel: "Error" }}
    >
      <AttributeEditor<WeightRow>
        items={[...weights]}
        empty="All shares have the weight 1."
        addButtonText="Add weight"
        removeButtonText="Remove"
        removeButtonAriaLabel={(row) => `Remove weight of ${row.shareIdentifier}`}
        disableAddButton={weights.length >= 500}
        onAddButtonClick={() => form.set("weights", [...weights, { shareIdentifier: "", weightFactor: "1" }])}
        onRemoveButtonClick={({ detail }) =>
          form.set(
            "weights",
            weights.filter((_, at) => at !== detail.itemIndex),
          )
        }
        definition={[
          {
            label: "Share",
            control: (row, at) => (
              <Input
                value={row.shareIdentifier}
                ariaLabel={`Share of weight ${at + 1}`}
                onChange={({ detail }) => change(at, { shareIdentifier: detail.value })}
              />
            ),
          },
          {
            label: "Weight",
            control: (row, at) => (
              <Input
                value={row.weightFactor}
                inputMode="decimal"
                ariaLabel={`Weight ${at + 1}`}
                onChange={({ detail }) => change(at, { weightFactor: detail.value })}
              />
            ),
          },
        ]}
      />
    </FormField>
  );
}
