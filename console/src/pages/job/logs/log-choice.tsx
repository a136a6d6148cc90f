import Select from "@cloudscape-design/components/select";
import type { JobLog } from "../../../../../src/ports/job-logs.ts";

export interface LogChoiceProps {
  readonly logs: readonly JobLog[];
  readonly chosen: JobLog;
  readonly onChoose: (log: JobLog) => void;
}

/** Which attempt, node and container. What there is one of needs no choice. */
export function LogChoice({ logs, chosen, onChoose }: LogChoiceProps) {
  const attempts = unique(logs.map(({ attempt }) => attempt));
  const ofAttempt = logs.filter(({ attempt }) => attempt === chosen.attempt);
  const nodes = unique(ofAttempt.map(({ node }) => node));
  const containers = ofAttempt.filter(({ node }) => node === chosen.node);
  const near = (wanted: Partial<JobLog>): void => {
    const like = { ...chosen, ...wanted };
    const score = (log: JobLog): number =>
      (log.attempt === like.attempt ? 4 : 0) +
      (log.node === like.node ? 2 : 0) +
      (log.container === like.container ? 1 : 0);
    const [best] = logs.toSorted((one, other) => score(other) - score(one));
    if (best !== undefined) onChoose(best);
  };
  return (
    <div className="log-choice">
      <Choice
        label="Attempt"
        chosen={String(chosen.attempt)}
        options={attempts.map((attempt) => ({
          value: String(attempt),
          label: `Attempt ${attempt} of ${attempts.length}`,
          description: outcomeText(logs.find((log) => log.attempt === attempt)!),
        }))}
        onChoose={(value) => near({ attempt: Number(value) })}
      />
      <Choice
        label="Node"
        chosen={String(chosen.node)}
        options={nodes.map((node) => ({ value: String(node), label: `Node ${node}` }))}
        onChoose={(value) => near({ node: Number(value) })}
      />
      <Choice
        label="Container"
        chosen={String(chosen.container)}
        options={containers.map((log) => ({
          value: String(log.container),
          label: `Container ${log.container}`,
          description: outcomeText(log),
        }))}
        onChoose={(value) => near({ container: value })}
      />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly chosen: string;
  readonly options: readonly { readonly value: string; readonly label: string; readonly description?: string }[];
  readonly onChoose: (value: string) => void;
}

/** From so many on one would rather type. */
const MANY = 10;

function Choice({ label, chosen, options, onChoose }: ChoiceProps) {
  if (options.length < 2) return null;
  return (
    <Select
      ariaLabel={label}
      options={options}
      selectedOption={options.find(({ value }) => value === chosen) ?? null}
      filteringType={options.length > MANY ? "auto" : "none"}
      filteringAriaLabel={`Find ${label.toLowerCase()}`}
      onChange={({ detail }) => onChoose(detail.selectedOption.value!)}
    />
  );
}

function outcomeText({ exitCode, stoppedAt, startedAt, reason }: JobLog): string {
  if (exitCode !== undefined) return `Exit code ${exitCode}`;
  if (stoppedAt !== undefined) return reason ?? "Ended";
  return startedAt === undefined ? "Not started" : "Runs";
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
