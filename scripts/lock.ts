import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** package-lock.json as far as anybody here asks. */

export const ROOT = dirname(import.meta.dirname);

export interface LockedPackage {
  readonly name: string;
  /** Where it is installed, below the project. */
  readonly path: string;
  readonly version: string;
  readonly integrity: string | undefined;
  readonly license: string | undefined;
  /** For work on the code only: `./longshore` does not install it. */
  readonly isForDevelopment: boolean;
  readonly hasInstallScript: boolean;
}

interface LockEntry {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

/** In the order of their paths; without the project itself. */
export function lockedPackages(): LockedPackage[] {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockEntry>>;
  };
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .map(([path, { version, integrity, license, dev = false, hasInstallScript = false }]) => ({
      ...{ name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), path, version },
      ...{ integrity, license, isForDevelopment: dev, hasInstallScript },
    }));
}
