import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { Link } from "wouter";
import type { JobCounts } from "../../../../src/ports/summary-report.ts";
import "./overview.css";

const COUNT = new Intl.NumberFormat("en-GB");

/** What a number counts: its filter of the jobs' table is one click away. */
export function Numbers({ jobs }: { readonly jobs: JobCounts }) {
  return (
    <Container header={<Header variant="h2">Jobs</Header>}>
      <dl className="overview-numbers">
        <Figure label="Running" value={jobs.running} href="/jobs?status=STARTING&status=RUNNING" />
        <Figure
          label="Waiting"
          value={jobs.waiting}
          href="/jobs?status=SUBMITTED&status=PENDING&status=RUNNABLE&status=SCHEDULED"
        />
        <Figure label="Failed in the last day" value={jobs.failedLastDay} href="/jobs?status=FAILED" />
        <Figure label="Succeeded in the last day" value={jobs.succeededLastDay} href="/jobs?status=SUCCEEDED" />
      </dl>
    </Container>
  );
}

function Figure({ label, value, href }: { readonly label: string; readonly value: number; readonly href: string }) {
  return (
    <div>
      <dt>
        <Box variant="awsui-key-label">{label}</Box>
      </dt>
      <dd>
        <Link href={href} className="overview-number">
          {COUNT.format(value)}
        </Link>
      </dd>
    </div>
  );
}
