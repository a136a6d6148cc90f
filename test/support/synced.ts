import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Owner {
  readonly after: (task: () => void) => void;
}

/** What was synced of a directory, by a program that runs with these variables. */
export interface Synced {
  readonly variables: Readonly<Record<string, string>>;
  /** Makes a new directory with what a power cut would leave now, at worst. */
  afterPowerCut(): string;
}

/** Why it cannot be told here what was synced; false when it can. */
export function syncedUnavailable(): string | false {
  return process.platform === "linux" && spawnSync("gcc", ["--version"]).status === 0
    ? false
    : "a C compiler (gcc) is needed to tell what was synced";
}

/** @param directory exists; what is in its directories does not count. */
export function watchSyncs(owner: Owner, directory: string): Synced {
  const to = mkdtempSync(join(tmpdir(), "longshore-synced-"));
  owner.after(() => rmSync(to, { recursive: true, force: true }));
  mkdirSync(join(to, "files"));
  const library = join(to, "synced.so");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", library, join(import.meta.dirname, "synced.c"), "-ldl"]);
  let cuts = 0;
  return {
    variables: { LD_PRELOAD: library, SYNCED_FROM: realpathSync(directory), SYNCED_TO: to },
    afterPowerCut() {
      const left = join(to, `cut-${(cuts += 1)}`);
      mkdirSync(left);
      const names = existsSync(join(to, "names")) ? readFileSync(join(to, "names"), "utf8").split("\n") : [];
      for (const [, inode = "", name = ""] of names.map((line) => line.match(/^(\d+) (.*)$/) ?? [])) {
        const kept = join(to, "files", inode);
        if (inode !== "" && existsSync(kept)) copyFileSync(kept, join(left, name));
      }
      return left;
    },
  };
}
