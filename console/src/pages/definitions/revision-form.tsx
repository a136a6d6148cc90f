import type * as Batch from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import { useQueryClient } from "@tanstack/react-query";
import { batch } from "../../api/batch.ts";
import { AreaField, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import type { FormState } from "../../components/form/use-form.ts";
import { useForm } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";
import type { RevisionValues } from "./revision-values.ts";
import { checkRevision, fieldsOf, jsonOf, parsed, REVISION_PLACES, withField } from "./revision-values.ts";

export interface RevisionFormProps {
  /** The revision that it begins as; without one it is a new definition. */
  readonly base?: Batch.JobDefinition;
  readonly onClose: () => void;
  readonly onDone: (name: string, revision: number) => void;
}

const NO_FIELDS = { image: "", command: "", vcpus: "", memory: "", attempts: "", timeout: "" };

export default function RevisionForm({ base, onClose, onDone }: RevisionFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  const json = jsonOf(base);
  const form = useForm<RevisionValues, Batch.RegisterJobDefinitionResponse>({
    initial: { jobDefinitionName: base?.jobDefinitionName ?? "", json, ...(fieldsOf(json) ?? NO_FIELDS) },
    check: checkRevision,
    send: ({ jobDefinitionName, json: written }) =>
      batch("RegisterJobDefinition", {
        ...(parsed(written) as Batch.RegisterJobDefinitionRequest),
        jobDefinitionName,
      }),
    places: REVISION_PLACES,
    onDone: ({ jobDefinitionName }, { revision = 1 }) => {
      void queries.invalidateQueries({ queryKey: ["definitions"] });
      notices.success(`${jobDefinitionName}:${revision} was registered.`);
      onClose();
      onDone(jobDefinitionName, revision);
    },
  });
  const fields = fieldsOf(form.values.json);
  return (
    <FormModal
      form={form}
      title={base === undefined ? "Create a job definition" : `A new revision of ${base.jobDefinitionName}`}
      action="Register"
      size="large"
      onClose={onClose}
    >
      {base === undefined ? (
        <TextField form={form} name="jobDefinitionName" label="Name" />
      ) : (
        <Alert type="info" statusIconAriaLabel="Info">
          It begins as revision {base.revision}, which stays as it is.
        </Alert>
      )}
      {fields !== undefined && <Fields form={viewOf(form, fields)} />}
      <AreaField
        form={{
          ...form,
          set: (name, value) => (name === "json" ? setJson(form, value) : form.set(name, value)),
        }}
        name="json"
        label="All of it, as JSON"
        description="As RegisterJobDefinition takes it. The fields above are a part of this."
        rows={18}
      />
    </FormModal>
  );
}

function Fields({ form }: { readonly form: FormState<RevisionValues> }) {
  return (
    <ColumnLayout columns={2}>
      <TextField form={form} name="image" label="Image" />
      <AreaField form={form} name="command" label="Command" hint="One word a line." />
      <TextField form={form} name="vcpus" label="vCPUs" inputMode="decimal" />
      <TextField form={form} name="memory" label="Memory, MiB" inputMode="numeric" />
      <TextField form={form} name="attempts" label="Attempts" inputMode="numeric" optional />
      <TextField form={form} name="timeout" label="Timeout of an attempt, seconds" inputMode="numeric" optional />
    </ColumnLayout>
  );
}

type FieldName = keyof typeof NO_FIELDS;

/** The form with the fields as the JSON has them; who changes one changes the JSON. */
function viewOf(
  form: FormState<RevisionValues>,
  fields: Omit<RevisionValues, "json" | "jobDefinitionName">,
): FormState<RevisionValues> {
  return {
    ...form,
    values: { ...form.values, ...fields },
    set: (name, value) => {
      // Both: the error of the field goes, and the JSON has its value.
      form.set(name, value);
      form.set("json", withField(form.values.json, name, value));
    },
  };
}

/** What is in the JSON may have been what was wrong with a field. */
function setJson(form: FormState<RevisionValues>, json: string): void {
  form.set("json", json);
  for (const name of Object.keys(NO_FIELDS) as FieldName[]) {
    if (form.errors[name] !== undefined) form.set(name, form.values[name]);
  }
}
