import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import StatusIndicator from "@cloudscape-design/components/status-indicator";

const STATUS_LOOKS: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  VALID: "success",
  INVALID: "error",
  CREATING: "in-progress",
  UPDATING: "in-progress",
  DELETING: "in-progress",
  DELETED: "stopped",
};

/** Whether a resource is usable, with the reason where that is not the usual one. */
export function ResourceStatus({
  status = "UNKNOWN",
  reason,
}: {
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
}) {
  const isPlain = status === "VALID" || reason === undefined || reason === "";
  return (
    <StatusIndicator type={STATUS_LOOKS[status] ?? "info"} wrapText>
      {status}
      {!isPlain && <span style={{ overflowWrap: "anywhere" }}>: {reason}</span>}
    </StatusIndicator>
  );
}

/** Whether a resource is switched on. */
export function ResourceState({ state = "UNKNOWN" }: { readonly state?: string | undefined }) {
  return <StatusIndicator type={state === "ENABLED" ? "success" : "stopped"}>{state}</StatusIndicator>;
}
