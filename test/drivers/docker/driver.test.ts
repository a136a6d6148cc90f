import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { containerName } from "../../../src/core/driver-name.ts";
import { localDial } from "../../../src/drivers/docker/engine/dial.ts";
import { UNKNOWN_TRAITS } from "../../../src/drivers/docker/engine/engine-traits.ts";
import { findSocket } from "../../../src/drivers/docker/engine/probe.ts";
import { LABEL } from "../../../src/drivers/docker/names.ts";
import { NOTHING_PROVIDED } from "../../../src/drivers/docker/container/provided.ts";
import { containerOptions } from "../../../src/drivers/docker/container/spec.ts";
import { NO_IMAGE, OUT_OF_MEMORY } from "../../../src/ports/driver.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { withBench } from "../../support/docker-bench.ts";
import { createSocketProxy } from "../../support/socket-proxy.ts";

const skip = (await dockerUnavailable()) ?? false;

describe("docker driver: what runs", { skip }, () => {
  test("death of the program by signal n is 128 + n", async () => {
    await withBench(async ({ open, run, sh }) => {
      const { exited } = await run(await open(), attempt(sh("sh -c 'kill -USR1 $$'; exit $?")));
      assert.equal(exited.exitCode, 138);
    });
  });

  test("user, read-only root, tmpfs, limits, volumes, labels", async () => {
    await withBench(async ({ open, run, sh, directory, docker, clusterId }) => {
      const session = await open();
      const source = path.join(directory, "made-by-the-engine");
      const spec = attempt({
        ...sh("exec 2>&1; id -un; touch /x; touch /run/x /fresh/x /out/x && ulimit -n && touch /in/x; exit 0"),
        user: "worker",
        readonlyRootFilesystem: true,
        ulimits: [{ name: "nofile", softLimit: 123, hardLimit: 456 }],
        linuxParameters: {
          tmpfs: [{ containerPath: "/run", size: 1, mountOptions: ["mode=1777"] }],
          sharedMemorySize: 8,
        },
        volumes: [
          { name: "in", host: { sourcePath: source } },
          { name: "out", host: { sourcePath: "/tmp" } },
        ],
        mountPoints: [
          { sourceVolume: "in", containerPath: "/in", readOnly: true },
          { sourceVolume: "out", containerPath: "/out" },
        ],
      });
      const { volumes = [], mountPoints = [], ...container } = spec.container;
      const fresh: ContainerProperties = {
        ...container,
        volumes: [...volumes, { name: "fresh", host: {} }],
        mountPoints: [...mountPoints, { sourceVolume: "fresh", containerPath: "/fresh" }],
        user: "root",
      };
      const asWorker = await run(session, spec);
      assert.equal(asWorker.exited.reason, undefined);
      assert.deepEqual(asWorker.log.slice(0, 2), ["worker", "touch: /x: Read-only file system"]);
      const { log } = await run(session, { ...spec, attemptId: randomBytes(16).toString("hex"), container: fresh });
      assert.deepEqual(log, ["root", "touch: /x: Read-only file system", "123", "touch: /in/x: Read-only file system"]);
      assert.ok(statSync(source).isDirectory());
      const [found] = await docker.listContainers({ all: true, filters: { name: [containerName(spec.attemptId)] } });
      assert.equal(found?.Labels[LABEL.cluster], clusterId);
      assert.equal(found?.Labels[LABEL.attempt], spec.attemptId);
      assert.equal(found?.Labels[LABEL.job], spec.jobId);
    });
  });

  test("no image means the server's own", async () => {
    await withBench(async ({ open, run }) => {
      const session = await open();
      const { exited, log } = await run(session, attempt({ image: NO_IMAGE, command: ["echo", "hello"] }));
      assert.deepEqual([exited.exitCode, log], [0, ["hello"]]);
    });
  });

  test("a child killed for memory is out of memory, with the program's own exit code; a program that copes is well", async () => {
    await withBench(async ({ open, run, sh }) => {
      const session = await open();
      const fails = await run(session, attempt(sh("tail /dev/zero; exit 3"), { memoryMiB: 32 }));
      assert.deepEqual([fails.exited.exitCode, fails.exited.reason], [3, OUT_OF_MEMORY]);
      const copes = await run(session, attempt(sh("tail /dev/zero; exit 0"), { memoryMiB: 32 }));
      assert.deepEqual([copes.exited.exitCode, copes.exited.reason], [0, undefined]);
    });
  });
});

