import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useLocation } from "wouter";
import type { ArrayChildren, FailureGroup } from "../../../../../src/ports/array-children.ts";
import { jobPath } from "../job-id.ts";
import { spansOf } from "./children.ts";

/** Indexes that are shown of a group at first, and more each time one asks. */
const FEW = 20;
const MORE = 200;

const COLUMNS: TableProps.ColumnDefinition<FailureGroup & { readonly arrayJobId: string }>[] = [
  { id: "exit", header: "Exit code", width: 110, cell: ({ exitCode }) => exitCode ?? "–" },
  { id: "count", header: "Children", width: 110, cell: ({ count }) => count.toLocaleString("en") },
  {
    id: "reason",
    header: "Reason",
    minWidth: 220,
    cell: ({ reason }) => <span className="children-reason">{reason ?? "–"}</span>,
  },
  {
    id: "indexes",
    header: "Indexes",
    minWidth: 240,
    cell: ({ arrayJobId, indexes }) => <Indexes arrayJobId={arrayJobId} text={indexes} />,
  },
];

/** How children failed: one row for all that failed alike. */
export function FailedChildren({ of }: { readonly of: ArrayChildren }) {
  const { arrayJobId, failures, otherFailures } = of;
  const count = failures.reduce((sum, group) => sum + group.count, otherFailures);
  if (count === 0) return null;
  return (
    <Table
      variant="embedded"
      items={failures.map((group) => ({ ...group, arrayJobId }))}
      trackBy={({ exitCode, reason }) => `${exitCode} ${reason}`}
      wrapLines
      header={
        <Header variant="h3" counter={`(${count.toLocaleString("en")})`}>
          Failed children
        </Header>
      }
      columnDefinitions={COLUMNS}
      footer={
        otherFailures > 0 && (
          <Box color="text-body-secondary">{otherFailures} more failed, each in ways of few others.</Box>
        )
      }
    />
  );
}

function Indexes({ arrayJobId, text }: { readonly arrayJobId: string; readonly text: string }) {
  const [, navigate] = useLocation();
  const [most, setMost] = useState(FEW);
  const spans = spansOf(text);
  return (
    <span>
      {spans.slice(0, most).map(([first, last], place) => {
        const path = jobPath(`${arrayJobId}:${first}`);
        return (
          <span key={first}>
            {place > 0 && ", "}
            <Link
              href={path}
              ariaLabel={`Child ${first}`}
              onFollow={(event) => {
                event.preventDefault();
                navigate(path);
              }}
            >
              {first}
            </Link>
            {last > first && `–${last}`}
          </span>
        );
      })}
      {spans.length > most && (
        <>
          {" "}
          <Button variant="inline-link" onClick={() => setMost(most + MORE)}>
            and {(spans.length - most).toLocaleString("en")} more
          </Button>
        </>
      )}
    </span>
  );
}
