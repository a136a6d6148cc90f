import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { upCommand } from "../../src/cli/commands/up.ts";
import { ROOT } from "../../scripts/lock.ts";
import { parseYaml } from "./manifests.ts";

/** deploy/compose, as Compose itself reads it. */

const DIRECTORY = join(ROOT, "deploy", "compose");

interface Service {
  readonly cap_drop: readonly string[];
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly group_add?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly image: string;
  readonly ports?: readonly (string | { readonly host_ip: string })[];
  readonly read_only: boolean;
  readonly restart: string;
  readonly secrets: readonly { readonly source: string }[];
  readonly security_opt: readonly string[];
  readonly volumes: readonly (string | { readonly source: string; readonly target: string })[];
}

interface Project {
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly services: { readonly longshore: Service; readonly postgres: Service };
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The first that is there: Compose 2 as a plug-in of docker, or 1. */
const COMPOSE = [["docker", "compose"], ["docker-compose"]].find(
  ([program, ...args]) => spawnSync(program!, [...args, "version"]).status === 0,
);
const skip = COMPOSE === undefined && "there is no docker compose on this machine";

function compose(
  t: TestContext,
  files: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): { readonly said: string; readonly project: () => Project } {
  const directory = mkdtempSync(join(tmpdir(), "longshore-compose-"));
  t.after(() => rmSync(directory, { recursive: true }));
  cpSync(DIRECTORY, directory, { recursive: true });
  const [program, ...args] = COMPOSE!;
  const { PATH = "", HOME = "" } = process.env;
  const { status, stdout, stderr } = spawnSync(
    program!,
    [...args, ...files.flatMap((file) => ["-f", join(directory, file)]), "config"],
    { encoding: "utf8", env: { PATH, HOME, ...variables } },
  );
  return { said: stderr, project: () => (assert.equal(status, 0, stderr), parseYaml(stdout) as Project) };
}

test("both services restart, own no password, and may do little", { skip }, (t) => {
  const { services, secrets, volumes } = compose(t, ["compose.yaml"]).project();
  assert.deepEqual(Object.keys(services), ["longshore", "postgres"]);
  assert.deepEqual(Object.keys(volumes).toSorted(), ["data", "database"]);
  assert.match(secrets["database-password"]!.file, /\/secrets\/database-password$/);
  for (const service of Object.values(services)) {
    const { restart, read_only, cap_drop, security_opt, secrets: own } = service;
    assert.deepEqual(
      { restart, read_only, cap_drop, security_opt, own: own.map(({ source }) => source) },
      {
        ...{ restart: "unless-stopped", read_only: true, cap_drop: ["ALL"] },
        ...{ security_opt: ["no-new-privileges:true"], own: ["database-password"] },
      },
    );
    assert.doesNotMatch(JSON.stringify(service.environment), /PASSWORD(?!_FILE)|:\/\/[^@/]*:[^@/]*@/);
  }
  // Longshore's own is in its image.
  assert.equal(services.postgres.healthcheck?.test[1], "pg_isready");
  assert.match(JSON.stringify(services.longshore.ports), /127\.0\.0\.1/);
  assert.equal(services.postgres.ports, undefined);
});

test("the server takes these options", { skip }, (t) => {
  const { services } = compose(t, ["compose.yaml"], { LONGSHORE_HOST_NAME: "batch.example.com" }).project();
  const [command, ...args] = services.longshore.command!;
  assert.equal(command, "up");
  const up = upCommand().exitOverride();
  assert.deepEqual(up.parseOptions(args).unknown, []);
  assert.deepEqual(up.opts<{ allowedHost: string[] }>().allowedHost, ["batch.example.com"]);
  assert.ok(URL.canParse(services.longshore.environment["LONGSHORE_DATABASE_URL"]!));
});

test("the engine's socket is there only where it is asked for, with its group", { skip }, (t) => {
  const isSocket = ({ services }: Project): boolean =>
    JSON.stringify(services.longshore.volumes).includes("/var/run/docker.sock");
  assert.equal(isSocket(compose(t, ["compose.yaml"]).project()), false);
  const files = ["compose.yaml", "compose.docker-socket.yaml"];
  const project = compose(t, files, { DOCKER_GID: "123" }).project();
  assert.equal(isSocket(project), true);
  assert.deepEqual(project.services.longshore.group_add, ["123"]);
  assert.match(compose(t, files).said, /the number of the group of the engine's socket/);
});

test("every variable of the example is one that Compose looks at", () => {
  const text = ["compose.yaml", "compose.docker-socket.yaml"]
    .map((file) => readFileSync(join(DIRECTORY, file), "utf8"))
    .join("");
  const example = readFileSync(join(DIRECTORY, ".env.example"), "utf8");
  const names = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1]!);
  assert.ok(names.length >= 5);
  assert.deepEqual(
    names.filter((name) => !text.includes(`\${${name}:`)),
    [],
  );
});
