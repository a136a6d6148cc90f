import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { HistoryReport, Values } from "../../../../src/ports/history-report.ts";
import { call } from "../../api/call.ts";
import { durationText } from "../../components/duration.tsx";
import { ErrorAlert } from "../../components/errors.tsx";
import { Loading } from "../../components/loading.tsx";
import type { TimeSeries } from "../../components/chart/time-chart.tsx";
import { TimeChart } from "../../components/chart/time-chart.tsx";
import { useViewState } from "../../components/view-state.ts";

const HOURS = { "3h": 3, "12h": 12, "24h": 24, "7d": 168 } as const;
type Range = keyof typeof HOURS;
const HOUR_MS = 3_600_000;
/** What is kept has minutes. */
const EVERY_MS = 30_000;

export function useHistory(range: Range): ReturnType<typeof useQuery<HistoryReport>> {
  return useQuery({
    queryKey: ["history", range],
    queryFn: ({ signal }) => {
      const to = Date.now();
      return call<HistoryReport>(`/longshore/history?from=${to - HOURS[range] * HOUR_MS}&to=${to}`, "longshore", {
        signal,
      });
    },
    refetchInterval: EVERY_MS,
  });
}

/** How the queues and environments did. */
export function OverTime() {
  const view = useViewState();
  const range: Range = view.get("range") in HOURS ? (view.get("range") as Range) : "3h";
  const { data, error, refetch } = useHistory(range);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SegmentedControl
              label="Time"
              selectedId={range}
              options={[
                { id: "3h", text: "3 hours" },
                { id: "12h", text: "12 hours" },
                { id: "24h", text: "A day" },
                { id: "7d", text: "A week" },
              ]}
              onChange={({ detail }) => view.set({ range: detail.selectedId === "3h" ? "" : detail.selectedId })}
            />
          }
        >
          Over time
        </Header>
      }
    >
      {data !== undefined ? (
        <Charts history={data} />
      ) : error !== null ? (
        <ErrorAlert what="The history could not be read" error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </Container>
  );
}

function Charts({ history }: { readonly history: HistoryReport }) {
  const { from, to, step, series } = history;
  const { times, total, environments } = series;
  const line = (title: string, values: Values): TimeSeries => ({
    title,
    points: values.flatMap((value, at) => (value === null ? [] : [{ at: times[at]!, value }])),
  });
  const per = durationText(step * 1000);
  const common = { from, to, height: 160 };
  return (
    <SpaceBetween size="l">
      <section>
        <Header variant="h3">Jobs that ended, each {per}</Header>
        <TimeChart
          {...common}
          label="Jobs that ended over time"
          series={[line("Succeeded", total.succeeded), line("Failed", total.failed)]}
        />
      </section>
      <section>
        <Header variant="h3">Waiting and running</Header>
        <TimeChart
          {...common}
          label="Jobs that waited and that ran over time"
          series={[line("Waiting", total.waiting), line("Running", total.running)]}
        />
      </section>
      <section>
        <Header variant="h3">Time from runnable to start</Header>
        <TimeChart
          {...common}
          label="Waiting time over time"
          series={[line("Half of the jobs within", total.waitSecondsP50), line("95 % within", total.waitSecondsP95)]}
          format={secondsText}
        />
      </section>
      <section>
        <Header variant="h3">vCPUs in use by environment</Header>
        <TimeChart
          {...common}
          label="vCPUs in use by environment over time"
          series={environments
            .slice(0, MOST_LINES)
            .flatMap(({ computeEnvironment: name, vcpusInUse, maxvCpus }) => [
              line(name, vcpusInUse),
              ...(environments.length === 1 ? [line(`${name}: maximum`, maxvCpus)] : []),
            ])}
        />
      </section>
    </SpaceBetween>
  );
}

/** More cannot be told apart. */
const MOST_LINES = 6;

function secondsText(seconds: number): string {
  return durationText(seconds * 1000);
}
