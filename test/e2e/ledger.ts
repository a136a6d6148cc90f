import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchClient } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { until } from "../support/until.ts";
import type { Owner } from "./server.ts";

/** A directory outside of all servers in which jobs themselves note what they do, and wait for the test's leave to go on. */
export interface Ledger {
  readonly directory: string;
  /** Lines in the order in which they were written. */
  lines(): string[];
  /** Lets the jobs go on that wait with `WAIT_FOR_GO`. */
  go(): void;
  untilLines(what: string, matches: (lines: readonly string[]) => boolean): Promise<string[]>;
}

/** For a job's script: notes the job, its attempt and a word. One write, so that lines of several jobs never mix. */
export const note = (word: string): string =>
  `echo "${word} $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT" >> "$LEDGER/lines"`;

/** For a job's script. Bounded: a forgotten job ends by itself. */
export const WAIT_FOR_GO = `n=0; while [ ! -e "$LEDGER/go" ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done`;

export function openLedger(owner: Owner): Ledger {
  const directory = mkdtempSync(join(tmpdir(), "longshore-ledger-"));
  owner.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "lines"), "");
  const lines = (): string[] => readFileSync(join(directory, "lines"), "utf8").split("\n").slice(0, -1);
  return {
    directory,
    lines,
    go: () => writeFileSync(join(directory, "go"), ""),
    untilLines: (what, matches) =>
      until(what, () => {
        const now = lines();
        return matches(now) && now;
      }),
  };
}

/** A job definition whose jobs reach the ledger: in a container under the same path as outside. */
export async function registerNoted(
  batch: BatchClient,
  name: string,
  image: string,
  { directory }: Ledger,
): Promise<void> {
  const containerProperties = {
    image,
    command: ["true"],
    environment: [{ name: "LEDGER", value: directory }],
    volumes: [{ name: "ledger", host: { sourcePath: directory } }],
    mountPoints: [{ sourceVolume: "ledger", containerPath: directory }],
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "64" },
    ],
  };
  await batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName: name, type: "container", containerProperties }),
  );
}
