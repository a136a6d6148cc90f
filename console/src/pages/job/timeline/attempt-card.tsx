import type { JobDetail } from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { PageLink } from "../../../components/resources/page-link.tsx";
import type { AttemptStory } from "../../../../../src/core/explain/explanation.ts";
import { Duration } from "../../../components/duration.tsx";
import { Time } from "../../../components/time.tsx";
import type { AttemptView } from "../attempts.ts";
import { nameOfArn } from "../names.ts";

const ENDS: Readonly<Record<AttemptStory["end"], string>> = {
  succeeded: "Succeeded",
  failed: "Failed",
  "out-of-memory": "Ran out of memory",
  infrastructure: "Lost with its host",
  stopped: "Stopped",
  "not-started": "Never started",
};

export interface AttemptCardProps {
  readonly job: JobDetail;
  readonly attempt: AttemptView;
  readonly story: AttemptStory | undefined;
  /** Why there was another one, or none. */
  readonly decision: string | undefined;
}

export function AttemptCard({ job, attempt, story, decision }: AttemptCardProps) {
  return (
    <Container
      header={
        <Header
          variant="h3"
          actions={<PageLink to={`?tab=logs&attempt=${attempt.number}`}>Log of attempt {attempt.number}</PageLink>}
        >
          Attempt {attempt.number}
        </Header>
      }
    >
      <SpaceBetween size="s">
        <End job={job} attempt={attempt} story={story} />
        <KeyValuePairs columns={4} items={itemsOf(attempt)} />
        {attempt.containers.length > 1 && (
          <ul className="attempt-containers">
            {attempt.containers.map(({ name, exitCode, reason }) => (
              <li key={name}>
                {name}: {exitCode === undefined ? (reason ?? "no exit code") : `exit code ${exitCode}`}
                {exitCode !== undefined && reason !== undefined && `, ${reason}`}
              </li>
            ))}
          </ul>
        )}
        {decision !== undefined && <Box color="text-body-secondary">{decision}</Box>}
      </SpaceBetween>
    </Container>
  );
}

function End({ job, attempt, story }: Omit<AttemptCardProps, "decision">) {
  if (attempt.stoppedAt === undefined) {
    return <StatusIndicator type="in-progress">{attempt.startedAt === undefined ? "Starts" : "Runs"}</StatusIndicator>;
  }
  const isGood = story === undefined ? attempt.exitCode === 0 && job.status === "SUCCEEDED" : story.end === "succeeded";
  const words = story === undefined ? (isGood ? "Succeeded" : "Failed") : ENDS[story.end];
  return <StatusIndicator type={isGood ? "success" : "error"}>{words}</StatusIndicator>;
}

function itemsOf(attempt: AttemptView): KeyValuePairsProps.Item[] {
  const { startedAt, stoppedAt, exitCode, reason, statusReason, taskArn, containerInstanceArn, nodeName } = attempt;
  const text = (words: string) => <span className="attempt-text">{words}</span>;
  return [
    { label: "Started", value: startedAt === undefined ? "Never" : <Time at={startedAt} as="absolute" /> },
    { label: "Ran for", value: startedAt === undefined ? "–" : <Duration from={startedAt} to={stoppedAt} /> },
    ...(exitCode === undefined ? [] : [{ label: "Exit code", value: exitCodeText(exitCode) }]),
    ...(reason === undefined ? [] : [{ label: "Reason", value: text(reason) }]),
    ...(statusReason === undefined ? [] : [{ label: "Status reason", value: text(statusReason) }]),
    ...(taskArn === undefined ? [] : [{ label: "Task", value: text(nameOfArn(taskArn)) }]),
    ...(containerInstanceArn === undefined
      ? []
      : [{ label: "Container instance", value: text(nameOfArn(containerInstanceArn)) }]),
    ...(nodeName === undefined ? [] : [{ label: "Host", value: text(nodeName) }]),
  ];
}

const SIGNALS: Readonly<Record<number, string>> = {
  129: "SIGHUP",
  130: "SIGINT",
  131: "SIGQUIT",
  134: "SIGABRT",
  136: "SIGFPE",
  137: "SIGKILL",
  139: "SIGSEGV",
  143: "SIGTERM",
};

/** Shells and engines tell a signal as 128 and its number. */
export function exitCodeText(exitCode: number): string {
  const signal = SIGNALS[exitCode];
  return signal === undefined ? String(exitCode) : `${exitCode} (${signal})`;
}
