import { useQueryClient } from "@tanstack/react-query";
import { batch } from "../../api/batch.ts";
import { ChoiceField, TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { foundErrors, useForm, wholeNumberError } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";

interface Values {
  readonly operation: string;
  readonly quantity: string;
}

const OPERATIONS = [
  { value: "ADD", label: "Add", description: "There is more of it now." },
  { value: "REMOVE", label: "Remove", description: "There is less of it now. What jobs hold they keep." },
  { value: "SET", label: "Set", description: "There is so much of it in all." },
];

export interface QuantityFormProps {
  readonly name: string;
  readonly total: number;
  readonly onClose: () => void;
}

export default function QuantityForm({ name, total, onClose }: QuantityFormProps) {
  const notices = useNotices();
  const queries = useQueryClient();
  // One change, however often it is sent.
  const form = useForm<Values & { readonly clientToken: string }>({
    initial: { operation: "SET", quantity: String(total), clientToken: crypto.randomUUID() },
    check: ({ quantity }) =>
      foundErrors<Values & { clientToken: string }>({
        quantity: wholeNumberError(quantity, { most: Number.MAX_SAFE_INTEGER }),
      }),
    send: async ({ operation, quantity, clientToken }) => {
      await batch("UpdateConsumableResource", {
        ...{ consumableResource: name, operation, quantity: Number(quantity), clientToken },
      });
    },
    places: [["quantity", /quantity/i]],
    onDone: () => {
      void queries.invalidateQueries({ queryKey: ["consumables"] });
      notices.success(`The quantity of ${name} was changed.`);
      onClose();
    },
  });
  return (
    <FormModal
      form={form}
      title={`Change how much of ${name} there is`}
      action="Change"
      size="medium"
      onClose={onClose}
    >
      <ChoiceField form={form} name="operation" label="What to do" choices={OPERATIONS} />
      <TextField
        form={form}
        name="quantity"
        label="Quantity"
        description={`There are ${total} now.`}
        inputMode="numeric"
      />
    </FormModal>
  );
}
