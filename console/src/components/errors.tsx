import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { CallFailed } from "../api/call.ts";

/** For people: the server's own words, where it answered. */
export function errorText(error: unknown): string {
  if (error instanceof CallFailed) return error.message;
  return "The server cannot be reached. It may be starting again, or the network is gone.";
}

/** In a form: what the server said to it. */
export function Refusal({ message }: { readonly message: string }) {
  return (
    <Alert type="error" statusIconAriaLabel="Error" header="The server refused this">
      <span style={{ overflowWrap: "anywhere" }}>{message}</span>
    </Alert>
  );
}

export interface ErrorAlertProps {
  readonly error: unknown;
  /** What could not be done: "The jobs could not be read". */
  readonly what: string;
  readonly onRetry?: () => void;
}

/** In the place of what could not be shown. */
export function ErrorAlert({ error, what, onRetry }: ErrorAlertProps) {
  return (
    <Alert
      type="error"
      statusIconAriaLabel="Error"
      header={what}
      action={onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    >
      <span style={{ overflowWrap: "anywhere" }}>{errorText(error)}</span>
    </Alert>
  );
}
