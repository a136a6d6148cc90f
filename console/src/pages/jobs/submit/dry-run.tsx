import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { DryRun as DryRunAnswer } from "../../../../../src/ports/dry-run.ts";
import { call } from "../../../api/call.ts";
import { errorText } from "../../../components/errors.tsx";

const TYPES = { starts: "success", waits: "info", fails: "warning" } as const;

/** Asks what would become of the job, and shows it; nothing is submitted. */
export function DryRun({ request }: { readonly request: () => object | undefined }) {
  const [state, setState] = useState<{ readonly run?: DryRunAnswer; readonly error?: unknown }>({});
  const [isAsking, setAsking] = useState(false);
  const ask = (): void => {
    const body = request();
    if (body === undefined || isAsking) return;
    setAsking(true);
    void call<DryRunAnswer>("/longshore/dry-run", "longshore", { method: "POST", body })
      .then(
        (run) => setState({ run }),
        (error: unknown) => setState({ error }),
      )
      .finally(() => setAsking(false));
  };
  const { run, error } = state;
  return (
    <SpaceBetween size="s">
      <Button onClick={ask} loading={isAsking} formAction="none">
        Try without submitting
      </Button>
      <div aria-live="polite">
        {error !== undefined && (
          <Alert type="error" statusIconAriaLabel="Error" header="It would be refused">
            <span style={{ overflowWrap: "anywhere" }}>{errorText(error)}</span>
          </Alert>
        )}
        {run !== undefined && (
          <Alert type={TYPES[run.outcome]} statusIconAriaLabel={run.outcome} header={run.answer}>
            <div>
              {run.environmentArn !== undefined && `Environment: ${run.environmentArn.replace(/^.*\//, "")}. `}
              {startText(run)} {costText(run)}
            </div>
            {run.blockers.length > 0 && (
              <ul>
                {run.blockers.map((blocker, at) => (
                  // oxlint-disable-next-line react/no-array-index-key
                  <li key={at}>{blocker.text}</li>
                ))}
              </ul>
            )}
          </Alert>
        )}
      </div>
    </SpaceBetween>
  );
}

function startText({ predictedStart }: DryRunAnswer): string {
  if ("unknown" in predictedStart) return `Start: not known, ${predictedStart.unknown}`;
  return predictedStart.inSeconds === 0 ? "It would start now." : `It would start in ${predictedStart.inSeconds} s.`;
}

function costText({ cost }: DryRunAnswer): string {
  if ("unknown" in cost) return "";
  return `On AWS: $${cost.usdPerHour} an hour${cost.atMostUsd === undefined ? "" : `, at most $${cost.atMostUsd}`}.`;
}