describe("docker driver: what cannot run", { skip }, () => {
  test("an image that cannot be pulled: the engine's reason, no container", async () => {
    await withBench(async ({ open, run, containers }) => {
      const session = await open();
      const { exited } = await run(session, attempt({ image: "localhost:1/absent/image:1", command: ["true"] }));
      assert.match(exited.reason ?? "", /^CannotPullContainerError: .*localhost:1.*connection refused/);
      assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
      assert.deepEqual(await containers(), []);
    });
  });

  test("an image name that is none", async () => {
    await withBench(async ({ open, run }) => {
      const { exited } = await run(await open(), attempt({ image: "Not An Image", command: ["true"] }));
      assert.match(exited.reason ?? "", /^Cannot(Create|Pull)ContainerError: .*invalid reference format/);
    });
  });

  test("a user that the image does not have", async () => {
    await withBench(async ({ open, run, sh, containers }) => {
      const session = await open();
      const spec = attempt({ ...sh("true"), user: "nobody-here" });
      const { exited } = await run(session, spec);
      assert.match(exited.reason ?? "", /^CannotStartContainerError: .*nobody-here/);
      assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(await containers(), []);
    });
  });

  test("a relative host path, which the engine takes for a volume's name or refuses, is told and not left behind", async () => {
    await withBench(async ({ open, run, sh, containers }) => {
      const session = await open();
      const spec = attempt({
        ...sh("true"),
        volumes: [{ name: "v", host: { sourcePath: "./relative" } }],
        mountPoints: [{ sourceVolume: "v", containerPath: "/v" }],
      });
      const { exited } = await run(session, spec);
      assert.match(exited.reason ?? "", /^CannotCreateContainerError: .*relative/);
      assert.deepEqual(await containers(), []);
    });
  });
});

describe("docker driver: output", { skip }, () => {
  test("lines over 16 kB, several bytes per character, CRLF, blank lines, no last line end", async () => {
    await withBench(async ({ open, run, sh }) => {
      const script = `printf x; i=0; while [ $i -lt 10000 ]; do printf é; i=$((i+1)); done; echo
        printf 'dos\\r\\n\\n  two  blanks\\nend'`;
      const { log } = await run(await open(), attempt(sh(script)));
      assert.deepEqual(log, [`x${"é".repeat(10_000)}`, "dos", "", "  two  blanks", "end"]);
    });
  });

  test("each driver goes on where the last one was, with its note, without it, and with one that is torn", async () => {
    await withBench(async ({ open, sh, lines, directory }) => {
      const lineCount = 4000;
      const text = "x".repeat(50);
      const script = `i=0; while [ $i -lt ${lineCount} ]; do echo out $i ${text}; echo err $i >&2; i=$((i+1)); [ $((i%200)) = 0 ] && sleep 0.2; done; exit 6`;
      const spec = attempt(sh(script));
      const note = path.join(directory, "docker", `${spec.attemptId}.json`);
      const session = await open();
      await session.driver.start(spec);
      await until("a note", () => existsSync(note));
      await session.close();
      let count = (await lines(spec.attemptId)).length;
      const more = () => until("more output", async () => (await lines(spec.attemptId)).length > count + 100);

      const second = await open();
      await more();
      await second.close();
      count = (await lines(spec.attemptId)).length;
      const third = await open({ directory: undefined });
      await more();
      await third.close();
      writeFileSync(note, '{"position":');

      const last = await open();
      assert.equal((await last.exited(spec.attemptId)).exitCode, 6);
      const numbers = Array.from({ length: lineCount }, (_, n) => n);
      const log = await lines(spec.attemptId);
      const outs = log.filter((line) => line.startsWith("out"));
      const errs = log.filter((line) => line.startsWith("err"));
      assert.deepEqual([outs, errs], [numbers.map((n) => `out ${n} ${text}`), numbers.map((n) => `err ${n}`)]);
      assert.equal(log.length, 2 * lineCount);
    });
  });

  test("the log of a program that ended while nobody watched is complete", async () => {
    await withBench(async ({ open, sh, lines, docker }) => {
      const spec = attempt(sh("echo one; sleep 1; echo two; exit 8"));
      const session = await open();
      await session.driver.start(spec);
      await until("the first line", async () => (await lines(spec.attemptId)).length === 1);
      await session.close();
      await docker.getContainer(containerName(spec.attemptId)).wait();
      const next = await open();
      const exited = await next.exited(spec.attemptId);
      assert.equal(exited.exitCode, 8);
      assert.ok(exited.startedAt !== undefined && exited.at - exited.startedAt >= 900);
      assert.deepEqual(await lines(spec.attemptId), ["one", "two"]);
    });
  });
});

