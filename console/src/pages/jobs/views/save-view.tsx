import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import { useState } from "react";
import { MOST_VIEWS } from "./saved-views.ts";
import { ModalButtons } from "../../../components/form/modal-buttons.tsx";

export interface SaveViewProps {
  readonly taken: readonly string[];
  readonly onSave: (name: string) => void;
  readonly onClose: () => void;
}

export default function SaveView({ taken, onSave, onClose }: SaveViewProps) {
  const [name, setName] = useState("");
  const [isTried, setTried] = useState(false);
  const trimmed = name.trim();
  const problem = trimmed === "" ? "Give it a name." : trimmed.length > 100 ? "At most 100 characters." : undefined;
  const save = (): void => {
    setTried(true);
    if (problem === undefined) onSave(trimmed);
  };
  return (
    <Modal
      visible
      header="Save this view"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={<ModalButtons onCancel={onClose} action="Save" onAction={save} />}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <FormField
          label="Name"
          constraintText={
            taken.includes(trimmed)
              ? "There is a view of this name: it is replaced."
              : `Kept in this browser, ${MOST_VIEWS} at most. The page's address says the same, for others.`
          }
          errorText={isTried ? problem : undefined}
          i18nStrings={{ errorIconAriaLabel: "Error" }}
        >
          <Input value={name} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
      </form>
    </Modal>
  );
}
