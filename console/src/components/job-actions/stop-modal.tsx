import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { JobFilters } from "../../api/job-search.ts";
import { errorText } from "../errors.tsx";
import { useStopping } from "./use-stopping.ts";
import { ModalButtons } from "../form/modal-buttons.tsx";

const NUMBERS = new Intl.NumberFormat("en");
const MOST_SHOWN = 20;
const REASONS = { cancel: "Cancelled in the console", terminate: "Terminated in the console" } as const;
const VERBS = { cancel: "Cancel", terminate: "Terminate" } as const;

export interface StopModalProps {
  readonly action: "cancel" | "terminate";
  readonly filters: JobFilters;
  /** They are all that match a filter, not some that were chosen. */
  readonly isOfFilter?: boolean;
  readonly onClose: () => void;
}

/** Says how many jobs of which kinds would be stopped, asks, and then tells how far it is. */
export default function StopModal({ action, filters, isOfFilter = false, onClose }: StopModalProps) {
  const [reason, setReason] = useState<string>(REASONS[action]);
  const { count, progress, start, abort } = useStopping(action, filters);
  const verb = VERBS[action];
  const counted = Object.entries(count.found).filter(([status]) => action !== "cancel" || isWaiting(status));
  const left = Object.entries(count.found).filter(([status]) => action === "cancel" && !isWaiting(status));
  const total = counted.reduce((sum, [, number]) => sum + number, 0);
  const about = `${count.isWhole ? "" : "at least "}${NUMBERS.format(total)} ${total === 1 ? "job" : "jobs"}`;
  const isEmpty = Object.keys(filters).length === 0;
  const isRunning = progress?.state === "running";
  const close = (): void => {
    abort();
    onClose();
  };
  const submit = (): void => {
    if (progress === undefined && reason.trim() !== "" && (total > 0 || !count.isWhole)) start(reason.trim());
  };
  return (
    <Modal
      visible
      header={`${verb} ${isOfFilter ? "all jobs that match" : "the chosen jobs"}`}
      closeAriaLabel="Close"
      onDismiss={close}
      footer={
        // The second button stays where it is: what came into its place would get the second click of a double click.
        <ModalButtons
          cancel={progress === undefined ? "Keep them" : isRunning ? "Stop here" : "Close"}
          onCancel={close}
          action={`${verb} ${about}`}
          onAction={submit}
          isBusy={isRunning || (!count.isWhole && count.isCounting)}
          isDisabled={progress !== undefined || reason.trim() === "" || (count.isWhole && total === 0)}
        />
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <SpaceBetween size="m">
          {isOfFilter && isEmpty && (
            <Alert type="warning" statusIconAriaLabel="Warning">
              There is no filter: these are all jobs of your account in this region.
            </Alert>
          )}
          <Box>
            {counted.length === 0 && count.isWhole && "None of them can be stopped: they are over, or have begun."}
            {counted.length > 0 &&
              `${about}: ${counted.map(([status, number]) => `${NUMBERS.format(number)} ${status}`).join(", ")}.`}
            {count.arrays > 0 && ` ${NUMBERS.format(count.arrays)} of them are arrays, with all their children.`}
            {left.length > 0 &&
              ` Left alone, because they have begun: ${left.map(([status, number]) => `${NUMBERS.format(number)} ${status}`).join(", ")}.`}
          </Box>
          {count.error !== undefined && (
            <Alert type="error" statusIconAriaLabel="Error" header="They could not be counted">
              {errorText(count.error)}
            </Alert>
          )}
          {progress === undefined && (
            <FormField label="Reason" constraintText="Shown with each of these jobs. At most 1,024 characters.">
              <Input value={reason} onChange={({ detail }) => setReason(detail.value.slice(0, 1024))} />
            </FormField>
          )}
          {progress !== undefined && (
            <Alert
              type={progress.state === "failed" ? "error" : progress.state === "done" ? "success" : "info"}
              statusIconAriaLabel={progress.state}
              header={`${NUMBERS.format(progress.stopped)} ${progress.stopped === 1 ? "job was" : "jobs were"} asked to end`}
            >
              {isRunning && `Going on, of ${about}.`}
              {progress.state === "aborted" && "Stopped there: the others are as they were."}
              {progress.error !== undefined && errorText(progress.error)}
            </Alert>
          )}
          {progress !== undefined && progress.refused.length > 0 && (
            <Alert
              type="warning"
              statusIconAriaLabel="Warning"
              header={`${NUMBERS.format(progress.refused.length)} jobs were not stopped`}
            >
              <ul>
                {progress.refused.slice(0, MOST_SHOWN).map(({ jobId, message }) => (
                  <li key={jobId} style={{ overflowWrap: "anywhere" }}>
                    {jobId}: {message}
                  </li>
                ))}
              </ul>
              {progress.refused.length > MOST_SHOWN && `and ${progress.refused.length - MOST_SHOWN} more.`}
            </Alert>
          )}
        </SpaceBetween>
      </form>
    </Modal>
  );
}

function isWaiting(status: string): boolean {
  return /^(SUBMITTED|PENDING|RUNNABLE)$/.test(status);
}
