import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { HOSTILE } from "../support/hostile.ts";
import { describeJob, ended, logLines, submit } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

/** What users write into commands, environments and names of logs does nothing on the machine but to be given to their programs, as it is. */

const NO_DOCKER = (await dockerUnavailable()) ?? false;
/** In commands `Ref::name` means a parameter. */
const WORDS = Object.values(HOSTILE).filter((text) => text !== HOSTILE["reference"]);
/** Variables can be called anything that has no `=` in it. */
const NAMES = WORDS.filter((text) => !text.includes("="));
const ACTED = "/tmp/longshore-acted";

const SIZE = [
  { type: "VCPU" as const, value: "1" },
  { type: "MEMORY" as const, value: "64" },
];

for (const driver of ["process", "docker"] as const) {
  test(`hostile text in jobs: ${driver}`, { skip: driver === "docker" && NO_DOCKER }, async (t) => {
    const server = await spawnServer(t, { driver, more: ["--log-level", "debug"] });
    const [client, logs] = [batchClient(t, server.url), logsClient(t, server.url)];
    const image = driver === "docker" ? await ensureTestImage() : "scratch";
    const run = async (command: string[], container: Partial<ContainerProperties> = {}) => {
      const containerProperties = { image, resourceRequirements: SIZE, command, ...container };
      const definition = { jobDefinitionName: "d", type: "container" as const, containerProperties };
      await client.send(new RegisterJobDefinitionCommand(definition));
      return submit(client, command, { jobDefinition: "d" });
    };
    const failed = async (...given: Parameters<typeof run>): Promise<string> => {
      const job = await ended(client, await run(...given));
      assert.equal(job.status, "FAILED");
      return `${job.statusReason}: ${job.container?.reason}`;
    };

    await t.test("comes to the program as it is: arguments, values and names of variables", async () => {
      const environment = [
        ...WORDS.map((value, index) => ({ name: `X${index}`, value })),
        ...NAMES.map((name, index) => ({ name, value: `named ${index}` })),
      ];
      const hex = "od -An -v -tx1 | tr -d ' \\n'; echo";
      const script = `printf '%s\\0' "$@" | ${hex}; cat /proc/$$/environ | ${hex}`;
      const jobId = await run(["sh", "-c", script, "sh", ...WORDS], { environment });
      const job = await ended(client, jobId);
      const lines = await logLines(logs, job.container!.logStreamName!, 2);
      const [given, variables] = lines.map((line) => Buffer.from(line, "hex").toString("utf8").split("\0"));
      assert.deepEqual(given, [...WORDS, ""]);
      for (const { name, value } of environment)
        assert.ok(variables!.includes(`${name}=${value}`), JSON.stringify(name));
    });

    await t.test("is no name of a program, a user, a directory or a log that there is", async () => {
      for (const word of [HOSTILE["shell"]!, HOSTILE["traversal"]!, HOSTILE["lines"]!]) {
        assert.match(await failed([word]), /CannotStartContainerError/);
      }
      assert.match(await failed(["true", "a\0b"]), /CannotStartContainerError: .* NUL character/);
      const mount = (sourcePath: string, containerPath: string) => ({
        volumes: [{ name: "v", host: { sourcePath } }],
        mountPoints: [{ sourceVolume: "v", containerPath }],
      });
      const relative = [HOSTILE["traversal"]!, HOSTILE["shell"]!, "named-volume", "/tmp/a\0b"];
      for (const path of driver === "docker" ? [...relative, "/tmp:/etc"] : relative) {
        assert.match(await failed(["true"], mount(path, path)), /Cannot|ResourceInitializationError/);
      }
      const log = (options: Record<string, string>) => ({
        logConfiguration: { logDriver: "awslogs" as const, options },
      });
      for (const group of ["", "a:b", "x\ny"]) {
        assert.match(await failed(["true"], log({ "awslogs-group": group })), /awslogs-group .* is no name/s);
      }
      for (const prefix of ["a:b", "*", "x".repeat(600)]) {
        assert.match(await failed(["true"], log({ "awslogs-stream-prefix": prefix })), /makes no name of a log stream/);
      }
    });

    await t.test("and may be one of a log that is read under it", async () => {
      const prefix = "../../\u202e\u001b[2J'; DROP TABLE jobs; --";
      const options = { "awslogs-group": "../../etc/passwd", "awslogs-stream-prefix": prefix };
      const jobId = await run(["echo", "here"], { logConfiguration: { logDriver: "awslogs", options } });
      await ended(client, jobId);
      const { container } = await describeJob(client, jobId);
      assert.ok(container!.logStreamName!.startsWith(`${prefix}/default/`));
      assert.deepEqual(await logLines(logs, container!.logStreamName!, 1, options["awslogs-group"]), ["here"]);
    });

    assert.equal(existsSync(ACTED), false);
    // Files are named after attempts, and nothing else.
    for (const name of readdirSync(`${server.dataDir}/logs`)) assert.match(name, /^[0-9a-f]{2}$/);
    for (const line of server.stderr.split("\n").filter(Boolean))
      assert.doesNotThrow(() => JSON.parse(line) as unknown);
  });
}
