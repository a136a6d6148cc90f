import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ensureCredentialsNetwork,
  missingCredentialsNetwork,
} from "../../../src/drivers/docker/networks/credentials-network.ts";
import { openSession } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { systemClock } from "../../support/clock.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import { ownDockerd, ownDockerdUnavailable } from "../../support/own-dockerd.ts";
import { until } from "../../support/until.ts";

const skip = ownDockerdUnavailable() ?? false;

test(
  "the network for credentials is made once, brought back when it was pruned, and what is in its way is told",
  { skip },
  async (t) => {
    const { docker } = await ownDockerd(t);
    const context = { docker, clock: systemClock, closing: new AbortController().signal };
    const network = docker.getNetwork("longshore");
    const both = await Promise.all([missingCredentialsNetwork(context), missingCredentialsNetwork(context)]);
    assert.deepEqual(both, [undefined, undefined]);
    const { IPAM, Id } = await network.inspect();
    assert.deepEqual(IPAM?.Config, [{ Subnet: "169.254.170.0/29", Gateway: "169.254.170.2" }]);
    assert.equal(await missingCredentialsNetwork(context), undefined);
    assert.equal((await network.inspect()).Id, Id);

    const uri = "http://169.254.170.2:4590/ecs/v4/x/credentials";
    const withRole = attempt({}, { environment: { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri } });
    await docker.pruneNetworks();
    await ensureCredentialsNetwork(context, attempt({}));
    await assert.rejects(network.inspect(), { statusCode: 404 });
    await ensureCredentialsNetwork(context, withRole);
    await network.inspect();

    await network.remove();
    const other = { Name: "other", IPAM: { Driver: "default", Config: [{ Subnet: "169.254.170.0/24" }] } };
    const overlapping = await docker.createNetwork(other);
    assert.match((await missingCredentialsNetwork(context)) ?? "", /Pool overlaps with other one/);
    await overlapping.remove();
    await docker.createNetwork({ Name: "longshore", IPAM: { Driver: "default", Config: [{ Subnet: "10.9.0.0/24" }] } });
    const problem = "its network longshore is another one, without the address 169.254.170.2";
    assert.equal(await missingCredentialsNetwork(context), problem);
    await assert.rejects(ensureCredentialsNetwork(context, withRole), {
      message: `ResourceInitializationError: no address for credentials: ${problem}`,
    });
  },
);

test("who runs may need it still: removed, it is back at once, also after the engine was away", { skip }, async (t) => {
  const engine = await ownDockerd(t);
  const harness = await makeDockerHarness(engine);
  const session = await openSession(harness.createDriver({ givesCredentials: true }));
  const network = engine.docker.getNetwork("longshore");
  const idOf = async (): Promise<string | undefined> =>
    network.inspect().then(
      ({ Id }) => Id,
      () => undefined,
    );
  const inSight = (times: number) =>
    until("the engine is in sight", () => session.events.filter(({ kind }) => kind === "inventory").length === times);
  const removedAndBack = async (): Promise<void> => {
    const before = await idOf();
    assert.ok(before !== undefined);
    await network.remove();
    await until("it is back", async () => ![undefined, before].includes(await idOf()));
  };
  try {
    await inSight(1);
    await removedAndBack();
    await removedAndBack();
    await engine.kill();
    await engine.start();
    await inSight(2);
    await removedAndBack();
    await session.close();
    await network.remove();
    assert.equal(await idOf(), undefined);
  } finally {
    await session.close();
    await harness.dispose();
  }
});
