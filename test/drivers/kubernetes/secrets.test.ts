import assert from "node:assert/strict";
import { test } from "node:test";
import { podName } from "../../../src/drivers/kubernetes/names.ts";
import type { Secrets } from "../../../src/ports/secrets.ts";
import { SecretUnavailable } from "../../../src/ports/secrets.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

const VALUES = new Map([
  ["arn:token", "pa$$word $(HOME)"],
  ["arn:login", '{"username":"me","password":"it"}'],
]);
const secrets: Secrets = {
  valueOf(reference) {
    const value = VALUES.get(reference);
    return value === undefined ? Promise.reject(new SecretUnavailable(`no ${reference}`)) : Promise.resolve(value);
  },
};
const withToken = (valueFrom: string) =>
  attempt({
    image: "busybox",
    command: ["sh", "-c", 'echo "$TOKEN"'],
    secrets: [{ name: "TOKEN", valueFrom }],
    repositoryCredentials: { credentialsParameter: "arn:login" },
  });

test("the values of secrets reach the program, are in no pod, and go with it", async () => {
  await withKubernetes(async ({ cluster, open, readLog }) => {
    const session = await open({ secrets });
    const spec = withToken("arn:token");
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    assert.deepEqual(readLog(spec.attemptId), [VALUES.get("arn:token")]);
    assert.doesNotMatch(JSON.stringify(cluster.pods()), /pa\$\$word/);
    const made = cluster.store.list("secrets").map(({ metadata }) => metadata.name);
    assert.deepEqual(made.sort(), [`${podName(spec.attemptId)}.login`, `${podName(spec.attemptId)}.variables`]);
    await session.driver.forget(spec.attemptId);
    assert.deepEqual(cluster.pods(), []);
    await until("they are gone", () => cluster.store.list("secrets").length === 0);
  });
});

test("a secret without a value: the attempt never begins, and says so", async () => {
  await withKubernetes(async ({ cluster, open }) => {
    const session = await open({ secrets });
    const spec = withToken("arn:none");
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
    assert.equal(exited.reason, "ResourceInitializationError: unable to pull secrets or registry auth: no arn:none");
    await session.driver.forget(spec.attemptId);
    assert.deepEqual(cluster.pods(), []);
  });
});

test("a pod that a server left without its secrets is shown as made, and given them by who starts it", async () => {
  await withKubernetes(async ({ open, readLog }) => {
    const never: Secrets = { valueOf: () => new Promise(() => {}) };
    const session = await open({ secrets: never });
    const spec = withToken("arn:token");
    void session.driver.start(spec);
    await until("the pod is there", () => session.driver.waitsFor!(spec.attemptId) !== undefined);
    await session.close();
    const next = await open({ secrets });
    assert.deepEqual(next.events, [
      { kind: "inventory", attemptIds: [] },
      { kind: "made", attemptId: spec.attemptId },
    ]);
    await next.driver.start(spec);
    assert.equal((await next.exited(spec.attemptId)).exitCode, 0);
    assert.deepEqual(readLog(spec.attemptId), [VALUES.get("arn:token")]);
  });
});