describe("docker driver: containers of its own and others'", { skip }, () => {
  test("forgetting removes the container, its volumes and what was noted of it", async () => {
    await withBench(async ({ open, run, sh, containers, docker, directory }) => {
      const session = await open();
      const spec = attempt({
        ...sh("touch /v/x; i=0; while [ $i -lt 20000 ]; do echo line number $i; i=$((i+1)); done"),
        volumes: [{ name: "v", host: {} }],
        mountPoints: [{ sourceVolume: "v", containerPath: "/v" }],
      });
      assert.equal((await run(session, spec)).exited.exitCode, 0);
      const { Mounts } = await docker.getContainer(containerName(spec.attemptId)).inspect();
      const volume = Mounts[0]?.Name;
      assert.ok(volume);
      assert.deepEqual(readdirSync(path.join(directory, "docker")), [`${spec.attemptId}.json`]);
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(await containers(), []);
      assert.deepEqual(readdirSync(path.join(directory, "docker")), []);
      await assert.rejects(docker.getVolume(volume).inspect(), { statusCode: 404 });
    });
  });

  test("another cluster's containers are not seen, not adopted and not removed", async () => {
    await withBench(async ({ open, run, sh, clusterId, containers }) => {
      const spec = attempt(sh("echo mine"));
      await run(await open(), spec);
      const stranger = await open({ clusterId: `${clusterId}-other` });
      assert.deepEqual(await stranger.inventory(), { kind: "inventory", attemptIds: [] });
      await stranger.driver.forget(spec.attemptId);
      await stranger.driver.start(spec);
      assert.match(
        (await stranger.exited(spec.attemptId)).reason ?? "",
        /^CannotCreateContainerError: the name .* is taken/,
      );
      assert.deepEqual(await containers(), [containerName(spec.attemptId)]);
    });
  });

  test("a container made but not started before a crash is not in the inventory, and start runs it once", async () => {
    await withBench(async ({ open, run, sh, docker, clusterId, image }) => {
      const spec = attempt(sh("echo ran"));
      await docker.createContainer(
        containerOptions(
          spec,
          { clusterId, defaultImage: image, engine: UNKNOWN_TRAITS, limitsStorage: true },
          NOTHING_PROVIDED,
        ),
      );
      const session = await open();
      assert.deepEqual((await session.inventory()).attemptIds, []);
      const { exited, log } = await run(session, spec);
      assert.deepEqual([exited.exitCode, log], [0, ["ran"]]);
    });
  });

  test("a stop while the image is pulled ends the attempt at once, and nothing starts later", async () => {
    await withBench(async ({ open, containers }) => {
      const session = await open();
      // An address that takes no connections: the pull hangs.
      const spec = attempt({ image: "192.0.2.1/a/b:1", command: ["true"] });
      const starting = session.driver.start(spec);
      await session.driver.stop(spec.attemptId, Date.now() + 60_000);
      await starting;
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt, exited.exitCode, exited.reason], [undefined, undefined, undefined]);
      assert.deepEqual(await containers(), []);
    });
  });

  test("a container removed by somebody else is lost", async () => {
    await withBench(async ({ open, sh, docker }) => {
      const session = await open();
      const spec = attempt(sh("sleep 600"));
      await session.driver.start(spec);
      const { at } = await session.started(spec.attemptId);
      await docker.getContainer(containerName(spec.attemptId)).remove({ force: true });
      const exited = await session.exited(spec.attemptId);
      assert.equal(exited.startedAt, at);
      // Seen between its death and its removal it was killed; seen after that it is gone.
      if (exited.exitCode !== undefined) assert.equal(exited.exitCode, 137);
      else assert.match(exited.reason ?? "", /removed/);
    });
  });
});

