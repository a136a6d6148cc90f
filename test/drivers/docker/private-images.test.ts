import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { createSecrets } from "../../../src/drivers/secrets/secrets.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import type { Bench } from "../../support/docker-bench.ts";
import { withBench } from "../../support/docker-bench.ts";
import type { Registry } from "../../support/registry.ts";
import { REGISTRY_LOGIN, registryUnavailable, startRegistry } from "../../support/registry.ts";

const skip = (await dockerUnavailable()) ?? registryUnavailable() ?? false;

const secrets = createSecrets(
  Object.entries({ ann: REGISTRY_LOGIN.password, wrong: "wr0ng-password" }).map(([match, password]) => {
    process.env[`LONGSHORE_TEST_LOGIN_${match}`] = JSON.stringify({ ...REGISTRY_LOGIN, password });
    return { match, from: { kind: "variable", name: `LONGSHORE_TEST_LOGIN_${match}` } } as const;
  }),
);

async function withRegistry(use: (bench: Bench, registry: Registry) => Promise<void>): Promise<void> {
  await withBench(async (bench) => {
    const registry = await startRegistry(bench.docker);
    try {
      await use(bench, registry);
    } finally {
      // Images of containers that are there cannot be removed.
      for (const name of await bench.containers()) await bench.docker.getContainer(name).remove({ force: true });
      await registry.dispose();
    }
  });
}

function showsVersion(image: string, login?: string, more: Partial<AttemptSpec> = {}): AttemptSpec {
  const credentials = login !== undefined && { repositoryCredentials: { credentialsParameter: login } };
  return attempt({ image, command: ["cat", "/version"], ...credentials }, more);
}

describe("docker driver: images of a registry that asks who comes", { skip }, () => {
  test("are pulled with the job's login, once for all that wait; without it, the registry's refusal is told", async () => {
    await withRegistry(async ({ open, run }, registry) => {
      const session = await open({ secrets });
      const image = await registry.push("private/tool:1", "one");
      const pushed = registry.log.length;
      const reasonOf = async (spec: AttemptSpec) => (await run(session, spec)).exited.reason ?? "";
      assert.match(await reasonOf(showsVersion(image)), /^CannotPullContainerError: .*no basic auth credentials/);
      const refused = await reasonOf(showsVersion(image, "wrong"));
      assert.match(refused, /^CannotPullContainerError: .*unauthorized/);
      assert.doesNotMatch(refused, /wr0ng/);
      const missing = await reasonOf(showsVersion(image, "nobody"));
      assert.match(missing, /^ResourceInitializationError: unable to pull secrets or registry auth: .*nobody/);

      const specs = [1, 2, 3].map(() => showsVersion(image, "ann"));
      const ends = await Promise.all(specs.map((spec) => run(session, spec)));
      assert.deepEqual(
        ends.map(({ log }) => log),
        [["one"], ["one"], ["one"]],
      );
      const asked = registry.log.slice(pushed).match(/GET \/v2\/private\/tool\/blobs\/\S+/g)!;
      assert.equal(asked.length, new Set(asked).size, "each blob was asked for once");
      assert.equal(await reasonOf(showsVersion(image, "wrong")), "", "it is there: nobody is asked");
    });
  });

  test("are pulled when the pod's policy says so, for the platform that the job says", async () => {
    await withRegistry(async ({ open, run }, registry) => {
      const session = await open({ secrets });
      const image = await registry.push("private/tool:1", "one");
      const end = async (more: Partial<AttemptSpec>, container: ContainerProperties = {}) => {
        const spec = showsVersion(image, undefined, more);
        const { exited, log } = await run(session, { ...spec, container: { ...spec.container, ...container } });
        return exited.reason ?? log.join();
      };
      const never = `ErrImageNeverPull: Container image "${image}" is not present with pull policy of Never`;
      assert.equal(await end({ pullPolicy: "Never" }), never);
      const without = await end({ pullSecrets: ["nobody"] });
      assert.match(without, /^CannotPullContainerError: .* \(without a login: there is no value for the secret nobody/);
      const pullSecrets = ["nobody", "ann"];
      assert.equal(await end({ pullPolicy: "IfNotPresent", pullSecrets }), "one");
      await registry.push("private/tool:1", "two");
      assert.equal(await end({ pullPolicy: "IfNotPresent" }), "one");
      assert.equal(await end({ pullPolicy: "Never" }), "one");
      assert.equal(await end({ pullPolicy: "Always", pullSecrets }), "two");
      const other = process.arch === "x64" ? "ARM64" : "X86_64";
      const foreign = await end({ pullSecrets }, { runtimePlatform: { cpuArchitecture: other } });
      const isEmulated = /^CannotPullContainerError: .*does not match the specified platform/.test(foreign);
      if (!isEmulated) assert.match(foreign, /^CannotCreateContainerError: exec format error: the job is for /);
      const own = process.arch === "x64" ? "X86_64" : "ARM64";
      assert.equal(await end({ pullSecrets }, { runtimePlatform: { cpuArchitecture: own } }), "two");
    });
  });
});
