import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { containerName } from "../../../src/core/driver-name.ts";
import { HOLDER } from "../../../src/drivers/docker/tasks/holder-image.ts";
import { holderName, LABEL, volumeName } from "../../../src/drivers/docker/names.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import { openSession, until } from "../../conformance/driver/events.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import type { DockerHarness } from "../../support/docker-harness.ts";
import { helloOnce } from "../../support/hello-server.ts";

interface Bench extends DockerHarness {
  open(): Promise<Session>;
  /** A container of a task, which runs a script and sees the task's volume under /shared. */
  part(taskId: string, script: string, more?: Partial<AttemptSpec>): AttemptSpec;
  /** Starts it and waits for its end: the exit code and the log. */
  run(session: Session, spec: AttemptSpec): Promise<string>;
  forget(session: Session, ...specs: AttemptSpec[]): Promise<void>;
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const harness = await makeDockerHarness();
  const sessions: Session[] = [];
  const shared: ContainerProperties = {
    volumes: [{ name: "shared", host: {} }],
    mountPoints: [{ sourceVolume: "shared", containerPath: "/shared" }],
  };
  try {
    await use({
      ...harness,
      async open() {
        const session = await openSession(harness.createDriver());
        sessions.push(session);
        await session.inventory();
        return session;
      },
      part: (taskId, script, more) =>
        attempt({ ...harness.command(["sh", "-c", script]), ...shared }, { task: { id: taskId }, ...more }),
      async run({ driver, exited }, spec) {
        await driver.start(spec);
        const { exitCode, reason = "" } = await exited(spec.attemptId);
        return `${exitCode} ${reason}${await harness.readLog(spec.attemptId)}`.trim();
      },
      async forget({ driver }, ...specs) {
        await Promise.all(specs.map(({ attemptId }) => driver.forget(attemptId)));
      },
    });
  } finally {
    for (const session of sessions) await session.close();
    await harness.dispose();
  }
}

function newTask(): string {
  return randomBytes(16).toString("hex");
}

const skip = (await dockerUnavailable()) ?? false;

