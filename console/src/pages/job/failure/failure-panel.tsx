import type { JobDetail } from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { PageLink } from "../../../components/resources/page-link.tsx";
import { Loading } from "../../../components/loading.tsx";
import { attemptsOf } from "../attempts.ts";
import { LogRow } from "../logs/log-row.tsx";
import "../logs/logs.css";
import { readLog, sourceOf } from "../logs/read-log.ts";
import { useJobLogs } from "../logs/use-job-logs.ts";
import { retryText } from "../timeline/retry-text.ts";
import { exitCodeText } from "../timeline/attempt-card.tsx";
import { useExplanation } from "../waiting/use-explanation.ts";
import { adviceFor } from "./failure-advice.ts";

const LAST_LINES = 40;

/** What one asks first of a job that failed: why, and what it said last. */
export default function FailurePanel({ job }: { readonly job: JobDetail }) {
  const { data: explanation } = useExplanation(job.jobId!, false);
  const attempts = attemptsOf(job);
  const last = attempts.at(-1);
  const story = explanation?.attempts.at(-1);
  const reason = last?.reason ?? last?.statusReason ?? job.statusReason;
  const advice = adviceFor(story?.end, last);
  const decision = last && retryText(job, attempts, attempts.length - 1, story);
  return (
    <SpaceBetween size="l">
      <Alert
        type="error"
        statusIconAriaLabel="Error"
        header={<span className="failure-text">{explanation?.answer ?? job.statusReason ?? "The job failed"}</span>}
      >
        <SpaceBetween size="xs">
          {last?.exitCode !== undefined && <div>Exit code: {exitCodeText(last.exitCode)}</div>}
          {reason !== undefined && <div className="failure-text">Reason: {reason}</div>}
          {attempts.length > 1 && (
            <div>
              <PageLink to="?tab=timeline">{attempts.length} attempts</PageLink> failed.
            </div>
          )}
          {decision !== undefined && <div>{decision}</div>}
          {advice !== undefined && <div>{advice}</div>}
        </SpaceBetween>
      </Alert>
      {last !== undefined && <LogEnd job={job} />}
    </SpaceBetween>
  );
}

function LogEnd({ job }: { readonly job: JobDetail }) {
  const { data } = useJobLogs(job.jobId!);
  const logs = data?.logs ?? [];
  const ofLast = logs.filter(({ attempt }) => attempt === logs.at(-1)?.attempt);
  const log =
    ofLast.find(({ exitCode, logStreamName }) => exitCode !== 0 && logStreamName !== undefined) ?? ofLast.at(-1);
  const source = log && sourceOf(log);
  const { data: lines, isPending } = useQuery({
    queryKey: ["job", job.jobId, "log-end", source?.logStreamName],
    queryFn: async () => {
      const { lines } = await readLog(source!)({ limit: LAST_LINES });
      return lines.map((line, seq) => ({ ...line, seq }));
    },
    enabled: source !== undefined,
  });
  if (data !== undefined && source === undefined) return null;
  const query = new URLSearchParams({
    tab: "logs",
    attempt: String(log?.attempt ?? 1),
    ...(log?.node !== undefined && { node: String(log.node) }),
    ...(log?.container !== undefined && { container: log.container }),
  });
  const where = `${log?.node === undefined ? "" : ` of node ${log.node}`}${log?.container === undefined ? "" : ` of ${log.container}`}`;
  return (
    <Container
      header={
        <Header variant="h2" actions={<PageLink to={`?${query}`}>The whole log</PageLink>}>
          The last lines{where}
        </Header>
      }
    >
      {isPending ? (
        <Loading />
      ) : lines === undefined || lines.length === 0 ? (
        <p>It wrote nothing.</p>
      ) : (
        // It scrolls, so the keyboard has to get into it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className="log-view log-view-wraps failure-log" aria-label="The last lines" tabIndex={0}>
          {lines.map((line) => (
            <div key={line.seq} className="failure-row">
              <LogRow line={line} time="" finder={undefined} href="" onSelect={() => undefined} />
            </div>
          ))}
        </section>
      )}
    </Container>
  );
}
