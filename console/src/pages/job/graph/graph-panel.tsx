import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { JobDetail } from "@aws-sdk/client-batch";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { JobGraph } from "../../../../../src/ports/job-graph.ts";
import { call } from "../../../api/call.ts";
import { useLive } from "../../../api/live.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { jobPath, ownerOf } from "../job-id.ts";
import { criticalPath } from "./critical-path.ts";
import { GraphList } from "./graph-list.tsx";
import { drawnEdges } from "./drawn-edges.ts";

const Drawing = lazy(() => import("./drawing.tsx"));

const FIRST_LIMIT = 500;
/** The most that the server tells of. */
const MOST = 2_000;
const FEW_BLOCKERS = 5;

/** All that the job waits for and all that waits for it. */
export default function GraphPanel({ job }: { readonly job: JobDetail }) {
  const jobId = job.jobId!;
  const [, navigate] = useLocation();
  const [limit, setLimit] = useState(FIRST_LIMIT);
  const { data, error, refetch } = useQuery({
    queryKey: ["graph", jobId, limit],
    queryFn: () => call<JobGraph>(`/longshore/jobs/${encodeURIComponent(jobId)}/graph?limit=${limit}`, "longshore"),
    placeholderData: keepPreviousData,
  });
  const shown = useRef(new Set<string>());
  useEffect(() => {
    shown.current = new Set(data?.nodes.map((node) => node.jobId));
  }, [data]);
  useLive([["graph", jobId]], ({ detail }) => {
    const id = detail.jobId ?? "";
    // A new job may depend on one of these.
    return detail.status === "SUBMITTED" || shown.current.has(ownerOf(id) ?? id);
  });
  const open = useCallback((id: string) => navigate(`${jobPath(id)}?tab=graph`), [navigate]);
  if (data === undefined) {
    return error === null ? (
      <Loading what="Loading the dependencies" />
    ) : (
      <ErrorAlert what="The dependencies could not be read" error={error} onRetry={() => void refetch()} />
    );
  }
  return (
    <SpaceBetween size="m">
      {error !== null && <ErrorAlert what="What is shown may be old" error={error} onRetry={() => void refetch()} />}
      {data.nodes.length === 1 && data.edges.length === 0 ? (
        <EmptyState title="No dependencies">
          This job waits for no other one, and none waits for it. Name jobs in dependsOn when you submit one, and they
          are shown here.
        </EmptyState>
      ) : (
        <Shown graph={data} onOpen={open} />
      )}
      {data.isPartial && (
        <Alert
          type="info"
          statusIconAriaLabel="Info"
          action={
            limit < MOST && <Button onClick={() => setLimit(MOST)}>Show up to {MOST.toLocaleString("en")}</Button>
          }
        >
          There are more jobs than the {data.nodes.length.toLocaleString("en")} nearest ones, which are shown. Jobs with
          more around them say so: open one to see the graph from there.
        </Alert>
      )}
    </SpaceBetween>
  );
}

interface ShownProps {
  readonly graph: JobGraph;
  readonly onOpen: (jobId: string) => void;
}

function Shown({ graph, onOpen }: ShownProps) {
  const [text, setText] = useState("");
  const [turn, setTurn] = useState(0);
  const edges = useMemo(() => drawnEdges(graph), [graph]);
  const path = useMemo(() => criticalPath(graph, edges), [graph, edges]);
  const found = useMemo(() => idsFound(graph, text), [graph, text]);
  const matches = [...found];
  const middle = matches[turn % Math.max(1, matches.length)];
  const before = graph.nodes.filter(({ step }) => step < 0).length;
  const after = graph.nodes.filter(({ step }) => step > 0).length;
  return (
    <SpaceBetween size="s">
      <Header
        variant="h2"
        counter={`(${graph.nodes.length})`}
        description={`${before} that it waits for, ${after} that wait for it`}
        actions={
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Input
              type="search"
              value={text}
              placeholder="Find by name or id"
              ariaLabel="Find a job by name or id"
              clearAriaLabel="Find nothing"
              onChange={({ detail }) => {
                setText(detail.value);
                setTurn(0);
              }}
              onKeyDown={({ detail }) => {
                if (detail.key === "Enter") setTurn(turn + 1);
              }}
            />
            <span aria-live="polite">
              {text.trim() !== "" &&
                (matches.length === 0 ? "none" : `${(turn % matches.length) + 1} of ${matches.length}`)}
            </span>
          </SpaceBetween>
        }
      >
        Dependencies
      </Header>
      {path.blockers.length > 0 && (
        <Box>
          Waits for{" "}
          {path.blockers.slice(0, FEW_BLOCKERS).map(({ jobId, job }, place) => (
            <span key={jobId} style={{ overflowWrap: "anywhere" }}>
              {place > 0 && ", "}
              <Button
                variant="inline-link"
                href={jobPath(jobId)}
                onFollow={(event) => {
                  event.preventDefault();
                  onOpen(jobId);
                }}
              >
                {job?.name}
              </Button>{" "}
              ({job?.status})
            </span>
          ))}
          {path.blockers.length > FEW_BLOCKERS && ` and ${path.blockers.length - FEW_BLOCKERS} more`}. The longest way
          is marked.
        </Box>
      )}
      <Suspense fallback={<Loading what="Drawing the graph" />}>
        <Drawing graph={graph} edges={edges} path={path} found={found} middle={middle} onOpen={onOpen} />
      </Suspense>
      <ExpandableSection headerText="As a list">
        <GraphList graph={graph} onOpen={onOpen} />
      </ExpandableSection>
    </SpaceBetween>
  );
}

function idsFound({ nodes }: JobGraph, text: string): ReadonlySet<string> {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return new Set();
  return new Set(
    nodes
      .filter(({ jobId, job }) => jobId.includes(wanted) || job?.name.toLowerCase().includes(wanted))
      .map(({ jobId }) => jobId),
  );
}