describe("docker driver: containers of one task", { skip }, () => {
  test("share localhost, whichever of them began or ended first, and keep the way out of it", async () => {
    await withBench(async ({ open, part, run, readLog }) => {
      const session = await open();
      const task = newTask();
      assert.equal(await run(session, part(task, "exit 3")), "3");
      const server = part(task, helloOnce(7777));
      await session.driver.start(server);
      await until("the server is ready", async () => (await readLog(server.attemptId)).includes("ready"));
      assert.equal(await run(session, part(task, "nc 127.0.0.1 7777 < /dev/null")), "0 hello");
      assert.equal((await session.exited(server.attemptId)).exitCode, 0);
      assert.match(await run(session, part(task, "ip -4 -o addr; cat /etc/hosts")), /eth0[^]*host\.docker\.internal/);
    });
  });

  test("have a network of their own: two tasks listen on the same port", async () => {
    await withBench(async ({ open, part, readLog }) => {
      const session = await open();
      const script = (name: string) =>
        `nc -ll -p 7777 -e echo ${name} & until heard=$(nc 127.0.0.1 7777 < /dev/null 2> /dev/null); do sleep 0.02; done; echo $heard; wait`;
      const parts = ["one", "two"].map((name) => ({ name, spec: part(newTask(), script(name)) }));
      for (const { spec } of parts) await session.driver.start(spec);
      for (const { name, spec } of parts) {
        await until("it is heard", async () => (await readLog(spec.attemptId)).includes("\n"));
        assert.equal(await readLog(spec.attemptId), `${name}\n`);
      }
    });
  });

  test("share a volume that has no place on the host; another task has another one", async () => {
    await withBench(async ({ open, part, run }) => {
      const session = await open();
      const task = newTask();
      assert.equal(await run(session, part(task, "echo kept > /shared/note")), "0");
      assert.equal(await run(session, part(task, "cat /shared/note")), "0 kept");
      assert.equal(await run(session, part(newTask(), "ls /shared")), "0");
    });
  });

  test("what they share goes with the last one that is forgotten, and not before", async () => {
    await withBench(async ({ open, part, run, forget, containers, volumes }) => {
      const session = await open();
      const task = newTask();
      const [first, second] = [part(task, "true"), part(task, "true")];
      await run(session, first);
      await run(session, second);
      await forget(session, first);
      const left = [containerName(second.attemptId), holderName(task)];
      assert.deepEqual((await containers()).toSorted(), left.toSorted());
      assert.deepEqual(await volumes(), [volumeName(task, "shared")]);
      await forget(session, second);
      assert.deepEqual([await containers(), await volumes()], [[], []]);
    });
  });

  test("that are forgotten all at once leave nothing either", async () => {
    await withBench(async ({ open, part, run, forget, containers, volumes }) => {
      const session = await open();
      const task = newTask();
      const parts = Array.from({ length: 4 }, () => part(task, "true"));
      await Promise.all(parts.map((one) => run(session, one)));
      await forget(session, ...parts);
      assert.deepEqual([await containers(), await volumes()], [[], []]);
    });
  });

  test("go on after the driver, and the next one starts others beside them", async () => {
    await withBench(async ({ open, part, run, forget, readLog, containers, volumes }) => {
      const session = await open();
      const task = newTask();
      const server = part(task, helloOnce(7777));
      const { at: startedAt, address } = await session.driver
        .start(server)
        .then(() => session.started(server.attemptId));
      await until("the server is ready", async () => (await readLog(server.attemptId)).includes("ready"));
      await session.close();
      const next = await open();
      const adopted = await next.started(server.attemptId);
      assert.deepEqual([adopted.at, adopted.address], [startedAt, address]);
      const client = part(task, "nc 127.0.0.1 7777 < /dev/null");
      assert.equal(await run(next, client), "0 hello");
      await next.exited(server.attemptId);
      await next.close();
      const last = await open();
      await forget(last, server, client);
      assert.deepEqual([await containers(), await volumes()], [[], []]);
    });
  });

  test("a holder and a volume without any container of their task are removed by the next driver", async () => {
    await withBench(async ({ open, part, run, docker, containers, volumes }) => {
      const session = await open();
      const task = newTask();
      const [gone, kept] = [part(task, "true"), part(newTask(), "true")];
      await run(session, gone);
      await run(session, kept);
      await session.close();
      await docker.getContainer(containerName(gone.attemptId)).remove();
      await open();
      const left = [containerName(kept.attemptId), holderName(kept.task!.id)];
      assert.deepEqual((await containers()).toSorted(), left.toSorted());
      assert.deepEqual(await volumes(), [volumeName(kept.task!.id, "shared")]);
    });
  });

  test("a stop before the start gives up, and nothing of the task stays", async () => {
    await withBench(async ({ open, part, forget, containers }) => {
      const session = await open();
      const one = part(newTask(), "sleep 600");
      const starting = session.driver.start(one);
      await session.driver.stop(one.attemptId, Date.now());
      await starting;
      await session.exited(one.attemptId);
      await forget(session, one);
      assert.deepEqual(await containers(), []);
    });
  });

  test("the holder's image is made when the engine does not have it", async () => {
    await withBench(async ({ open, part, run, docker }) => {
      // Refused while holders of other tests run; then it is there all the same.
      await docker
        .getImage(HOLDER.image)
        .remove({ force: true })
        .catch(() => {});
      assert.equal(await run(await open(), part(newTask(), "true")), "0");
    });
  });

  test("a holder's name that something else has: the attempt says so", async () => {
    await withBench(async ({ open, part, run, docker, image }) => {
      const task = newTask();
      const other = await docker.createContainer({ name: holderName(task), Image: image, Cmd: ["true"] });
      try {
        assert.match(
          await run(await open(), part(task, "true")),
          /^undefined ResourceInitializationError: the name longshore-task-[0-9a-f]{32} is taken/,
        );
      } finally {
        await other.remove();
      }
    });
  });

  test("see each other's processes and shared memory when the task says so, and only then", async () => {
    await withBench(async ({ open, part, run, docker }) => {
      const session = await open();
      const task = newTask();
      const modes = { pidMode: "task", ipcMode: "task" } as const;
      // The orphan ends before its parent's parent: whoever is process 1 has to clear it away.
      const sleeper = part(task, "(sleep 0.1 & ) ; echo up > /shared/up; exec sleep 612", modes);
      await session.driver.start(sleeper);
      await session.started(sleeper.attemptId);
      const look = "until [ -f /shared/up ]; do sleep 0.1; done; sleep 0.5; ps -o stat,args";
      const seen = await run(session, part(task, look, modes));
      assert.match(seen, /sleep 612/);
      assert.doesNotMatch(seen, /^Z/m);
      assert.doesNotMatch(await run(session, part(task, "ps -o args")), /sleep 612/);
      const { HostConfig } = await docker.getContainer(containerName(sleeper.attemptId)).inspect();
      assert.match(HostConfig.IpcMode ?? "", /^container:/);
    });
  });
});

describe("docker driver: addresses", { skip }, () => {
  test("attempts reach each other at the addresses that their starts tell, alone or in a task", async () => {
    await withBench(async ({ open, part, run, readLog, command }) => {
      const session = await open();
      const script = helloOnce(7777);
      const alone = attempt(command(["sh", "-c", script]));
      for (const server of [alone, part(newTask(), script)]) {
        await session.driver.start(server);
        const { address } = await session.started(server.attemptId);
        await until("the server is ready", async () => (await readLog(server.attemptId)).includes("ready"));
        const client = attempt(command(["sh", "-c", `nc ${address} 7777 < /dev/null`]));
        assert.equal(await run(session, client), "0 hello");
      }
    });
  });

  test("a task's labels: its containers have the attempt's too, its holder has not", async () => {
    await withBench(async ({ open, part, run, docker }) => {
      const task = newTask();
      const one = part(task, "true");
      await run(await open(), one);
      const labels = async (name: string) => (await docker.getContainer(name).inspect()).Config.Labels;
      assert.equal((await labels(containerName(one.attemptId)))[LABEL.task], task);
      assert.deepEqual(
        Object.keys(await labels(holderName(task)))
          .filter((label) => label.startsWith("longshore"))
          .toSorted(),
        [LABEL.cluster, LABEL.task],
      );
    });
  });
});
