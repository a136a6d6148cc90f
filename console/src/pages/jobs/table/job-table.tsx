import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import type { FoundJob } from "../../../api/job-search.ts";
import type { Preferences } from "../preferences.ts";
import { COLUMNS } from "./columns.tsx";

export interface JobTableProps {
  readonly jobs: readonly FoundJob[];
  readonly isLoading: boolean;
  readonly columns: readonly string[];
  readonly preferences: Preferences;
  readonly onWidths: (widths: Readonly<Record<string, number>>) => void;
  readonly selected: readonly FoundJob[];
  readonly onSelect: (jobs: readonly FoundJob[]) => void;
  readonly sort: "newest" | "oldest";
  readonly onSort: (sort: "newest" | "oldest") => void;
  readonly header: ReactNode;
  readonly filter: ReactNode;
  readonly preferencesButton: ReactNode;
  readonly pagination: ReactNode;
  readonly empty: ReactNode;
}

export function JobTable(props: JobTableProps) {
  const { jobs, columns, preferences, selected, sort } = props;
  const shown = ["name", ...columns.filter((id) => id !== "name")];
  return (
    <Table<FoundJob>
      variant="full-page"
      items={jobs}
      trackBy="jobId"
      columnDefinitions={COLUMNS.map((column) => ({
        ...column,
        ...(column.id === "created" && { sortingField: "createdAt" }),
        width: preferences.widths[column.id!] ?? column.width!,
        minWidth: 70,
      }))}
      columnDisplay={shown.map((id) => ({ id, visible: true }))}
      resizableColumns
      onColumnWidthsChange={({ detail }) =>
        props.onWidths({
          ...preferences.widths,
          ...Object.fromEntries(shown.map((id, at) => [id, detail.widths[at] ?? 0]).filter(([, width]) => width !== 0)),
        })
      }
      wrapLines={preferences.wraps}
      stickyHeader
      loading={props.isLoading}
      loadingText="Looking for jobs"
      selectionType="multi"
      selectedItems={[...selected]}
      onSelectionChange={({ detail }) => props.onSelect(detail.selectedItems)}
      sortingColumn={{ sortingField: "createdAt" }}
      sortingDescending={sort === "newest"}
      onSortingChange={({ detail }) => props.onSort(detail.isDescending === true ? "newest" : "oldest")}
      header={props.header}
      filter={props.filter}
      preferences={props.preferencesButton}
      pagination={props.pagination}
      empty={props.empty}
      ariaLabels={{
        tableLabel: "Jobs",
        selectionGroupLabel: "Selection of jobs",
        allItemsSelectionLabel: () => "Select all on this page",
        itemSelectionLabel: (_, { jobName, jobId }) => `Select ${jobName} ${jobId}`,
        resizerRoleDescription: "Resizes the column",
      }}
    />
  );
}
