import { Random } from "../sim/random.ts";
import type { Cut, Fault, PlannedAct, StoreName } from "./acts.ts";
import { CUTS } from "./acts.ts";
import type { JobShape, Runs, Wish } from "./job-shape.ts";

export interface ScheduleOptions {
  readonly seed: number;
  readonly lengthMs: number;
  readonly store: StoreName;
  /** How many servers there are. */
  readonly servers: number;
  /** Without an engine there are no containers. */
  readonly hasEngine: boolean;
  /** Kinds of faults that are left out; all else stays as it is. */
  readonly without?: readonly string[];
}

/** A job that its timeout ends does so within the run. */
const TIMEOUT_SECONDS = 60;

/** All that is done in a run, drawn from the seed: the same seed and options, the same acts at the same times. */
export function drawSchedule(options: ScheduleOptions): PlannedAct[] {
  // Each kind of act has numbers of its own, so that one more draw here does not change everything there.
  const lane = (n: number): Random => new Random(options.seed * 16 + n);
  const servers = Array.from({ length: options.servers }, (_, server) => server);
  // Those of several servers are apart: one is down while another one goes down.
  const gaps = [3_000 * servers.length, 9_000 * servers.length] as const;
  const faults = [
    ...servers.flatMap((server) =>
      drawFaults(options, lane(1 + server), gaps, (random) => serverFault(random, server)),
    ),
    ...(options.hasEngine ? drawFaults(options, lane(12), [5_000, 15_000], engineFault) : []),
    ...(options.store === "postgres" ? drawFaults(options, lane(13), [8_000, 20_000], databaseFault) : []),
    ...drawFaults(options, lane(14), [2_000, 9_000], (random) => networkFault(random, options)),
  ];
  const { without = [] } = options;
  return [...faults.filter(({ act }) => !without.includes(act.kind)), ...drawRequests(options, lane(15))].toSorted(
    (a, b) => a.atMs - b.atMs,
  );
}

/** One after the other: a part that is down is not killed again. */
function drawFaults(
  { lengthMs }: ScheduleOptions,
  random: Random,
  [shortest, longest]: readonly [number, number],
  draw: (random: Random) => Fault,
): PlannedAct[] {
  const acts: PlannedAct[] = [];
  for (let atMs = random.int(shortest, longest); ;) {
    const act = draw(random);
    if (atMs + act.forMs > lengthMs) return acts;
    acts.push({ atMs, act });
    atMs += act.forMs + random.int(shortest, longest);
  }
}

function serverFault(random: Random, server: number): Fault {
  const kind = random.pick(["server-kill", "server-kill", "server-kill", "server-stop", "server-freeze"] as const);
  const forMs = kind === "server-freeze" ? random.pick([300, 2_000, 8_000]) : random.pick([0, 0, 500, 6_000]);
  return { kind, server, forMs };
}

function engineFault(random: Random): Fault {
  const kind = random.pick(["engine-kill", "engine-kill", "engine-stop", "engine-freeze"] as const);
  return { kind, forMs: random.pick([0, 1_000, 4_000]) };
}

function databaseFault(random: Random): Fault {
  const kind = random.pick([
    ...(["database-immediate", "database-fast", "database-kill", "database-freeze"] as const),
    ...(["session-end", "session-kill"] as const),
  ]);
  if (kind === "session-end" || kind === "session-kill") return { kind, which: random.next(), forMs: 0 };
  return { kind, forMs: random.pick([0, 1_000, 4_000]) };
}

function networkFault(random: Random, { servers, store }: ScheduleOptions): Fault {
  const kind = store === "postgres" ? random.pick(["clients-cut", "network-cut"] as const) : "clients-cut";
  const how: Cut = random.pick(CUTS);
  return {
    kind,
    server: random.int(0, servers - 1),
    how,
    forMs: random.pick([200, 1_000, 2_000, 6_000]),
  };
}

function drawRequests(options: ScheduleOptions, random: Random): PlannedAct[] {
  const acts: PlannedAct[] = [];
  let jobs = 0;
  const anyServer = (): number => random.int(0, options.servers - 1);
  for (let atMs = 200; atMs < options.lengthMs; atMs += random.int(40, 1_100)) {
    const kind = random.int(1, 100);
    if (kind <= 84) {
      jobs += 1;
      const job = drawJob(random, `chaos-${jobs}`, options, atMs);
      acts.push({ atMs, act: { kind: "submit", job, server: anyServer(), tries: random.pick([1, 1, 5]) } });
      if (job.isEndless !== true || job.timeoutSeconds !== undefined) continue;
      const stop = { kind: "terminate", whom: job.name, server: anyServer() } as const;
      acts.push({ atMs: atMs + random.int(500, 9_000), act: stop });
    } else {
      const child = random.chance(0.5) ? { child: random.next() } : {};
      const stop = { kind: random.pick(["cancel", "terminate"] as const), whom: random.next(), server: anyServer() };
      acts.push({ atMs, act: { ...stop, ...child } });
    }
  }
  return acts;
}

function drawJob(random: Random, name: string, { hasEngine, lengthMs }: ScheduleOptions, atMs: number): JobShape {
  const runs: Runs = hasEngine ? random.pick(["process", "process", "process", "container", "task"]) : "process";
  const attempts = random.pick([1, 1, 2, 3]);
  // Mostly so that it succeeds in the end: what others depend on.
  const failing = random.chance(0.08) ? attempts : random.int(0, attempts - 1);
  const base = { name, runs, attempts, failing, runMs: random.pick([0, 50, 300, 1_000, 2_500]) };
  if (random.chance(0.05)) {
    const hasTimeout = random.chance(0.3) && atMs + TIMEOUT_SECONDS * 1000 < lengthMs;
    const timeout = hasTimeout ? { timeoutSeconds: TIMEOUT_SECONDS } : {};
    return { ...base, isEndless: true, dependsOn: [], ...timeout };
  }
  const isArray = runs !== "task" && random.chance(0.25);
  return {
    ...base,
    ...(isArray && { arraySize: random.pick([2, 3, 3, 6]), ...(random.chance(0.25) && { isSequential: true }) }),
    dependsOn: drawDependencies(random),
  };
}

function drawDependencies(random: Random): Wish[] {
  if (random.chance(0.65)) return [];
  return Array.from({ length: random.int(1, 2) }, () => ({ whom: random.next(), isNToN: random.chance(0.6) }));
}
