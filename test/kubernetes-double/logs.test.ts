import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Log } from "@kubernetes/client-node";
import { namespace, pod, untilPhase, withDouble } from "./client.ts";

test("a log is read whole, from a second on, its tail, and its first bytes; each line has its time", () =>
  withDouble({}, async ({ core }) => {
    await core.createNamespacedPod({
      namespace,
      body: pod("l", "for i in 1 2 3 4; do echo line $i; done; printf end"),
    });
    await untilPhase(core, "l", "Succeeded");
    const read = (query: object): Promise<string> => core.readNamespacedPodLog({ namespace, name: "l", ...query });
    assert.equal(await read({}), "line 1\nline 2\nline 3\nline 4\nend\n");
    assert.equal(await read({ tailLines: 2 }), "line 4\nend\n");
    assert.equal(await read({ limitBytes: 9 }), "line 1\nli");
    const stamped = (await read({ timestamps: true })).trimEnd().split("\n");
    for (const line of stamped) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (line \d|end)$/);
    const second = stamped[0]!.slice(0, 19);
    assert.equal(await read({ sinceSeconds: 3600 }), await read({}));
    assert.equal(await read({ timestamps: true, tailLines: 5 }), `${stamped.join("\n")}\n`);
    assert.ok(second <= new Date().toISOString());
  }));

test("the times of a log are cut to whole seconds when it is read from one on", () =>
  withDouble({}, async ({ core, double }) => {
    await core.createNamespacedPod({ namespace, body: pod("l", "echo one; echo two") });
    await untilPhase(core, "l", "Succeeded");
    const at = async (sinceTime: string): Promise<string> =>
      (await fetch(`${double.api.url}/api/v1/namespaces/default/pods/l/log?sinceTime=${sinceTime}`)).text();
    const stamps = (await core.readNamespacedPodLog({ namespace, name: "l", timestamps: true })).match(/\S+Z/g)!;
    assert.equal(await at(stamps[1]!), "one\ntwo\n");
    assert.equal(await at(new Date(Date.parse(stamps[1]!) + 1000).toISOString()), "");
  }));

test("a followed log comes as it is written, ends with the container, and is cut where a test cuts it", () =>
  withDouble({}, async ({ core, config, double }) => {
    const script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done 2>/dev/null";
    await core.createNamespacedPod({ namespace, body: pod("l", script) });
    await untilPhase(core, "l", "Running");
    // The public client dies of a log that is cut: an error of its stream that nobody can catch.
    const cut = await fetch(`${double.api.url}/api/v1/namespaces/default/pods/l/log?follow=true`);
    const reader = cut.body!.getReader();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), "ready\n");
    double.api.cutLogs();
    await assert.rejects(reader.read(), /terminated/);
    const whole = new PassThrough();
    await new Log(config).log(namespace, "l", "main", whole, { follow: true });
    await core.deleteNamespacedPod({ namespace, name: "l" });
    assert.equal(await text(whole), "ready\nbye\n");
  }));

test("long lines stay one line", () =>
  withDouble({}, async ({ core }) => {
    const script = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short";
    await core.createNamespacedPod({ namespace, body: pod("l", script) });
    await untilPhase(core, "l", "Succeeded");
    const log = await core.readNamespacedPodLog({ namespace, name: "l" });
    assert.deepEqual(
      log.split("\n").map(({ length }) => length),
      [40_000, 5, 0],
    );
  }));

test("which container is to be named when there are several", () =>
  withDouble({}, async ({ core }) => {
    const containers = ["a", "b"].map((name) => ({ name, image: "busybox", command: ["echo", name] }));
    await core.createNamespacedPod({ namespace, body: pod("l", "", { containers }) });
    await untilPhase(core, "l", "Succeeded");
    const read = (container?: string): Promise<string> =>
      core.readNamespacedPodLog({ namespace, name: "l", ...(container !== undefined && { container }) });
    await assert.rejects(read(), {
      code: 400,
      body: /a container name must be specified for pod l, choose one of: \[a b\]/,
    });
    await assert.rejects(read("c"), { code: 400, body: /container c is not valid for pod l/ });
    assert.deepEqual([await read("a"), await read("b")], ["a\n", "b\n"]);
  }));
