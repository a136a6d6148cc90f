import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import Table from "@cloudscape-design/components/table";
import { useLocation } from "wouter";
import type { WhatIfReport } from "../../../../src/ports/what-if.ts";
import type { TimePoint } from "../../components/chart/time-chart.tsx";
import { TimeChart } from "../../components/chart/time-chart.tsx";
import type { NamedChange } from "./changes.ts";
import type { Figure, GroupRow } from "./figures.ts";
import { figuresOf, groupRows, seconds, trustText, verdict } from "./figures.ts";

const RUNS = [
  ["actual", "What happened"],
  ["asItWas", "Simulated as it was"],
  ["changed", "Simulated with the changes"],
] as const;

const FIGURE_COLUMNS: TableProps.ColumnDefinition<Figure>[] = [
  { id: "name", header: "", isRowHeader: true, cell: ({ name }) => name },
  ...RUNS.map(([run, title]) => ({
    id: run,
    header: title,
    cell: (figure: Figure) => (figure[run] === undefined ? "–" : figure.show(figure[run])),
  })),
  { id: "difference", header: "Difference", cell: (figure) => <Difference figure={figure} /> },
];

const GROUP_COLUMNS: TableProps.ColumnDefinition<GroupRow>[] = [
  {
    id: "name",
    header: "Queue or share",
    isRowHeader: true,
    cell: ({ name, kind }) => (kind === "queue" ? name : `Share ${name}`),
  },
  { id: "jobs", header: "Jobs", cell: ({ jobs }) => jobs.toLocaleString("en") },
  ...RUNS.map(([run, title]) => ({
    id: run,
    header: `${title}: median, 95 %`,
    cell: (row: GroupRow) => times(row[run]),
  })),
  { id: "verdict", header: "With the changes it", cell: (row) => <Verdict row={row} /> },
];

export interface ResultsProps {
  readonly report: WhatIfReport;
  readonly changes: readonly NamedChange[];
}

/** What happened beside what would have. */
export default function Results({ report, changes }: ResultsProps) {
  const [, navigate] = useLocation();
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">What would have been</Header>}>
        <SpaceBetween size="m">
          <Box>
            {trustText(report)} With the changes {report.earlier.toLocaleString("en")} jobs would have started earlier
            and {report.later.toLocaleString("en")} later.
          </Box>
          {report.notes.length > 0 && (
            <Alert type="info" statusIconAriaLabel="Info">
              {report.notes.map((note) => (
                <div key={note}>{note}</div>
              ))}
            </Alert>
          )}
          <Table
            variant="embedded"
            wrapLines
            items={figuresOf(report)}
            columnDefinitions={FIGURE_COLUMNS}
            ariaLabels={{ tableLabel: "What happened and what was simulated" }}
          />
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Who gains and who loses</Header>}>
        <Table
          variant="embedded"
          wrapLines
          items={groupRows(report)}
          columnDefinitions={GROUP_COLUMNS}
          empty="No job has run in this time."
          ariaLabels={{ tableLabel: "Waiting times by queue and share" }}
        />
      </Container>
      <Chart report={report} title="Jobs that wait" of="waitingJobs" />
      <Chart report={report} title="vCPUs that are held" of="usedVcpus" />
      {changes.length > 0 && (
        <Container header={<Header variant="h2">Make it so</Header>}>
          <ul>
            {changes.map(({ text, path }) => (
              <li key={text} style={{ overflowWrap: "anywhere" }}>
                {text}{" "}
                {path !== undefined && (
                  <Link
                    href={path}
                    ariaLabel={`Apply: ${text}`}
                    onFollow={(event) => {
                      event.preventDefault();
                      navigate(path);
                    }}
                  >
                    Apply
                  </Link>
                )}
              </li>
            ))}
          </ul>
        </Container>
      )}
    </SpaceBetween>
  );
}

interface ChartProps {
  readonly report: WhatIfReport;
  readonly title: string;
  readonly of: "waitingJobs" | "usedVcpus";
}

function Chart({ report, title, of }: ChartProps) {
  const first = firstStep(report);
  const stepMs = report.actual.series.stepSeconds * 1000;
  const points = (values: readonly number[]): TimePoint[] =>
    values.slice(first).map((value, place) => ({ at: report.from + (first + place + 0.5) * stepMs, value }));
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <TimeChart
        label={`${title}, as it happened and as simulated`}
        from={report.from + first * stepMs}
        to={report.to}
        series={RUNS.map(([run, name]) => ({ title: name, points: points(report[run].series[of]) }))}
        format={(value) => value.toLocaleString("en", { maximumFractionDigits: 1 })}
      />
    </Container>
  );
}

/** Of the chart: where anything begins. */
function firstStep({ actual, asItWas, changed }: WhatIfReport): number {
  const all = [actual, asItWas, changed].flatMap(({ series }) => [series.waitingJobs, series.usedVcpus]);
  const firsts = all.map((values) => values.findIndex((value) => value > 0)).filter((place) => place >= 0);
  return Math.max(0, Math.min(...firsts, actual.series.waitingJobs.length - 2) - 1);
}

function times(value: GroupRow["actual"]): string {
  return value === undefined ? "–" : `${seconds(value.median)}, ${seconds(value.p95)}`;
}

function Difference({ figure: { asItWas, changed, show, lessIsBetter } }: { readonly figure: Figure }) {
  if (asItWas === undefined || changed === undefined) return <>–</>;
  const difference = changed - asItWas;
  if (show(Math.abs(difference)) === show(0)) return <>none</>;
  const text = `${difference > 0 ? "+" : "−"}${show(Math.abs(difference))}`;
  if (lessIsBetter === undefined) return <>{text}</>;
  const isBetter = difference < 0 === lessIsBetter;
  return (
    <StatusIndicator
      type={isBetter ? "success" : "warning"}
    >{`${text} ${isBetter ? "better" : "worse"}`}</StatusIndicator>
  );
}

function Verdict({ row: { asItWas, changed } }: { readonly row: GroupRow }) {
  const median = verdict(asItWas?.median, changed?.median);
  const whole = median === "as before" ? verdict(asItWas?.p95, changed?.p95) : median;
  const looks = { gains: "success", loses: "warning", "as before": "info" } as const;
  return <StatusIndicator type={looks[whole]}>{whole === "as before" ? "is as before" : whole}</StatusIndicator>;
}