describe("docker driver: an engine that comes and goes", { skip }, () => {
  test("open does not wait for an engine that is not there, and says so once", async () => {
    await withBench(async ({ open, sh, directory, containers }) => {
      const notices: string[] = [];
      const socketPath = path.join(directory, "late.sock");
      const session = await open({ dial: localDial(socketPath), onNotice: (message) => notices.push(message) });
      const spec = attempt(sh("exit 5"));
      const starting = session.driver.start(spec);
      await until("a notice", () => notices.length > 0);
      assert.deepEqual(session.events, []);
      const engine = await findSocket();
      assert.ok(engine);
      const proxy = await createSocketProxy(socketPath, engine);
      try {
        assert.deepEqual((await session.inventory()).attemptIds, [spec.attemptId]);
        await starting;
        assert.equal((await session.exited(spec.attemptId)).exitCode, 5);
        assert.deepEqual(await containers(), [containerName(spec.attemptId)]);
        assert.equal(notices.length, 1);
        assert.match(notices[0] ?? "", /container engine does not answer: .*ENOENT/);
        await session.close();
      } finally {
        await proxy.cut();
      }
    });
  });

  test("a container that appears long after anybody waits for it is told, and goes when it is forgotten", async () => {
    await withBench(async ({ open, docker, image, clusterId, containers }) => {
      const make = (attemptId: string) =>
        docker.createContainer({
          ...{ name: containerName(attemptId), Image: image, Cmd: ["sleep", "600"] },
          Labels: { [LABEL.cluster]: clusterId, [LABEL.attempt]: attemptId, [LABEL.job]: "job" },
        });
      const [before, late, running] = ["1", "2", "3"].map((digit) => digit.repeat(32)) as [string, string, string];
      await make(before);
      const session = await open();
      assert.deepEqual((await session.inventory()).attemptIds, []);
      const isTold = (attemptId: string): boolean =>
        session.events.some((event) => event.kind === "made" && event.attemptId === attemptId);
      await until("that it was there before is told", () => isTold(before));
      await make(late);
      await until("that it was made is told", () => isTold(late));
      await (await make(running)).start();
      await session.started(running);
      for (const attemptId of [before, late, running]) await session.driver.forget(attemptId);
      assert.deepEqual(await containers(), []);
    });
  });

  test("after the engine was out of sight: a new inventory, every end, all output, and stops that were asked meanwhile", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "longshore-proxy-"));
    const engine = await findSocket();
    assert.ok(engine);
    const socketPath = path.join(directory, "engine.sock");
    const proxy = await createSocketProxy(socketPath, engine);
    try {
      await withBench(async ({ open, sh, lines, docker }) => {
        const session = await open({ dial: localDial(socketPath) });
        const ends = attempt(sh("echo one; sleep 1; echo two; exit 9"));
        const stopped = attempt(sh("trap 'exit 4' TERM; echo ready; while :; do sleep 0.1; done"));
        const forgotten = attempt(sh("exit 0"));
        for (const spec of [ends, stopped, forgotten]) await session.driver.start(spec);
        await session.exited(forgotten.attemptId);
        await until("output", async () => (await lines(stopped.attemptId)).length === 1);
        await proxy.cut();
        await docker.getContainer(containerName(ends.attemptId)).wait();
        await session.driver.stop(stopped.attemptId, Date.now() + 60_000);
        await session.driver.forget(forgotten.attemptId);
        const reported = session.events.length;
        await proxy.restore();
        assert.equal((await session.exited(ends.attemptId)).exitCode, 9);
        assert.equal((await session.exited(stopped.attemptId)).exitCode, 4);
        assert.deepEqual(await lines(ends.attemptId), ["one", "two"]);
        assert.deepEqual(await lines(stopped.attemptId), ["ready"]);
        const again = session.events.slice(reported).find((event) => event.kind === "inventory");
        assert.deepEqual([...(again?.attemptIds ?? [])].sort(), [ends.attemptId, stopped.attemptId].sort());
        await session.close();
      });
    } finally {
      await proxy.cut();
      rmSync(directory, { recursive: true });
    }
  });
});
