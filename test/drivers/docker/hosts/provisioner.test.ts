import assert from "node:assert/strict";
import { test } from "node:test";
import { hostType } from "../../../../src/core/instances/host.ts";
import type { Instance } from "../../../../src/core/instances/instance.ts";
import type { SeenHost } from "../../../../src/drivers/docker/hosts/provisioner.ts";
import { HostProvisioner } from "../../../../src/drivers/docker/hosts/provisioner.ts";
import type { EngineFacts } from "../../../../src/ports/hosts.ts";
import { VirtualClock } from "../../../../src/sim/virtual-clock.ts";

const ENGINE: EngineFacts = {
  ...{ id: "engine", version: "1", vcpuMilli: 2000, memoryMiB: 4096, gpus: 0, architecture: "X86_64" },
};
const TYPE = hostType(ENGINE);
const LARGER = hostType({ ...ENGINE, memoryMiB: 8192 });
const IN_SIGHT: SeenHost = { sight: { kind: "in-sight", engine: ENGINE }, type: TYPE };
const LOST: SeenHost = { sight: { kind: "lost", since: 0, problem: "" }, type: undefined };
const UNSEEN: SeenHost = { sight: { kind: "connecting", since: 0 }, type: undefined };

function instance(id: string, host: string, type = TYPE): Instance {
  return { id, seq: 1, environmentArn: "environment", type, status: "launching", launchedAt: 0, host };
}

/** `ran`: those that the store has, and their hosts. */
async function bench(hosts: Record<string, SeenHost>, ran: Record<string, string> = {}) {
  const heard: string[] = [];
  const provisioner = new HostProvisioner({
    clock: new VirtualClock(),
    host: (id) => hosts[id],
    instances: async () => new Map(Object.entries(ran)),
  });
  await provisioner.open((event) =>
    heard.push(
      event.kind === "inventory" ? `inventory ${event.instanceIds.join()}` : `${event.kind} ${event.instanceId}`,
    ),
  );
  return { provisioner, hosts, heard: () => heard.splice(0) };
}

test("what ran is there, but for hosts that are lost or no longer registered", async () => {
  const hosts = { seen: IN_SIGHT, unseen: UNSEEN, lost: LOST };
  const { heard } = await bench(hosts, { "i-1": "seen", "i-2": "unseen", "i-3": "lost", "i-4": "removed" });
  assert.deepEqual(heard(), ["inventory i-1,i-2", "silent i-2"]);
});

test("an instance runs when its host is in sight, and not before", async () => {
  const { provisioner, hosts, heard } = await bench({ seen: IN_SIGHT, unseen: UNSEEN });
  await provisioner.launch(instance("i-1", "seen"));
  await provisioner.launch(instance("i-2", "unseen"));
  assert.deepEqual(heard(), ["inventory ", "running i-1"]);
  hosts.unseen = IN_SIGHT;
  provisioner.sighted("unseen");
  await provisioner.launch(instance("i-2", "unseen"));
  assert.deepEqual(heard(), ["running i-2"]);
});

test("a host that does not answer takes no jobs until it does", async () => {
  const { provisioner, heard } = await bench({ seen: IN_SIGHT }, { "i-1": "seen" });
  heard();
  provisioner.unseen("seen", 7);
  provisioner.sighted("seen");
  assert.deepEqual(heard(), ["silent i-1", "running i-1"]);
});

test("an instance that is to hold something else than its host does not run", async () => {
  const { provisioner, heard } = await bench({ seen: IN_SIGHT });
  heard();
  await provisioner.launch(instance("i-1", "seen", LARGER));
  assert.deepEqual(heard(), []);
  await provisioner.terminate("i-1");
  await provisioner.launch(instance("i-2", "seen"));
  assert.deepEqual(heard(), ["gone i-1", "running i-2"]);
});

test("a host that is lost is gone once; what is to run there waits", async () => {
  const { provisioner, hosts, heard } = await bench({ seen: IN_SIGHT }, { "i-1": "seen" });
  heard();
  hosts.seen = LOST;
  provisioner.lost("seen", 7);
  provisioner.lost("seen", 8);
  await provisioner.launch(instance("i-2", "seen"));
  assert.deepEqual(heard(), ["gone i-1"]);
  hosts.seen = IN_SIGHT;
  provisioner.sighted("seen");
  assert.deepEqual(heard(), ["running i-2"]);
});

test("whatever is told to go is gone, known or not", async () => {
  const { provisioner, heard } = await bench({ seen: IN_SIGHT }, { "i-1": "seen" });
  heard();
  await provisioner.terminate("i-1");
  await provisioner.terminate("i-9");
  provisioner.lost("seen", 8);
  assert.deepEqual(heard(), ["gone i-1", "gone i-9"]);
});
