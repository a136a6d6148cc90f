import type { JobDetail } from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { durationText } from "../../../components/duration.tsx";
import { EmptyState } from "../../../components/empty-state.tsx";
import { useNow } from "../../../components/now.ts";
import { Time } from "../../../components/time.tsx";
import { attemptsOf } from "../attempts.ts";
import { hasEnded } from "../job-state.ts";
import { useExplanation } from "../waiting/use-explanation.ts";
import { AttemptCard } from "./attempt-card.tsx";
import { retryText } from "./retry-text.ts";
import { segmentsOf, spentIn } from "./segments.ts";
import { StateBar } from "./state-bar.tsx";
import "./timeline.css";
import { useTransitions } from "./use-transitions.ts";

/** Where a job's time went, and what became of each attempt. */
export default function TimelinePanel({ job }: { readonly job: JobDetail }) {
  const now = useNow();
  const { data: transitions = [] } = useTransitions(job);
  const { data: explanation } = useExplanation(job.jobId!, false);
  const segments = segmentsOf(job, transitions);
  const attempts = attemptsOf(job);
  const { waitedMs, startingMs, runningMs } = spentIn(segments, now);
  const { attemptDurationSeconds: timeout } = job.timeout ?? {};
  const running = attempts.findLast(({ startedAt, stoppedAt }) => startedAt !== undefined && stoppedAt === undefined);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">States</Header>}>
        <SpaceBetween size="m">
          <KeyValuePairs
            columns={4}
            items={[
              { label: "Submitted", value: <Time at={job.createdAt} as="absolute" /> },
              { label: "Waited", value: durationText(waitedMs) },
              ...(startingMs > 0 ? [{ label: "Was starting", value: durationText(startingMs) }] : []),
              { label: "Ran", value: runningMs === 0 ? "–" : durationText(runningMs) },
              ...(hasEnded(job) ? [{ label: "Ended", value: <Time at={job.stoppedAt} as="absolute" /> }] : []),
              ...(running !== undefined && timeout !== undefined
                ? [
                    {
                      label: "Ends at the latest",
                      value: (
                        <>
                          <Time at={running.startedAt! + timeout * 1000} />, by its timeout of{" "}
                          {durationText(timeout * 1000)}
                        </>
                      ),
                    },
                  ]
                : []),
            ]}
          />
          <StateBar segments={segments} status={job.status!} now={now} />
        </SpaceBetween>
      </Container>
      <SpaceBetween size="s">
        <Header variant="h2" counter={`(${attempts.length} of ${job.retryStrategy?.attempts ?? 1})`}>
          Attempts
        </Header>
        {attempts.length === 0 && (
          <EmptyState title="No attempt yet">
            {hasEnded(job)
              ? `It ended before it had one${job.statusReason === undefined ? "." : `: ${job.statusReason}`}`
              : "An attempt begins when the job is given capacity."}
          </EmptyState>
        )}
        {attempts.toReversed().map((attempt) => {
          const story = explanation?.attempts.find(({ number }) => number === attempt.number);
          const decision = retryText(job, attempts, attempt.number - 1, story);
          return <AttemptCard key={attempt.number} {...{ job, attempt, story, decision }} />;
        })}
      </SpaceBetween>
    </SpaceBetween>
  );
}
