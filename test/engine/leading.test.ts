import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Leading } from "../../src/engine/leading.ts";
import type { Lease, Term } from "../../src/ports/leadership.ts";
import { StaleEpoch } from "../../src/ports/store.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

const DURATION_MS = 3_000;

/** The one row of the store. */
interface Row {
  holder: string;
  epoch: number;
  expiresAt: number;
}

/** Several servers, one store, and time that passes when the test says so. */
class World {
  readonly clock = new VirtualClock();
  readonly row: Row = { holder: "", epoch: 0, expiresAt: 0 };
  readonly servers: Server[] = [];

  constructor(t: TestContext) {
    t.after(async () => {
      for (const server of this.servers) server.isFrozen = server.isCutOff = false;
      const stopped = Promise.all(this.servers.map(({ leading }) => leading.stop()));
      await this.pass(5_000);
      await stopped;
    });
  }

  async server(id: string, open?: (term: Term) => Promise<void>): Promise<Server> {
    const server = new Server(this, id, open);
    this.servers.push(server);
    await server.leading.start().catch(() => {});
    await settled();
    return server;
  }

  /** Timer by timer, and what follows from each. */
  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (;;) {
      await settled();
      const at = this.clock.nextTimerAt();
      if (at === undefined || at > until) break;
      this.clock.advance(at - this.clock.now());
    }
    this.clock.advance(until - this.clock.now());
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}

class Server {
  readonly id: string;
  readonly leading: Leading<{ close(): Promise<void> }>;
  /** Its timers wait, as those of a stopped process. */
  isFrozen = false;
  /** The store does not answer it. */
  isCutOff = false;
  /** Of its last lead. */
  term: Term | undefined;
  isOpen = false;
  readonly #world: World;
  readonly #waiting: (() => void)[] = [];
  readonly listeners: (() => void)[] = [];

  constructor(world: World, id: string, open: (term: Term) => Promise<void> = async () => {}) {
    this.#world = world;
    this.id = id;
    const { clock } = world;
    this.leading = new Leading({
      lease: this.#lease(),
      clock: { after: (ms, task) => clock.after(ms, () => this.#run(task)) },
      stopwatch: { elapsedMs: () => clock.now() },
      open: async (term) => {
        await open(term);
        this.term = term;
        this.isOpen = true;
        const close = async (): Promise<void> => {
          this.isOpen = false;
        };
        return { close };
      },
      onError: () => {},
    });
  }

  get role(): string {
    return this.leading.role.kind;
  }

  async thaw(): Promise<void> {
    this.isFrozen = false;
    for (const task of this.#waiting.splice(0)) task();
    await settled();
  }

  #run(task: () => void): void {
    if (this.isFrozen) this.#waiting.push(task);
    else task();
  }

  #lease(): Lease {
    const { row, clock } = this.#world;
    const asked = async <T>(answer: () => T): Promise<T> => {
      if (!this.isCutOff) return answer();
      return new Promise((_, reject) => void clock.after(2_000, () => reject(new Error("the store does not answer"))));
    };
    const isFree = (): boolean => row.expiresAt <= clock.now() || row.holder === this.id;
    const tellAll = (): void => this.#world.servers.forEach((server) => server.listeners.forEach((tell) => tell()));
    return {
      durationMs: DURATION_MS,
      look: () =>
        asked(() => {
          if (isFree()) return { kind: "free" };
          const leader = { id: row.holder, url: row.holder, epoch: row.epoch };
          return { kind: "held", leader, expiresInMs: row.expiresAt - clock.now() };
        }),
      take: () =>
        asked(() => {
          if (!isFree()) return undefined;
          Object.assign(row, { holder: this.id, epoch: row.epoch + 1, expiresAt: clock.now() + DURATION_MS });
          return row.epoch;
        }),
      renew: (epoch) =>
        asked(() => {
          if (row.epoch !== epoch || row.holder !== this.id) return false;
          row.expiresAt = clock.now() + DURATION_MS;
          return true;
        }),
      release: (epoch) =>
        asked(() => {
          if (row.epoch === epoch && row.holder === this.id) row.expiresAt = 0;
          tellAll();
        }),
      watch: (listener) => void this.listeners.push(listener),
    };
  }
}

test("one of several servers leads, for as long as it lives", async (t) => {
  const world = new World(t);
  const [a, b] = [await world.server("a"), await world.server("b")];
  assert.deepEqual([a.role, b.role], ["leads", "follows"]);
  await world.pass(60_000);
  assert.deepEqual([a.role, b.role, world.row.epoch], ["leads", "follows", 1]);
});

test("a frozen leader: another one leads when its lease is over, and it finds that out before anything else", async (t) => {
  const world = new World(t);
  const [a, b] = [await world.server("a"), await world.server("b")];
  a.isFrozen = true;
  await world.pass(DURATION_MS - 1_000);
  assert.equal(b.role, "follows");
  await world.pass(1_100);
  assert.equal(b.role, "leads");
  // What comes in first when it runs again is not one of its timers.
  assert.equal(a.term!.holds(), false);
  a.isFrozen = false;
  await assert.rejects(a.term!.confirm(), StaleEpoch);
  await a.thaw();
  assert.deepEqual([a.role, a.isOpen], ["follows", false]);
  assert.equal(b.term!.epoch, 2);
});

test("a leader that is cut off from the store stops acting before another one leads", async (t) => {
  const world = new World(t);
  const [a, b] = [await world.server("a"), await world.server("b")];
  a.isCutOff = true;
  for (let passed = 0; b.role !== "leads" && passed < 10_000; passed += 50) {
    assert.ok(b.role !== "leads" || !a.term!.holds());
    await world.pass(50);
  }
  assert.equal(b.role, "leads");
  assert.equal(a.term!.holds(), false);
  await world.pass(2_000);
  assert.deepEqual([a.role, a.isOpen], ["waits", false]);
});

test("a server that was kept from running too long, and that nobody has replaced, goes on leading", async (t) => {
  const world = new World(t);
  const a = await world.server("a");
  a.isFrozen = true;
  await world.pass(10_000);
  a.isFrozen = false;
  assert.equal(a.term!.holds(), false);
  await a.term!.confirm();
  assert.equal(a.term!.holds(), true);
  await a.thaw();
  assert.deepEqual([a.role, world.row.epoch], ["leads", 1]);
});

test("a leader that resigns hands over when what it has open is closed, without any time", async (t) => {
  const world = new World(t);
  const [a, b] = [await world.server("a"), await world.server("b")];
  await a.leading.resign();
  await settled();
  assert.deepEqual([a.isOpen, b.role], [false, "leads"]);
  await world.pass(5_000);
  assert.equal(a.role, "follows");
});

test("a server that cannot begin to lead gives the lead back", async (t) => {
  const world = new World(t);
  const a = await world.server("a", () => Promise.reject(new Error("no disk")));
  const b = await world.server("b");
  assert.deepEqual([a.isOpen, b.role], [false, "leads"]);
});

test("a start that cannot lead, or cannot know who does, fails", async (t) => {
  const world = new World(t);
  const server = new Server(world, "a", () => Promise.reject(new Error("no disk")));
  world.servers.push(server);
  await assert.rejects(server.leading.start(), /no disk/);
});
