import type { JobDetail } from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { AttemptUsageSeries, UnitUsageSeries, UsageSeries } from "../../../../../src/ports/usage-series.ts";
import { call } from "../../../api/call.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { useNow } from "../../../components/now.ts";
import { Loading } from "../../../components/loading.tsx";
import { TimeChart } from "../../../components/chart/time-chart.tsx";
import { hasEnded } from "../job-state.ts";
import { memoryText } from "./cost-section.tsx";
import { SizeAdvice } from "./size-advice.tsx";

const EVERY_MS = 2_000;

/** CPU and memory of an attempt, against what it asked for. */
export function UseOverTime({ job }: { readonly job: JobDetail }) {
  const [number, setNumber] = useState<number>();
  const [unit, setUnit] = useState(0);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["job", job.jobId, "usage-series", number],
    queryFn: () => call<UsageSeries>(seriesPath(job.jobId!, number), "longshore"),
    refetchInterval: hasEnded(job) ? false : EVERY_MS,
  });
  if (isPending) return <Loading what="Reading what it used" />;
  if (data === undefined) {
    return <ErrorAlert what="What it used cannot be told" error={error} onRetry={() => void refetch()} />;
  }
  const { attempt, attemptCount } = data;
  if (attempt === undefined) {
    return (
      <EmptyState title="Nothing was used yet">CPU and memory appear here while an attempt of the job runs.</EmptyState>
    );
  }
  const units = attempt.units;
  const chosen = units[Math.min(unit, units.length - 1)];
  return (
    <SpaceBetween size="m">
      <Header
        variant="h2"
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            {attemptCount > 1 && (
              <Select
                ariaLabel="Attempt"
                options={Array.from({ length: attemptCount }, (_, index) => ({
                  value: String(index + 1),
                  label: `Attempt ${index + 1}`,
                }))}
                selectedOption={{ value: String(attempt.number), label: `Attempt ${attempt.number}` }}
                onChange={({ detail }) => setNumber(Number(detail.selectedOption.value))}
              />
            )}
            {units.length > 1 && (
              <Select
                ariaLabel="Container"
                filteringType="auto"
                filteringAriaLabel="Find container"
                options={units.map((one, index) => ({ value: String(index), label: unitName(one, index) }))}
                selectedOption={{ value: String(unit), label: unitName(units[unit] ?? units[0]!, unit) }}
                onChange={({ detail }) => setUnit(Number(detail.selectedOption.value))}
              />
            )}
          </SpaceBetween>
        }
      >
        CPU and memory
      </Header>
      <SizeAdvice job={job} request={attempt.request} />
      {chosen !== undefined && <Charts attempt={attempt} unit={chosen} />}
    </SpaceBetween>
  );
}

function Charts({ attempt, unit }: { readonly attempt: AttemptUsageSeries; readonly unit: UnitUsageSeries }) {
  const { points } = unit;
  const request = { ...attempt.request, ...unit.request };
  const from = unit.startedAt ?? attempt.startedAt ?? points[0]?.at ?? 0;
  const now = useNow();
  const to = unit.stoppedAt ?? attempt.stoppedAt ?? now;
  const range = { from, to: Math.max(to, from + 1_000) };
  const empty = attempt.isGrowing
    ? "Nothing was measured yet."
    : "Nothing was measured: it was too short, or its driver cannot measure.";
  const peak = unit.peakMemoryMiB;
  return (
    <SpaceBetween size="m">
      <Container header={<Header variant="h3">CPU</Header>}>
        <TimeChart
          label={`vCPUs in use, of ${request.vcpus} asked for`}
          {...range}
          series={[{ title: "vCPUs in use", points: points.map(({ at, vcpus }) => ({ at, value: vcpus })) }]}
          {...(points.length > 0 && { threshold: { title: "Asked for", value: request.vcpus } })}
          empty={empty}
        />
      </Container>
      <Container
        header={
          <Header
            variant="h3"
            {...(peak !== undefined && {
              description: `At most ${memoryText(peak)}, ${Math.round((100 * peak) / request.memoryMiB)} % of the ${memoryText(request.memoryMiB)} that it asked for.`,
            })}
          >
            Memory
          </Header>
        }
      >
        <TimeChart
          label={`Memory held, of ${memoryText(request.memoryMiB)} asked for`}
          {...range}
          series={[
            {
              title: "Memory",
              points: points.flatMap(({ at, memoryMiB }) =>
                memoryMiB === undefined ? [] : [{ at, value: memoryMiB }],
              ),
            },
            ...(peak === undefined || points.length === 0
              ? []
              : [
                  {
                    title: "Most held",
                    points: [
                      { at: range.from, value: peak },
                      { at: range.to, value: peak },
                    ],
                  },
                ]),
          ]}
          {...(points.length > 0 && { threshold: { title: "Asked for", value: request.memoryMiB } })}
          format={memoryText}
          empty={empty}
        />
      </Container>
    </SpaceBetween>
  );
}

function unitName({ name, node }: UnitUsageSeries, index: number): string {
  const parts = [...(node === undefined ? [] : [`Node ${node}`]), ...(name === undefined ? [] : [name])];
  return parts.length === 0 ? `Container ${index + 1}` : parts.join(", ");
}

function seriesPath(jobId: string, attempt: number | undefined): string {
  const path = `/longshore/jobs/${encodeURIComponent(jobId)}/usage-series`;
  return attempt === undefined ? path : `${path}?attempt=${attempt}`;
}
