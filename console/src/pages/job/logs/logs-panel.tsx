import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "wouter";
import type { JobLog } from "../../../../../src/ports/job-logs.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import type { LoggedJob } from "../job-state.ts";
import { hasEnded, isWaiting } from "../job-state.ts";
import { LogChoice } from "./log-choice.tsx";
import { LogViewer } from "./log-viewer.tsx";
import "./logs.css";
import { sourceOf } from "./read-log.ts";
import { useJobLogs } from "./use-job-logs.ts";

/** What a job writes, by attempt, node and container. */
export default function LogsPanel({ job }: { readonly job: LoggedJob }) {
  const { data, error, isPending, refetch } = useJobLogs(job.jobId!);
  const [search, setSearch] = useSearchParams();
  if (isPending) return <Loading what="Looking for the logs" />;
  if (data === undefined) {
    return <ErrorAlert what="The logs cannot be found" error={error} onRetry={() => void refetch()} />;
  }
  const chosen = chosenLog(data.logs, search);
  if (chosen === undefined) return <NotStarted job={job} />;
  const choose = ({ attempt, node, container }: JobLog): void =>
    setSearch({
      tab: "logs",
      attempt: String(attempt),
      ...(node !== undefined && { node: String(node) }),
      ...(container !== undefined && { container }),
    });
  const source = sourceOf(chosen);
  return (
    <SpaceBetween size="s">
      <LogChoice logs={data.logs} chosen={chosen} onChoose={choose} />
      {source === undefined ? (
        <NoLog log={chosen} />
      ) : (
        <LogViewer
          key={`${source.logGroupName} ${source.logStreamName}`}
          job={job}
          log={chosen}
          source={source}
          isOver={chosen.stoppedAt !== undefined || hasEnded(job)}
        />
      )}
    </SpaceBetween>
  );
}

/** What the address names, else the last one that has something to show. */
function chosenLog(logs: readonly JobLog[], search: URLSearchParams): JobLog | undefined {
  const number = (name: string): number | undefined => {
    const text = search.get(name);
    return text === null ? undefined : Number(text);
  };
  const last = logs.findLast(({ logStreamName }) => logStreamName !== undefined) ?? logs.at(-1);
  const attempt = number("attempt") ?? last?.attempt;
  const ofAttempt = logs.filter((log) => log.attempt === attempt);
  const [node, container] = [number("node"), search.get("container")];
  return (
    ofAttempt.find((log) => log.node === node && (container === null || log.container === container)) ??
    ofAttempt.find(({ logStreamName }) => logStreamName !== undefined) ??
    ofAttempt[0] ??
    last
  );
}

function NotStarted({ job }: { readonly job: LoggedJob }) {
  if (isWaiting(job) || job.status === "STARTING") {
    return (
      <EmptyState title="The job has not started">
        It is {job.status}. What it writes appears here as soon as it runs.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="The job never started">
      {job.statusReason ?? "It ended before it had an attempt: there is no log."}
    </EmptyState>
  );
}

function NoLog({ log }: { readonly log: JobLog }) {
  if (log.logGroupName === undefined) {
    return (
      <EmptyState title="No log is kept here">
        The job's log driver takes the output elsewhere. With the driver awslogs it is kept here.
      </EmptyState>
    );
  }
  if (log.stoppedAt === undefined) {
    return <EmptyState title="It starts">What it writes appears here as soon as it runs.</EmptyState>;
  }
  return <EmptyState title="It never started">{log.reason ?? "There is no log."}</EmptyState>;
}
