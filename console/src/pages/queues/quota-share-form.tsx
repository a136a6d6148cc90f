import type * as Batch from "@aws-sdk/client-batch";
import { useQueryClient } from "@tanstack/react-query";
import { batch } from "../../api/batch.ts";
import { ChoiceField, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { foundErrors, nameError, useForm, wholeNumberError } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";

interface Values {
  readonly name: string;
  readonly state: string;
  /** `ml.g6.xlarge=4, ml.g6.2xlarge=1` */
  readonly limits: string;
  readonly strategy: string;
  /** "" is as much as there is. */
  readonly borrowLimit: string;
  readonly preemption: string;
}

const STATES = [
  { value: "ENABLED", label: "ENABLED", description: "Its jobs are run." },
  { value: "DISABLED", label: "DISABLED", description: "It takes no new jobs." },
];
const STRATEGIES = [
  { value: "RESERVE", label: "RESERVE", description: "What it does not use stays free." },
  { value: "LEND", label: "LEND", description: "Others may use what it does not use." },
  { value: "LEND_AND_BORROW", label: "LEND_AND_BORROW", description: "And it may use what others lend." },
];
const PREEMPTION = [
  { value: "ENABLED", label: "ENABLED", description: "Its jobs of higher priority may end its own of lower priority." },
  { value: "DISABLED", label: "DISABLED", description: "What runs of it is not ended for its own jobs." },
];
const AS_MUCH_AS_THERE_IS = -1;

export interface QuotaShareFormProps {
  readonly queueName: string;
  /** The share that is edited; without one it is a new one. */
  readonly share?: Batch.QuotaShareDetail | undefined;
  readonly onClose: () => void;
}

export default function QuotaShareForm({ queueName, share, onClose }: QuotaShareFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  const form = useForm<Values>({
    initial: valuesOf(share),
    check: (values) =>
      foundErrors<Values>({
        name: share === undefined && nameError(values.name),
        limits: limitsOf(values.limits) === undefined && "Like ml.g6.xlarge=4, with commas between several.",
        borrowLimit: values.strategy === "LEND_AND_BORROW" && wholeNumberError(values.borrowLimit, { optional: true }),
      }),
    send: (values) => send(queueName, share?.quotaShareArn, values),
    places: [
      ["limits", /capacity|unit/i],
      ["borrowLimit", /borrow/i],
      ["strategy", /strategy/i],
      ["preemption", /preempt/i],
      ["name", /name|already exists/i],
    ],
    onDone: ({ name }) => {
      void queries.invalidateQueries({ queryKey: ["queue", queueName] });
      notices.success(`The quota share ${name} was ${share === undefined ? "created" : "changed"}.`);
      onClose();
    },
  });
  return (
    <FormModal
      form={form}
      title={share === undefined ? "Create a quota share" : `Edit quota share ${share.quotaShareName}`}
      action={share === undefined ? "Create" : "Save changes"}
      onClose={onClose}
    >
      {share === undefined && <TextField form={form} name="name" label="Name" hint="It cannot be changed later." />}
      {share !== undefined && <ChoiceField form={form} name="state" label="State" choices={STATES} />}
      <TextField
        form={form}
        name="limits"
        label="Its own capacity"
        description="Instances by type, such as the service environment has: ml.g6.xlarge=4, ml.g6.2xlarge=1."
      />
      <ChoiceField form={form} name="strategy" label="Lends and borrows" choices={STRATEGIES} />
      {form.values.strategy === "LEND_AND_BORROW" && (
        <TextField
          form={form}
          name="borrowLimit"
          label="Most that it borrows, in % of its own"
          description="Without it as much as there is."
          inputMode="numeric"
          optional
        />
      )}
      <ChoiceField form={form} name="preemption" label="Preemption within the share" choices={PREEMPTION} />
    </FormModal>
  );
}

function valuesOf(share: Batch.QuotaShareDetail | undefined): Values {
  const { strategy = "RESERVE", borrowLimit = AS_MUCH_AS_THERE_IS } = share?.resourceSharingConfiguration ?? {};
  return {
    name: share?.quotaShareName ?? "",
    state: share?.state ?? "ENABLED",
    limits: (share?.capacityLimits ?? [])
      .map(({ capacityUnit, maxCapacity }) => `${capacityUnit}=${maxCapacity}`)
      .join(", "),
    strategy,
    borrowLimit: borrowLimit === AS_MUCH_AS_THERE_IS ? "" : String(borrowLimit),
    preemption: share?.preemptionConfiguration?.inSharePreemption ?? "DISABLED",
  };
}

/** Undefined where it is not written as it has to be. */
function limitsOf(text: string): Batch.QuotaShareCapacityLimit[] | undefined {
  const limits = text.split(",").map((one) => /^\s*([\w.-]+)\s*=\s*(\d{1,9})\s*$/.exec(one));
  if (limits.some((match) => match === null)) return undefined;
  return limits.map((match) => ({ capacityUnit: match![1]!, maxCapacity: Number(match![2]) }));
}

async function send(jobQueue: string, quotaShareArn: string | undefined, values: Values): Promise<void> {
  const { borrowLimit, strategy } = values;
  const members = {
    state: values.state as Batch.QuotaShareState,
    capacityLimits: limitsOf(values.limits)!,
    resourceSharingConfiguration: {
      strategy: strategy as Batch.QuotaShareResourceSharingStrategy,
      ...(strategy === "LEND_AND_BORROW" && {
        borrowLimit: borrowLimit.trim() === "" ? AS_MUCH_AS_THERE_IS : Number(borrowLimit),
      }),
    },
    preemptionConfiguration: { inSharePreemption: values.preemption as Batch.QuotaShareInSharePreemptionState },
  };
  if (quotaShareArn === undefined)
    await batch("CreateQuotaShare", { jobQueue, quotaShareName: values.name, ...members });
  else await batch("UpdateQuotaShare", { quotaShareArn, ...members });
}
