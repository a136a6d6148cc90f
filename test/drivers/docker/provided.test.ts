import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { containerName } from "../../../src/core/driver-name.ts";
import { createSecrets } from "../../../src/drivers/secrets/secrets.ts";
import { NO_SECRETS } from "../../../src/ports/secrets.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { until } from "../../support/until.ts";
import { withBench } from "../../support/docker-bench.ts";

const skip = (await dockerUnavailable()) ?? false;

describe("docker driver: secrets", { skip }, () => {
  test("become variables; what is not there keeps the container from being made", async () => {
    await withBench(async ({ open, run, sh, containers }) => {
      const command = ["sh", "-c", 'printf "value of %s" "$LONGSHORE_SECRET"'];
      const secrets = createSecrets([{ match: "token", from: { kind: "command", command } }]);
      const session = await open({ secrets });
      const given = { ...sh('echo "$TOKEN, $COLOUR"'), secrets: [{ name: "TOKEN", valueFrom: "token" }] };
      const { log } = await run(session, attempt(given, { environment: { COLOUR: "red" } }));
      assert.deepEqual(log, ["value of token, red"]);
      const missing = { ...given, secrets: [{ name: "TOKEN", valueFrom: "other" }] };
      const { exited } = await run(session, attempt(missing));
      assert.match(
        exited.reason ?? "",
        /^ResourceInitializationError: unable to pull secrets or registry auth: there is no value for the secret other:/,
      );
      assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
      assert.equal((await containers()).length, 1);
    });
  });

  test("a stop does not wait for the command that prints one", async () => {
    await withBench(async ({ open, sh, containers }) => {
      const from = { kind: "command", command: ["sleep", "20"] } as const;
      const session = await open({ secrets: createSecrets([{ match: "*", from }]) });
      const spec = attempt({ ...sh("true"), secrets: [{ name: "TOKEN", valueFrom: "token" }] });
      const starting = session.driver.start(spec);
      await session.driver.stop(spec.attemptId, Date.now());
      await starting;
      assert.equal((await session.exited(spec.attemptId)).reason, undefined);
      assert.deepEqual(await containers(), []);
    });
  });

  test("are in nothing that the engine's refusal says, now and when a later driver finds the container", async () => {
    await withBench(async ({ open, run, sh }) => {
      process.env["LONGSHORE_TEST_SECRET"] = "udp://s3cret.invalid:1";
      const from = { kind: "variable", name: "LONGSHORE_TEST_SECRET" } as const;
      const session = await open({ secrets: createSecrets([{ match: "*", from }]) });
      const logConfiguration = {
        logDriver: "gelf" as const,
        secretOptions: [{ name: "gelf-address", valueFrom: "address" }],
      };
      // The log driver looks the host's name up when the container starts.
      const spec = attempt({ ...sh("true"), logConfiguration });
      const { exited } = await run(session, spec);
      assert.match(exited.reason ?? "", /^CannotStartContainerError: failed to initialize logging driver/);
      assert.doesNotMatch(exited.reason ?? "", /s3cret/);
      await session.close();
      const later = await open({ secrets: NO_SECRETS });
      const found = await later.exited(spec.attemptId);
      assert.match(found.reason ?? "", /^CannotStartContainerError: /);
      assert.doesNotMatch(found.reason ?? "", /s3cret/);
    });
  });
});

describe("docker driver: log drivers", { skip }, () => {
  test("one of the job's own gets its options and the output, and our log gets nothing", async () => {
    await withBench(async ({ open, run, sh, docker }) => {
      const from = { kind: "command", command: ["echo", "COLOUR"] } as const;
      const session = await open({ secrets: createSecrets([{ match: "*", from }]) });
      const logConfiguration = {
        logDriver: "json-file" as const,
        options: { "max-size": "1m", tag: "mine" },
        secretOptions: [{ name: "env", valueFrom: "x" }],
      };
      const spec = attempt({ ...sh("echo hello"), logConfiguration });
      const { exited, log } = await run(session, spec);
      assert.deepEqual([exited.exitCode, log], [0, []]);
      const container = docker.getContainer(containerName(spec.attemptId));
      const { HostConfig } = await container.inspect();
      assert.deepEqual(HostConfig.LogConfig, {
        Type: "json-file",
        Config: { "max-size": "1m", tag: "mine", env: "COLOUR" },
      });
      const said = await container.logs({ stdout: true, follow: true });
      assert.match(await text(said), /hello\n$/);
    });
  });

  test("sends the output where a secret says", async () => {
    await withBench(async ({ open, run, sh }) => {
      const server = createSocket("udp4");
      const heard: string[] = [];
      server.on("message", (message) => heard.push(message.toString("utf8")));
      server.bind(0, "127.0.0.1");
      await once(server, "listening");
      try {
        process.env["LONGSHORE_TEST_SECRET"] = `udp://127.0.0.1:${server.address().port}`;
        const from = { kind: "variable", name: "LONGSHORE_TEST_SECRET" } as const;
        const session = await open({ secrets: createSecrets([{ match: "*", from }]) });
        const logConfiguration = {
          logDriver: "syslog" as const,
          options: { tag: "mine" },
          secretOptions: [{ name: "syslog-address", valueFrom: "address" }],
        };
        const { exited, log } = await run(session, attempt({ ...sh("echo hello"), logConfiguration }));
        assert.deepEqual([exited.exitCode, log], [0, []]);
        await until("it is heard", () => heard.some((message) => /mine.*hello/s.test(message)));
      } finally {
        server.close();
      }
    });
  });
});
