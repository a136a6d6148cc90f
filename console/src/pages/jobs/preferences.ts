import { useState } from "react";

export interface Preferences {
  readonly size: number;
  /** Those that are shown, in order. */
  readonly columns: readonly string[];
  readonly widths: Readonly<Record<string, number>>;
  readonly wraps: boolean;
}

const KEY = "longshore-job-table";

/** Kept in this browser. What cannot be read is as though it were not there. */
export function usePreferences(usual: Preferences): [Preferences, (change: Partial<Preferences>) => void] {
  const [preferences, setPreferences] = useState<Preferences>(() => ({ ...usual, ...read() }));
  return [
    preferences,
    (change) =>
      setPreferences((before) => {
        const after = { ...before, ...change };
        try {
          localStorage.setItem(KEY, JSON.stringify(after));
        } catch {
          // No room, or not allowed: then for this page only.
        }
        return after;
      }),
  ];
}

function read(): Partial<Preferences> {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    return {
      ...(typeof kept.size === "number" && { size: kept.size }),
      ...(Array.isArray(kept.columns) && { columns: kept.columns.filter((one) => typeof one === "string") }),
      ...(typeof kept.widths === "object" && kept.widths !== null && { widths: kept.widths }),
      ...(typeof kept.wraps === "boolean" && { wraps: kept.wraps }),
    };
  } catch {
    return {};
  }
}
