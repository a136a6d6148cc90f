import { useState } from "react";

/** A name for an address: what it says is in its query. */
export interface SavedView {
  readonly name: string;
  readonly query: string;
}

const KEY = "longshore-job-views";
/** More would not fit into a menu. */
export const MOST_VIEWS = 50;

/** There from the start. */
export const USUAL_VIEWS: readonly SavedView[] = [
  { name: "All jobs", query: "" },
  { name: "Running", query: "status=STARTING&status=RUNNING" },
  { name: "Waiting", query: "status=SUBMITTED&status=PENDING&status=RUNNABLE&sort=oldest" },
  { name: "Failed in the last day", query: "status=FAILED&stopped=%3E%3D1d+ago" },
];

/** The views that were saved in this browser. A name that is there already means its view now. */
export function useSavedViews(): [
  readonly SavedView[],
  { save: (view: SavedView) => void; remove: (name: string) => void },
] {
  const [views, setViews] = useState(read);
  const keep = (after: readonly SavedView[]): void => {
    setViews(after);
    try {
      localStorage.setItem(KEY, JSON.stringify(after));
    } catch {
      // No room, or not allowed: then until the page is left.
    }
  };
  return [
    views,
    {
      save: (view) => keep([...views.filter(({ name }) => name !== view.name), view].slice(-MOST_VIEWS)),
      remove: (gone) => keep(views.filter(({ name }) => name !== gone)),
    },
  ];
}

function read(): readonly SavedView[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]") as unknown;
    if (!Array.isArray(kept)) return [];
    return kept.filter(
      (one): one is SavedView =>
        typeof one === "object" && one !== null && typeof one.name === "string" && typeof one.query === "string",
    );
  } catch {
    return [];
  }
}
