import { useMemo } from "react";
import { useSearchParams } from "wouter";
import type { JobSort } from "../../../../src/ports/job-search.ts";
import type { Token } from "./filter/properties.ts";
import { PROPERTIES } from "./filter/properties.ts";

/** All that a table of jobs shows is said by its address. */
export interface View {
  readonly tokens: readonly Token[];
  readonly sort: JobSort;
  /** Whether children of arrays are shown among the jobs. */
  readonly children: boolean;
  /** Where the page begins, in the server's words; "" for the first page. */
  readonly at: string;
  /** Jobs on a page; undefined: as preferred. */
  readonly size: number | undefined;
  /** Ids of columns; undefined: as preferred. */
  readonly columns: readonly string[] | undefined;
}

export const PAGE_SIZES = [20, 50, 100, 200] as const;

const OPERATORS = [">=", "<", "^", ":"] as const;

export function readView(params: URLSearchParams): View {
  const size = Number(params.get("size"));
  const columns = params.get("columns");
  return {
    tokens: PROPERTIES.flatMap(({ key }) => params.getAll(key).map((text) => readToken(key, text))),
    sort: params.get("sort") === "oldest" ? "oldest" : "newest",
    children: params.get("children") === "1",
    at: params.get("at") ?? "",
    size: PAGE_SIZES.find((one) => one === size),
    columns: columns === null ? undefined : columns.split(",").slice(0, 50),
  };
}

/** With `=` the value stands alone; one that begins like another operator has its own before it. */
function readToken(propertyKey: string, text: string): Token {
  const operator = OPERATORS.find((one) => text.startsWith(one));
  if (operator !== undefined) return { propertyKey, operator, value: text.slice(operator.length) };
  return { propertyKey, operator: "=", value: text.startsWith("=") ? text.slice(1) : text };
}

export function writeView(params: URLSearchParams, view: View): void {
  for (const { key } of PROPERTIES) params.delete(key);
  for (const { propertyKey, operator, value } of view.tokens) {
    const text = String(value);
    const isPlain = operator === "=" && !/^[=:^<>]/.test(text);
    params.append(propertyKey!, isPlain ? text : `${operator}${text}`);
  }
  set(params, "sort", view.sort === "oldest" ? "oldest" : "");
  set(params, "children", view.children ? "1" : "");
  set(params, "at", view.at);
  set(params, "size", view.size === undefined ? "" : String(view.size));
  set(params, "columns", view.columns?.join(",") ?? "");
}

function set(params: URLSearchParams, name: string, value: string): void {
  if (value === "") params.delete(name);
  else params.set(name, value);
}

/** The view of the address. What changes which jobs are shown begins with the first page. */
export function useView(): [View, (change: Partial<View>) => void] {
  const [params, setParams] = useSearchParams();
  const text = params.toString();
  const view = useMemo(() => readView(new URLSearchParams(text)), [text]);
  const change = (changes: Partial<View>): void =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      const isSamePage = Object.keys(changes).every((key) => key === "at" || key === "columns");
      writeView(after, { ...readView(before), ...(!isSamePage && { at: "" }), ...changes });
      return after;
    });
  return [view, change];
}
