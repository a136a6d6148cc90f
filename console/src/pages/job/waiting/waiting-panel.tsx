import type { JobDetail } from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PageLink } from "../../../components/resources/page-link.tsx";
import type { Estimate, Explanation, Position } from "../../../../../src/core/explain/explanation.ts";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { Time } from "../../../components/time.tsx";
import { isWaiting } from "../job-state.ts";
import { nameOfArn, queuePath } from "../names.ts";
import { BlockerCard } from "./blocker-card.tsx";
import { ShareTurnsTable } from "./share-turns.tsx";
import { useExplanation } from "./use-explanation.ts";
import "./waiting.css";

/** Everything that keeps a job from starting, and what one can do about it. */
export default function WaitingPanel({ job }: { readonly job: JobDetail }) {
  const { data, error, isPending, refetch } = useExplanation(job.jobId!, true);
  if (isPending) return <Loading what="Asking the scheduler" />;
  if (data === undefined) {
    return <ErrorAlert what="The scheduler did not say why" error={error} onRetry={() => void refetch()} />;
  }
  const { blockers, shares, waitsFor = [], nextChild } = data;
  return (
    <SpaceBetween size="l">
      <Alert type="info" statusIconAriaLabel="Information" header={<span className="waiting-text">{data.answer}</span>}>
        {waitsFor.length > 0 && (
          <ul className="waiting-list">
            {waitsFor.map((what) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        )}
        {nextChild !== undefined && (
          <>
            This is about the first of its children that wait,{" "}
            <PageLink to={`/jobs/${nextChild}`}>{nextChild}</PageLink>.
          </>
        )}
      </Alert>
      {isWaiting(job) && <Place explanation={data} />}
      {blockers.length > 0 && (
        <SpaceBetween size="s">
          <Header variant="h2" counter={`(${blockers.length})`}>
            In its way
          </Header>
          {blockers.length > 1 && <Box color="text-body-secondary">All of these have to go before it starts.</Box>}
          {blockers.map((blocker, index) => (
            <BlockerCard key={`${blocker.kind} ${blocker.text}`} number={index + 1} blocker={blocker} />
          ))}
        </SpaceBetween>
      )}
      {shares !== undefined && (
        <Container header={<Header variant="h2">Whose turn comes first</Header>}>
          <ShareTurnsTable turns={shares} />
        </Container>
      )}
    </SpaceBetween>
  );
}

function Place({ explanation: { jobQueue, position, estimate } }: { readonly explanation: Explanation }) {
  return (
    <KeyValuePairs
      columns={3}
      items={[
        { label: "Queue", value: <PageLink to={queuePath(jobQueue)}>{nameOfArn(jobQueue)}</PageLink> },
        { label: "Place in the queue", value: position === undefined ? "Not in line yet" : placeText(position) },
        { label: "Expected start", value: <Start estimate={estimate} /> },
      ]}
    />
  );
}

function placeText(position: Position): string {
  if ("moreThan" in position) return `Behind more than ${position.moreThan.toLocaleString("en-GB")} others`;
  return position.place === 1 ? "1, the next one" : position.place.toLocaleString("en-GB");
}

function Start({ estimate }: { readonly estimate: Estimate | undefined }) {
  if (estimate === undefined) return <>Not known</>;
  if ("unknown" in estimate) return <>Not known: {estimate.unknown}</>;
  return (
    <>
      <Time at={estimate.at} />
      <Box variant="small" display="block">
        If what runs takes as long as it is expected to, or as its timeout allows
      </Box>
    </>
  );
}
