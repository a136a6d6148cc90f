import "./array.css";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { JobDetail } from "@aws-sdk/client-batch";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import type { PlainJobStatus } from "../../../../../src/core/job.ts";
import { useLive } from "../../../api/live.ts";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { jobPath } from "../job-id.ts";
import { ChildGrid } from "./child-grid.tsx";
import { countsOf, PART, readChildren, statesOf, STATUSES } from "./children.ts";
import { FailedChildren } from "./failed-children.tsx";
import { Legend, SummaryBar } from "./legend.tsx";
import { ToldChild } from "./told-child.tsx";

const ZOOM_STEP = 1.5;
const MOST_ZOOM = 8;

/** All children of an array. What is filtered, and from which index on, is in the URL. */
export default function ArrayPanel({ job }: { readonly job: JobDetail }) {
  const jobId = job.jobId!;
  const size = job.arrayProperties?.size ?? 0;
  const [search, setSearch] = useSearchParams();
  const [, navigate] = useLocation();
  const [zoom, setZoom] = useState(1);
  const [current, setCurrent] = useState<number>();
  const from = partOf(search.get("from"), size);
  const queryKey = ["children", jobId, from];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: () => readChildren(jobId, from),
    placeholderData: keepPreviousData,
  });
  useLive(
    [["children", jobId]],
    ({ detail }) => detail.jobId === jobId || detail.jobId?.startsWith(`${jobId}:`) === true,
  );
  const states = useMemo(() => (data === undefined ? new Uint8Array() : statesOf(data)), [data]);
  const chosenText = search.get("children") ?? "";
  const chosen = useMemo(() => chosenOf(chosenText), [chosenText]);
  const shown = useMemo(
    () => new Set(STATUSES.flatMap((status, code) => (chosen.size === 0 || chosen.has(status) ? [code] : []))),
    [chosen],
  );
  if (data === undefined) {
    return error === null ? (
      <Loading what="Loading the children" />
    ) : (
      <ErrorAlert what="The children could not be read" error={error} onRetry={() => void refetch()} />
    );
  }
  const change = (name: string, value: string): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const toggle = (status: PlainJobStatus): void => {
    const next = new Set(chosen);
    if (!next.delete(status)) next.add(status);
    change("children", STATUSES.filter((one) => next.has(one)).join());
  };
  const inPart = countsOf(states);
  const counts = size > PART ? (job.arrayProperties?.statusSummary ?? inPart) : inPart;
  const summary = `${states.length} children: ${STATUSES.filter((status) => inPart[status] > 0)
    .map((status) => `${inPart[status]} ${status}`)
    .join(", ")}`;
  const status = current === undefined ? undefined : STATUSES[states[current] ?? -1];
  return (
    <SpaceBetween size="m">
      <Header
        variant="h2"
        counter={`(${size.toLocaleString("en")})`}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {size > PART && (
              <Parts
                from={from}
                to={data.to}
                size={size}
                onFrom={(next) => change("from", next === 0 ? "" : String(next))}
              />
            )}
            <Button
              iconName="zoom-out"
              ariaLabel="Smaller cells"
              disabled={zoom <= 1}
              onClick={() => setZoom(Math.max(1, zoom / ZOOM_STEP))}
            />
            <Button
              iconName="zoom-in"
              ariaLabel="Larger cells"
              disabled={zoom >= MOST_ZOOM}
              onClick={() => setZoom(Math.min(MOST_ZOOM, zoom * ZOOM_STEP))}
            />
          </SpaceBetween>
        }
      >
        Children
      </Header>
      {error !== null && <ErrorAlert what="What is shown may be old" error={error} onRetry={() => void refetch()} />}
      <SummaryBar counts={counts} />
      <Legend counts={counts} chosen={chosen} onToggle={toggle} />
      <ToldChild arrayJobId={jobId} index={current === undefined ? undefined : from + current} status={status} />
      <ChildGrid
        states={states}
        from={data.from}
        shown={shown}
        zoom={zoom}
        current={current}
        onCurrent={setCurrent}
        onOpen={(cell) => navigate(jobPath(`${jobId}:${data.from + cell}`))}
        summary={summary}
      />
      <FailedChildren of={data} />
    </SpaceBetween>
  );
}

interface PartsProps {
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly onFrom: (from: number) => void;
}

/** Of an array that is too large to be shown at once. */
function Parts({ from, to, size, onFrom }: PartsProps) {
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      <Button
        iconName="angle-left"
        ariaLabel="Children before"
        disabled={from === 0}
        onClick={() => onFrom(Math.max(0, from - PART))}
      />
      <Box>
        {from.toLocaleString("en")}–{(to - 1).toLocaleString("en")}
      </Box>
      <Button
        iconName="angle-right"
        ariaLabel="Children after"
        disabled={to >= size}
        onClick={() => onFrom(from + PART)}
      />
    </SpaceBetween>
  );
}

/** The beginning of the part that has this index. */
function partOf(text: string | null, size: number): number {
  const index = /^\d{1,7}$/.test(text ?? "") ? Number(text) : 0;
  return index < size ? index - (index % PART) : 0;
}

function chosenOf(text: string): Set<PlainJobStatus> {
  const names = text.split(",");
  return new Set(STATUSES.filter((status) => names.includes(status)));
}
