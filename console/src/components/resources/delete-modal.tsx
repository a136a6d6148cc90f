import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { useState } from "react";
import { useNotices } from "../../shell/notices.tsx";
import { errorText, Refusal } from "../errors.tsx";
import { ModalButtons } from "../form/modal-buttons.tsx";

export interface DeleteObstacle {
  readonly id: string;
  readonly text: ReactNode;
}

export interface DeleteModalProps {
  /** "job queue". */
  readonly noun: string;
  readonly name: string;
  /** What is done to it, if it is not called to delete. */
  readonly verb?: "Delete" | "Terminate" | "Remove" | "Deregister";
  /** What becomes of what is in it. */
  readonly children?: ReactNode;
  /** What stands in the way: as long as there is something, nothing can be deleted. */
  readonly obstacles?: readonly DeleteObstacle[];
  /** It has to be disabled first, which is done, too. */
  readonly disables?: boolean;
  /** Resolves when the server has taken it. */
  readonly onDelete: () => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const DONE = {
  Delete: "is being deleted",
  Terminate: "is being terminated",
  Remove: "is being removed",
  Deregister: "was deregistered",
};

export default function DeleteModal(props: DeleteModalProps) {
  const { noun, name, children, obstacles = [], disables = false, verb = "Delete", onDelete, onDone, onClose } = props;
  const notices = useNotices();
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const remove = (): void => {
    setSending(true);
    setProblem(undefined);
    void sent();
  };
  const sent = async (): Promise<void> => {
    try {
      await onDelete();
      notices.success(`The ${noun} ${name} ${DONE[verb]}.`);
      onDone();
    } catch (error) {
      setProblem(errorText(error));
      setSending(false);
    }
  };
  return (
    <Modal
      visible
      header={`${verb} ${noun}`}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <ModalButtons
          onCancel={onClose}
          action={disables ? "Disable and delete" : verb}
          onAction={remove}
          isBusy={isSending}
          isDisabled={obstacles.length > 0}
        />
      }
    >
      <SpaceBetween size="m">
        <Box>
          {verb} <b style={{ overflowWrap: "anywhere" }}>{name}</b>? This cannot be undone.
        </Box>
        {children}
        {obstacles.length > 0 && (
          <Alert type="warning" statusIconAriaLabel="Warning" header="This is in the way">
            <ul>
              {obstacles.map(({ id, text }) => (
                <li key={id}>{text}</li>
              ))}
            </ul>
          </Alert>
        )}
        {problem !== undefined && <Refusal message={problem} />}
      </SpaceBetween>
    </Modal>
  );
}
