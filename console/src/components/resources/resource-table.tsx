import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import type { TableProps } from "@cloudscape-design/components/table";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactNode } from "react";
import { MOST_LISTED } from "../../api/all-pages.ts";
import { ErrorAlert } from "../errors.tsx";
import { useViewState } from "../view-state.ts";

const PAGE_SIZE = 50;

export interface Column<Item> {
  readonly id: string;
  readonly header: string;
  readonly cell: (item: Item) => ReactNode;
  /** What the column is sorted by; without it, it is not. */
  readonly value?: (item: Item) => string | number;
  readonly width?: number;
}

export interface ResourceTableProps<Item> {
  /** "Job queues"; the table's name for those who do not see it. */
  readonly label: string;
  /** Undefined while they are read. */
  readonly items: readonly Item[] | undefined;
  readonly error?: unknown;
  readonly onRetry?: () => void;
  readonly columns: readonly Column<Item>[];
  readonly idOf: (item: Item) => string;
  /** What the filter looks in: names, states, tags as key=value. Without it there is no filter. */
  readonly textsOf?: (item: Item) => readonly (string | undefined)[];
  readonly filterHint?: string;
  readonly empty: ReactNode;
  /** A heading above the table, where it is a part of a page. */
  readonly title?: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  /** What its parameters in the address begin with, where a page has several tables. */
  readonly prefix?: string;
  readonly variant?: TableProps.Variant;
  readonly pageSize?: number;
}

/** A table of what the server lists whole: found, sorted and turned over here, all of it in the address. */
export function ResourceTable<Item>(props: ResourceTableProps<Item>) {
  const { label, items, error, columns, idOf, textsOf, empty, title, prefix = "", variant = "container" } = props;
  const { pageSize = PAGE_SIZE } = props;
  const view = useViewState();
  const find = view.get(`${prefix}find`);
  const sort = view.get(`${prefix}sort`);
  if (items === undefined && error !== null && error !== undefined) {
    return (
      <ErrorAlert
        what={`${label} could not be read`}
        error={error}
        {...(props.onRetry !== undefined && { onRetry: props.onRetry })}
      />
    );
  }
  const found = sorted(matching(items ?? [], find, textsOf), columns, sort);
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const page = Math.min(pages, Math.max(1, Number(view.get(`${prefix}page`)) || 1));
  const cutOff = (items?.length ?? 0) >= MOST_LISTED;
  const definitions = columns.map(({ id, header, cell, value, width }) => ({
    id,
    header,
    cell,
    ...(value !== undefined && { sortingField: id }),
    ...(width !== undefined && { minWidth: width }),
  }));
  const isDescending = sort.startsWith("-");
  const sortingColumn = definitions.find(({ id }) => id === sort.replace(/^-/, ""));
  return (
    <Table
      items={found.slice((page - 1) * pageSize, page * pageSize)}
      columnDefinitions={definitions}
      trackBy={idOf}
      variant={variant}
      wrapLines
      loading={items === undefined}
      loadingText="Loading"
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: label, resizerRoleDescription: "resize button" }}
      {...(sortingColumn !== undefined && { sortingColumn, sortingDescending: isDescending })}
      onSortingChange={({ detail }) =>
        view.set({
          [`${prefix}sort`]: `${detail.isDescending === true ? "-" : ""}${detail.sortingColumn.sortingField}`,
        })
      }
      header={
        title !== undefined && (
          <Header
            variant="h2"
            counter={items === undefined ? "" : `(${items.length}${cutOff ? "+" : ""})`}
            description={cutOff ? `Only the first ${MOST_LISTED} are listed.` : props.description}
            actions={props.actions}
          >
            {title}
          </Header>
        )
      }
      empty={find === "" ? empty : `Nothing matches “${find}”.`}
      filter={
        textsOf !== undefined && (
          <TextFilter
            filteringText={find}
            filteringAriaLabel={`Find in ${label.toLowerCase()}`}
            filteringPlaceholder={props.filterHint ?? "Find by name, state or tag (key=value)"}
            countText={`${found.length} ${found.length === 1 ? "match" : "matches"}`}
            onChange={({ detail }) => view.set({ [`${prefix}find`]: detail.filteringText, [`${prefix}page`]: "" })}
          />
        )
      }
      pagination={
        pages > 1 && (
          <Pagination
            currentPageIndex={page}
            pagesCount={pages}
            ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Previous page" }}
            onChange={({ detail }) => view.set({ [`${prefix}page`]: String(detail.currentPageIndex) })}
          />
        )
      }
    />
  );
}

/** Every word has to be in one of the texts. */
function matching<Item>(
  items: readonly Item[],
  find: string,
  textsOf: ResourceTableProps<Item>["textsOf"],
): readonly Item[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 || textsOf === undefined) return items;
  return items.filter((item) => {
    const texts = textsOf(item).map((text = "") => text.toLowerCase());
    return words.every((word) => texts.some((text) => text.includes(word)));
  });
}

function sorted<Item>(items: readonly Item[], columns: readonly Column<Item>[], sort: string): readonly Item[] {
  const value = columns.find(({ id }) => id === sort.replace(/^-/, ""))?.value;
  if (value === undefined) return items;
  const direction = sort.startsWith("-") ? -1 : 1;
  return items.toSorted((a, b) => direction * compare(value(a), value(b)));
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
