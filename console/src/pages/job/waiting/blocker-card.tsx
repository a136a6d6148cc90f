import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { PageLink } from "../../../components/resources/page-link.tsx";
import type { Explanation, Sentences, StatedVerdict } from "../../../../../src/core/explain/explanation.ts";
import { JobStatus } from "../../../components/job-status.tsx";
import { Time } from "../../../components/time.tsx";
import { jobPath } from "../job-id.ts";
import { consumablePath, environmentPath, nameOfArn, queuePath } from "../names.ts";

type Blocker = Explanation["blockers"][number];

const TITLES: Readonly<Record<Blocker["kind"], string>> = {
  dependency: "Depends on a job",
  refusal: "Can never start",
  placement: "No room",
  consumable: "Waits for a consumable resource",
  crowded: "Its array is full",
  policy: "The queue's own rules",
  behind: "Behind another job",
  "queue-before": "Another queue comes first",
};

/** One thing that keeps a job from starting: what it is, what to do, and where to look. */
export function BlockerCard({ number, blocker }: { readonly number: number; readonly blocker: Blocker }) {
  return (
    <Container>
      <article className="waiting-blocker" aria-label={`${number}. ${TITLES[blocker.kind]}`}>
        <SpaceBetween size="xs">
          <Box variant="h3" padding="n">
            {number}. {TITLES[blocker.kind]}
          </Box>
          <Said {...blocker} />
          <About blocker={blocker} />
        </SpaceBetween>
      </article>
    </Container>
  );
}

function Said({ text, fix }: Sentences) {
  return (
    <>
      <div className="waiting-text">{text}</div>
      <div className="waiting-text waiting-fix">
        <Box variant="strong">What to do: </Box>
        {fix}
      </div>
    </>
  );
}

/** Where each fact leads. */
function About({ blocker }: { readonly blocker: Blocker }): ReactNode {
  switch (blocker.kind) {
    case "dependency":
      return (
        <div className="waiting-links">
          <JobLink jobId={blocker.jobId} /> <JobStatus status={blocker.status} />
          {blocker.root !== undefined && (
            <>
              <span>which in turn waits for</span>
              <JobLink jobId={blocker.root.jobId} /> <JobStatus status={blocker.root.status} />
            </>
          )}
        </div>
      );
    case "placement":
      return blocker.environments.map((verdict) => <Verdict key={verdict.environmentArn} verdict={verdict} />);
    case "consumable":
      return (
        <SpaceBetween size="xxs">
          <PageLink to={consumablePath(blocker.arn)}>{nameOfArn(blocker.arn)}</PageLink>
          <Holders
            title={`Held by ${blocker.holderCount} ${blocker.holderCount === 1 ? "job" : "jobs"}`}
            jobs={blocker.holders}
          />
        </SpaceBetween>
      );
    case "crowded":
      return (
        <div className="waiting-links">
          Its array: <JobLink jobId={blocker.arrayId} />
        </div>
      );
    case "behind":
      return (
        <div className="waiting-links">
          At the head of the queue: <JobLink jobId={blocker.headJobId} />
        </div>
      );
    case "queue-before":
      return (
        <div className="waiting-links">
          {blocker.queueArn !== undefined && (
            <PageLink to={queuePath(blocker.queueArn)}>{nameOfArn(blocker.queueArn)}</PageLink>
          )}
          {blocker.headJobId !== undefined && <JobLink jobId={blocker.headJobId} />}
        </div>
      );
    case "refusal":
    case "policy":
      return null;
  }
}

function Verdict({ verdict: { environmentArn, obstacles, largest } }: { readonly verdict: StatedVerdict }) {
  return (
    <section className="waiting-verdict">
      <Box variant="h4" padding="n">
        <PageLink to={environmentPath(environmentArn)}>{nameOfArn(environmentArn)}</PageLink>
      </Box>
      {obstacles.map((obstacle) => (
        <div key={`${obstacle.kind} ${obstacle.text}`}>
          <Said {...obstacle} />
          {"toFree" in obstacle && obstacle.toFree.length > 0 && (
            <Holders title="When these end, there is room" jobs={obstacle.toFree} />
          )}
        </div>
      ))}
      {largest !== undefined && (
        <Box color="text-body-secondary">
          The largest that fits: {sizeText(largest.now)} now, {sizeText(largest.ever)} when nothing runs.
        </Box>
      )}
    </section>
  );
}

interface Holder {
  readonly jobId?: string;
  readonly endsBy?: number;
}

function Holders({ title, jobs }: { readonly title: string; readonly jobs: readonly Holder[] }) {
  if (jobs.length === 0) return null;
  return (
    <div>
      {title}:
      <ul className="waiting-list">
        {jobs.map(({ jobId, endsBy }, index) => (
          <li key={jobId ?? `other ${index}`}>
            {jobId === undefined ? "a job of another account or region" : <JobLink jobId={jobId} />}
            {endsBy !== undefined && (
              <>
                , ends <Time at={endsBy} /> at the latest
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function JobLink({ jobId }: { readonly jobId: string }) {
  return <PageLink to={jobPath(jobId)}>{jobId}</PageLink>;
}

function sizeText({ vcpuMilli, memoryMiB }: { readonly vcpuMilli: number; readonly memoryMiB: number }): string {
  return `${vcpuMilli / 1000} vCPU and ${memoryMiB.toLocaleString("en-GB")} MiB`;
}
