import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import type { FormState } from "./use-form.ts";
import { Refusal } from "../errors.tsx";
import { ModalButtons } from "./modal-buttons.tsx";

export interface FormModalProps<Values> {
  readonly form: FormState<Values>;
  readonly title: string;
  /** "Create queue". */
  readonly action: string;
  readonly size?: "medium" | "large" | "max";
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form over the page. What is wrong with one member is said there; all else above the buttons. */
export function FormModal<Values>({ form, title, action, size = "large", onClose, children }: FormModalProps<Values>) {
  const content = useRef<HTMLFormElement>(null);
  const { errors, problem } = form;
  // Who cannot see the whole form is brought to what is wrong with it.
  useEffect(() => {
    const hasErrors = Object.values(errors).some((text) => text !== undefined);
    if (hasErrors) content.current?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
  }, [errors]);
  return (
    <Modal
      visible
      header={title}
      size={size}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={<ModalButtons onCancel={onClose} action={action} onAction={form.submit} isBusy={form.isSending} />}
    >
      <form
        ref={content}
        onSubmit={(event) => {
          event.preventDefault();
          form.submit();
        }}
      >
        <SpaceBetween size="l">
          {children}
          {problem !== undefined && <Refusal message={problem} />}
        </SpaceBetween>
        <input type="submit" hidden aria-label={action} />
      </form>
    </Modal>
  );
}
