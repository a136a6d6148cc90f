import type { Driver, DriverEvent } from "../../../src/ports/driver.ts";

/** How long a test waits for what must come: far longer than it takes, so that only a real fault ends it. */
export const DEADLINE_MS = 60_000;

export type Exited = Extract<DriverEvent, { kind: "exited" }>;
export type Started = Extract<DriverEvent, { kind: "started" }>;
export type Inventory = Extract<DriverEvent, { kind: "inventory" }>;

interface Waiter {
  readonly matches: (event: DriverEvent) => boolean;
  readonly resolve: (event: DriverEvent) => void;
}

/** One driver and everything it has reported, with promises for what it has yet to report. */
export interface Session {
  readonly driver: Driver;
  readonly events: readonly DriverEvent[];
  started(attemptId: string): Promise<Started>;
  exited(attemptId: string): Promise<Exited>;
  inventory(): Promise<Inventory>;
  close(): Promise<void>;
}

/** Opens a driver and begins to record its events. */
export async function openSession(driver: Driver): Promise<Session> {
  const events: DriverEvent[] = [];
  const waiters = new Set<Waiter>();
  await driver.open((event) => {
    events.push(event);
    for (const waiter of waiters) if (waiter.matches(event)) waiter.resolve(event);
  });

  function first<E extends DriverEvent>(what: string, matches: (event: DriverEvent) => event is E): Promise<E> {
    const known = events.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise<E>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        reject(new Error(`No ${what} within ${DEADLINE_MS} ms. Reported: ${JSON.stringify(events)}`));
      }, DEADLINE_MS);
      const waiter: Waiter = {
        matches,
        resolve(event) {
          clearTimeout(timer);
          waiters.delete(waiter);
          if (matches(event)) resolve(event);
        },
      };
      waiters.add(waiter);
    });
  }

  return {
    driver,
    events,
    started: (id) => first(`"started" of ${id}`, (e): e is Started => e.kind === "started" && e.attemptId === id),
    exited: (id) => first(`"exited" of ${id}`, (e): e is Exited => e.kind === "exited" && e.attemptId === id),
    inventory: () => first("inventory", (e): e is Inventory => e.kind === "inventory"),
    close: () => driver.close(),
  };
}

/** Waits until `condition` holds, where nothing reports that it does (a file, another process). */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
