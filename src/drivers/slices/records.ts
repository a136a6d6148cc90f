import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fate } from "../../core/instances/instance.ts";
import { crashPoint } from "../../ports/crash-points.ts";

/** What is known of one instance. Times are epoch ms. */
export type SliceRecord =
  | { readonly kind: "launching"; readonly launchedAt: number; readonly fate: Fate }
  | { readonly kind: "running"; readonly runningAt: number; readonly fate: Fate }
  /** It was there; kept for a while, so that it is not launched again. */
  | { readonly kind: "gone"; readonly goneAt: number };

/** A file for each instance, so that instances outlive the server. */
export interface SliceRecords {
  readonly all: ReadonlyMap<string, SliceRecord>;
  set(instanceId: string, record: SliceRecord): void;
}

/** So long after it went, an instance is forgotten: nobody asks for it any more. */
const GONE_KEPT_MS = 86_400_000;
const SUFFIX = ".json";

export function openSliceRecords(directory: string, now: number): SliceRecords {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const all = new Map<string, SliceRecord>();
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    const record = name.endsWith(SUFFIX) ? read(file) : undefined;
    if (record === undefined || (record.kind === "gone" && record.goneAt < now - GONE_KEPT_MS)) rmSync(file);
    else all.set(name.slice(0, -SUFFIX.length), record);
  }
  return {
    all,
    set(instanceId, record) {
      // Whole or not at all, whenever the server is killed.
      const file = join(directory, `${instanceId}${SUFFIX}`);
      writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
      crashPoint("instance.written");
      renameSync(`${file}.new`, file);
      all.set(instanceId, record);
    },
  };
}

/** Undefined for what a power cut left behind. */
function read(file: string): SliceRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as SliceRecord;
  } catch {
    return undefined;
  }
}
