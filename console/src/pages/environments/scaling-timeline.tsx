import "./timeline.css";
import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { KeptEvent, KeptEvents, ScalingEventDetail } from "../../../../src/ports/event-report.ts";
import { call } from "../../api/call.ts";
import { useLive } from "../../api/live.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorAlert } from "../../components/errors.tsx";
import { Loading } from "../../components/loading.tsx";
import { Time } from "../../components/time.tsx";

const PAGE_SIZE = 25;

const ACTIONS: Readonly<Record<string, readonly [type: StatusIndicatorProps.Type, words: string]>> = {
  launch: ["in-progress", "Launch"],
  running: ["success", "Running"],
  "launch-failed": ["error", "Launch failed"],
  terminate: ["in-progress", "Terminate"],
  terminated: ["stopped", "Terminated"],
  lost: ["error", "Lost"],
};

/** Why instances came and went, the newest first. */
export function ScalingTimeline({ environment }: { readonly environment: Batch.ComputeEnvironmentDetail }) {
  const arn = environment.computeEnvironmentArn!;
  useLive([["scaling", arn]], ({ detail }) => detail.computeEnvironment === arn);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["scaling", arn],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        "detail-type": "Longshore Scaling Activity",
        resource: arn,
        limit: String(PAGE_SIZE),
        ...(pageParam !== undefined && { before: String(pageParam) }),
      });
      return call<KeptEvents>(`/longshore/events?${query.toString()}`, "longshore");
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ nextBefore }) => nextBefore,
  });
  const events = data?.pages.flatMap((page) => page.events);
  return (
    <Container
      header={
        <Header variant="h2" description="Each decision with its reason, the newest first.">
          Scaling decisions
        </Header>
      }
    >
      {events === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorAlert what="The scaling decisions could not be read" error={error} onRetry={() => void refetch()} />
        )
      ) : events.length === 0 ? (
        <EmptyState title="Nothing was launched or terminated yet">
          A decision appears here when a job needs an instance, or an instance has nothing to do.
        </EmptyState>
      ) : (
        <SpaceBetween size="s">
          <ol className="timeline" aria-label="Scaling decisions">
            {events.map((one) => (
              <Decision key={one.seq} kept={one} />
            ))}
          </ol>
          {hasNextPage && (
            <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show older
            </Button>
          )}
        </SpaceBetween>
      )}
    </Container>
  );
}

function Decision({ kept: { event } }: { readonly kept: KeptEvent }) {
  const { action, instanceId, instanceType, reason, desiredvCpus } = event.detail as ScalingEventDetail;
  const [type, words] = ACTIONS[action] ?? (["info", action] as const);
  return (
    <li>
      <div className="timeline-head">
        <StatusIndicator type={type}>{words}</StatusIndicator>
        <span>
          {instanceType} {instanceId}
        </span>
        <Time at={Date.parse(event.time)} />
      </div>
      <div className="timeline-reason">
        {reason}
        {desiredvCpus !== undefined && ` It wants ${desiredvCpus} vCPUs then.`}
      </div>
    </li>
  );
}
