import type { Driver } from "../../ports/driver.ts";
import type { FakeMachine } from "./machine.ts";

/** A driver that runs nothing: attempts are entries of a FakeMachine, which outlives the driver and decides what happens to them. */
export function createFakeDriver(machine: FakeMachine): Driver {
  let isOpen = false;
  return {
    name: "fake",
    open(report) {
      isOpen = true;
      machine.report = (event) => {
        if (isOpen) report(event);
      };
      machine.showInventory();
      return Promise.resolve();
    },
    // Being asynchronous, these turn what the machine throws into rejections.
    async start(attempt) {
      machine.claim(attempt);
    },
    async stop(attemptId, killAt) {
      machine.stop(attemptId, killAt);
    },
    async usedSoFar(attemptIds) {
      return machine.usedSoFar(attemptIds);
    },
    async forget(attemptId) {
      machine.forget(attemptId);
    },
    close() {
      isOpen = false;
      return Promise.resolve();
    },
  };
}
