import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { durationText } from "../../components/duration.tsx";
import { ErrorAlert } from "../../components/errors.tsx";
import { pointsOf, useHistory } from "../../components/resources/history.ts";
import { SpanControl, useSpan } from "../../components/resources/span-control.tsx";
import { TimeChart } from "../../components/chart/time-chart.tsx";

/** How many waited and ran, how long they waited, and what came and went. */
export function QueueCharts({ name, arn }: { readonly name: string; readonly arn: string }) {
  const span = useSpan();
  const { data, error, refetch } = useHistory({ queue: name }, span);
  const found = data?.series.queues.find(({ jobQueueArn }) => jobQueueArn === arn);
  const { times = [] } = data?.series ?? {};
  const { from = 0, to = 0 } = data ?? {};
  const charts = [
    {
      title: "Waiting and running",
      label: `Jobs of ${name} that waited and ran, over time`,
      series: [
        { title: "Waiting", points: pointsOf(times, found?.waiting) },
        { title: "Running", points: pointsOf(times, found?.running) },
      ],
    },
    {
      title: "Waiting time",
      label: `How long jobs of ${name} waited, over time`,
      format: (value: number) => durationText(value * 1000),
      series: [
        { title: "Half waited at most", points: pointsOf(times, found?.waitSecondsP50) },
        { title: "19 of 20 waited at most", points: pointsOf(times, found?.waitSecondsP95) },
      ],
    },
    {
      title: "Submitted and ended",
      label: `Jobs of ${name} that came and ended, over time`,
      series: [
        { title: "Submitted", points: pointsOf(times, found?.submitted) },
        { title: "Succeeded", points: pointsOf(times, found?.succeeded) },
        { title: "Failed", points: pointsOf(times, found?.failed) },
      ],
    },
  ];
  return (
    <Container
      header={
        <Header variant="h2" actions={<SpanControl />}>
          Over time
        </Header>
      }
    >
      {error !== null && data === undefined ? (
        <ErrorAlert what="The history could not be read" error={error} onRetry={() => void refetch()} />
      ) : (
        <ColumnLayout columns={2}>
          {charts.map(({ title, ...chart }) => (
            <div key={title}>
              <Header variant="h3">{title}</Header>
              <TimeChart
                {...chart}
                series={chart.series.filter(({ points }) => points.length > 0)}
                {...{ from, to }}
                height={160}
                empty="Nothing is known of this time yet."
              />
            </div>
          ))}
        </ColumnLayout>
      )}
    </Container>
  );
}
