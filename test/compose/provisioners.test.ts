import assert from "node:assert/strict";
import { test } from "node:test";
import { composedProvisioner } from "../../src/compose/provisioners.ts";
import type { Instance } from "../../src/core/instances/instance.ts";
import type { Provisioner, ProvisionerEvent } from "../../src/ports/provisioner.ts";
import { LARGE } from "../support/instances.ts";

class Part implements Provisioner {
  readonly told: string[] = [];
  report: (event: ProvisionerEvent) => void = () => {};

  async open(report: (event: ProvisionerEvent) => void): Promise<void> {
    this.report = report;
  }

  async launch({ id }: Instance): Promise<void> {
    this.told.push(`launch ${id}`);
  }

  async terminate(instanceId: string): Promise<void> {
    this.told.push(`terminate ${instanceId}`);
  }

  async close(): Promise<void> {
    this.told.push("close");
  }

  shows(...instanceIds: string[]): void {
    this.report({ kind: "inventory", instanceIds });
  }
}

function instance(id: string, host?: string): Instance {
  const known = { id, seq: 1, environmentArn: "environment", type: LARGE, status: "launching", launchedAt: 0 } as const;
  return { ...known, ...(host !== undefined && { host }) };
}

async function bench() {
  const [slices, hosts] = [new Part(), new Part()];
  const composed = composedProvisioner([slices, hosts], ({ host }) => (host === undefined ? slices : hosts));
  const heard: string[] = [];
  await composed.open((event) =>
    heard.push(
      event.kind === "inventory"
        ? `inventory ${event.instanceIds.toSorted((a, b) => (a < b ? -1 : 1)).join()}`
        : `${event.kind} ${event.instanceId}`,
    ),
  );
  return { slices, hosts, composed, heard: () => heard.splice(0) };
}

test("there is no inventory before each part has shown its own", async () => {
  const { slices, hosts, heard } = await bench();
  slices.shows("s1");
  assert.deepEqual(heard(), []);
  hosts.shows("h1");
  assert.deepEqual(heard(), ["inventory h1,s1"]);
});

test("what one part shows says nothing of the others' instances", async () => {
  const { slices, hosts, composed, heard } = await bench();
  slices.shows("s1", "s2");
  hosts.shows("h1");
  await composed.launch(instance("s3"));
  await composed.launch(instance("h2", "host"));
  slices.report({ kind: "gone", instanceId: "s1", at: 1 });
  heard();
  hosts.shows("h2");
  assert.deepEqual(heard(), ["inventory h2,s2,s3"], "h1 is missed, those of the other part are not");
});

test("each instance is launched and terminated where it is; one that nobody knows, anywhere", async () => {
  const { slices, hosts, composed } = await bench();
  slices.shows("s1");
  hosts.shows("h1");
  await composed.launch(instance("h2", "host"));
  for (const id of ["s1", "h1", "h2", "unknown"]) await composed.terminate(id);
  await composed.close();
  assert.deepEqual(slices.told, ["terminate s1", "terminate unknown", "close"]);
  assert.deepEqual(hosts.told, ["launch h2", "terminate h1", "terminate h2", "close"]);
});
