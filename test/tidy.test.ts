import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** The habits of docs/architecture.md, held by reading the source. */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = join(ROOT, "src");

/** What each room may import, beside itself. Siblings know nothing of each other. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  ports: ["core"],
  store: ["core", "ports"],
  drivers: ["core", "ports"],
  engine: ["core", "ports"],
  logs: ["core", "ports"],
  telemetry: ["core", "ports"],
  targets: ["core", "ports"],
  catalog: ["core"],
  input: [],
  api: ["core", "ports", "catalog", "input"],
  sim: ["core", "ports", "drivers", "engine", "catalog", "input"],
  "what-if": ["core", "ports", "sim"],
  cli: ["core", "ports", "compose", "sim", "input"],
  compose: [
    ...["core", "ports", "store", "drivers", "engine", "logs", "targets", "telemetry", "api", "catalog", "input"],
    "what-if",
  ],
};

/** Packages that are effects, or large: each has one room. */
const PACKAGE_HOME: Record<string, readonly string[]> = {
  "node:sqlite": ["store"],
  "node:child_process": ["drivers"],
  dockerode: ["drivers"],
  fastify: ["api", "compose"],
  commander: ["cli"],
  pino: ["compose"],
  "prom-client": ["telemetry"],
  "@opentelemetry/sdk-trace": ["telemetry"],
};

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => {
    const text = readFileSync(join(SOURCE, path), "utf8");
    const room = path.split("/")[0]!.replace(/\.ts$/, "");
    const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
    return { path, room, text, imports };
  });

function target(source: Source, specifier: string): string {
  return relative(SOURCE, join(SOURCE, dirname(source.path), specifier));
}

test("imports go only the way the architecture says", () => {
  const wrong = sources.flatMap((source) => {
    const allowed = MAY_IMPORT[source.room];
    assert.ok(allowed, `src/${source.path} is in no known room: name it in this test and in docs/architecture.md`);
    return source.imports
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => target(source, specifier))
      .filter((path) => !path.startsWith("..")) // package.json
      .filter((path) => ![source.room, ...allowed].includes(path.split("/")[0]!.replace(/\.ts$/, "")))
      .map((path) => `src/${source.path} -> src/${path}`);
  });
  assert.deepEqual(wrong, []);
});

/** What drivers share, in rooms that are no drivers. */
const SHARED_BY_DRIVERS = new Set(["cgroups", "output", "waiting"]);

test("drivers do not import each other", () => {
  const driverOf = (path: string): string => path.split("/")[1]!;
  const wrong = sources
    .filter(({ room }) => room === "drivers")
    .flatMap((source) =>
      source.imports
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => target(source, specifier))
        .filter((path) => path.startsWith("drivers/") && driverOf(path) !== driverOf(source.path))
        .filter((path) => !SHARED_BY_DRIVERS.has(driverOf(path)))
        .map((path) => `src/${source.path} -> src/${path}`),
    );
  assert.deepEqual(wrong, []);
});

test("each effect has its room", () => {
  const wrong = sources.flatMap((source) =>
    source.imports
      .filter((specifier) => PACKAGE_HOME[specifier]?.includes(source.room) === false)
      .map((specifier) => `src/${source.path} imports ${specifier}`),
  );
  assert.deepEqual(wrong, []);
});

test("core is pure: it imports nothing that has effects", () => {
  const allowed = new Set(["tinyqueue", "node:crypto", "@aws-sdk/client-batch"]);
  const wrong = sources
    .filter(({ room }) => room === "core")
    .flatMap(({ path, text, imports }) => [
      ...imports
        .filter((specifier) => !specifier.startsWith(".") && !allowed.has(specifier))
        .map((one) => `${path}: ${one}`),
      ...(/\b(async|await|Promise|randomUUID|randomBytes|process\.)\b/.test(code(text)) ? [`${path}: not pure`] : []),
    ]);
  assert.deepEqual(wrong, []);
});

test("time and chance come through the Clock port", () => {
  const forbidden = /\b(Date\.now|setTimeout|setInterval|Math\.random|new Date\(\))/;
  const home = (source: Source): boolean => source.room === "cli" || source.path === "compose/clock.ts";
  const wrong = sources.filter((source) => !home(source) && forbidden.test(code(source.text))).map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test("the command line prints in one place, which neutralises what it prints", () => {
  const wrong = sources
    .filter(({ room, path }) => room === "cli" && path !== "cli/output.ts")
    .filter(({ text }) => /\bconsole\.|\b(stdout|stderr|stream)\.(write|end)\(/.test(code(text)))
    .map(({ path }) => path);
  assert.deepEqual(wrong, []);
});

test("no import cycles", () => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) return void cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    const source = byPath.get(path);
    if (source === undefined || done.has(path)) return;
    for (const specifier of source.imports)
      if (specifier.startsWith(".")) visit(target(source, specifier), [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  assert.deepEqual(cycles, []);
});

test("no barrels, no rooms for leftovers, no long files", () => {
  const wrong = sources.flatMap(({ path, text }) => [
    ...(/(^|\/)(index|utils?|helpers?|common|misc)(\.ts|\/)/.test(path) ? [`${path}: the name says nothing`] : []),
    ...(text.split("\n").length > 400 ? [`${path}: more than 400 lines`] : []),
  ]);
  assert.deepEqual(wrong, []);
});

test("tests do not sleep", () => {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".test.ts") && path !== "tidy.test.ts",
  );
  const wrong = tests.filter((path) =>
    /timers\/promises|await sleep\(/.test(readFileSync(join(ROOT, "test", path), "utf8")),
  );
  assert.deepEqual(wrong, []);
});

/** A source without its comments and strings. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
}
