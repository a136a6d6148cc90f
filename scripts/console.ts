import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { ROOT } from "./lock.ts";

/** Builds the web console into console/dist, unless what is there is newer than all that it is made of: `npm run console`. */

const CONSOLE = join(ROOT, "console");
const DIST = join(CONSOLE, "dist");
/** Of a whole build. */
const STAMP = ".built";
/** Left by the launcher when it could not be built. */
const NOT_BUILT = join(CONSOLE, ".not-built");
const DRAFTS = join(CONSOLE, ".dist-");
const COMPRESSED = /\.(html|js|css|svg)$/;

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function isUpToDate(): boolean {
  const stamp = join(DIST, STAMP);
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = filesIn(CONSOLE).filter((path) => !path.startsWith(DIST) && !path.startsWith(DRAFTS));
  return [...sources, join(ROOT, "package-lock.json")].every((path) => statSync(path).mtimeMs <= built);
}

/** Built beside and put in place whole: a server that sends the old one, or another build at the same time, is not disturbed. */
async function buildConsole(): Promise<void> {
  const begunAt = new Date();
  const draft = mkdtempSync(DRAFTS);
  try {
    await build({ configFile: join(CONSOLE, "vite.config.ts"), logLevel: "warn", build: { outDir: draft } });
    for (const path of filesIn(draft).filter((path) => COMPRESSED.test(path))) {
      const content = readFileSync(path);
      writeFileSync(
        `${path}.br`,
        brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
      );
      writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    }
    const stamp = join(draft, STAMP);
    writeFileSync(stamp, "");
    // What was changed meanwhile is not in it.
    utimesSync(stamp, begunAt, begunAt);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(draft, DIST);
    rmSync(NOT_BUILT, { force: true });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

if (!isUpToDate()) await buildConsole();
