import { useQueryClient } from "@tanstack/react-query";
import { batch } from "../../api/batch.ts";
import { ChoiceField, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import type { TagRow } from "../../components/form/tags-field.tsx";
import { tagsError, TagsField, tagsOfRows } from "../../components/form/tags-field.tsx";
import { foundErrors, nameError, useForm, wholeNumberError } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";

interface Values {
  readonly name: string;
  readonly total: string;
  readonly type: string;
  readonly tags: readonly TagRow[];
}

const TYPES = [
  { value: "REPLENISHABLE", label: "Given back", description: "A job gives back what it held when it ends: licences." },
  { value: "NON_REPLENISHABLE", label: "Used up", description: "What a job took is gone: tokens, a budget." },
];

export default function CreateForm({ onClose }: { readonly onClose: () => void }) {
  const notices = useNotices();
  const queries = useQueryClient();
  const form = useForm<Values>({
    initial: { name: "", total: "1", type: "REPLENISHABLE", tags: [] },
    check: ({ name, total, tags }) =>
      foundErrors<Values>({
        name: nameError(name),
        total: wholeNumberError(total, { most: Number.MAX_SAFE_INTEGER }),
        tags: tagsError(tags),
      }),
    send: async ({ name, total, type, tags }) => {
      await batch("CreateConsumableResource", {
        ...{ consumableResourceName: name, totalQuantity: Number(total), resourceType: type },
        tags: tagsOfRows(tags),
      });
    },
    places: [
      ["total", /quantity/i],
      ["type", /resource type/i],
      ["tags", /\btags?\b/i],
      ["name", /name|already exists/i],
    ],
    onDone: ({ name }) => {
      void queries.invalidateQueries({ queryKey: ["consumables"] });
      notices.success(`The consumable resource ${name} was created.`);
      onClose();
    },
  });
  return (
    <FormModal form={form} title="Create a consumable resource" action="Create" size="medium" onClose={onClose}>
      <TextField form={form} name="name" label="Name" hint="It cannot be changed later." />
      <TextField form={form} name="total" label="How much there is" inputMode="numeric" />
      <ChoiceField form={form} name="type" label="When a job ends" choices={TYPES} />
      <TagsField rows={form.values.tags} error={form.errors.tags} onChange={(rows) => form.set("tags", rows)} />
    </FormModal>
  );
}
