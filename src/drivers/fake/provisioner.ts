import type { Provisioner } from "../../ports/provisioner.ts";
import type { FakeCloud } from "./cloud.ts";

/** A provisioner that brings nothing: instances are entries of a FakeCloud, which outlives the provisioner and decides what happens to them. */
export function createFakeProvisioner(cloud: FakeCloud): Provisioner {
  let isOpen = false;
  return {
    open(report) {
      isOpen = true;
      cloud.report = (event) => {
        if (isOpen) report(event);
      };
      cloud.showInventory();
      return Promise.resolve();
    },
    // Being asynchronous, these turn what the cloud throws into rejections.
    async launch(instance) {
      cloud.launch(instance);
    },
    async terminate(instanceId) {
      cloud.terminate(instanceId);
    },
    close() {
      isOpen = false;
      return Promise.resolve();
    },
  };
}
