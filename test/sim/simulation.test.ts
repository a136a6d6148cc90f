import { test } from "node:test";
import { runSeed, SEEDS_IN_SUITE, STEPS } from "./replay.ts";

test(
  `the scheduler keeps its promises under ${SEEDS_IN_SUITE} random loads and faults`,
  { timeout: 600_000 },
  async () => {
    for (let seed = 1; seed <= SEEDS_IN_SUITE; seed += 1) await runSeed(seed, STEPS);
  },
);
