/** A server to be killed: opens a process driver, starts what it is told on stdin, says when it may die, and stays. */
import { text } from "node:stream/consumers";
import { createProcessDriver } from "../../src/drivers/process/driver.ts";
import type { AttemptSpec } from "../../src/ports/driver.ts";
import { NO_SECRETS } from "../../src/ports/secrets.ts";
import { systemClock } from "../support/clock.ts";
import { createLogFiles } from "../support/log-files.ts";

interface Orders {
  readonly directory: string;
  readonly logs: string;
  readonly specs: readonly AttemptSpec[];
  /** Whether it may die when all programs run, or as soon as all are handed to runners. */
  readonly when: "started" | "at once";
}

const orders: Orders = JSON.parse(await text(process.stdin));
const driver = createProcessDriver({
  directory: orders.directory,
  clock: systemClock,
  logs: createLogFiles(orders.logs),
  secrets: NO_SECRETS,
});
let starting = orders.specs.length;
await driver.open((event) => {
  if (event.kind === "started") starting -= 1;
  if (event.kind === "started" && starting === 0 && orders.when === "started") process.stdout.write("ready\n");
});
for (const spec of orders.specs) await driver.start(spec);
if (orders.when === "at once") process.stdout.write("ready\n");
setInterval(() => {}, 1000);
