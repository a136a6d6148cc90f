import { test } from "node:test";
import { runSeed, SEEDS_IN_CI, STEPS } from "./replay.ts";

test(
  `the scheduler keeps its promises under ${SEEDS_IN_CI} random loads and faults`,
  { timeout: 600_000 },
  async () => {
    for (let seed = 1; seed <= SEEDS_IN_CI; seed += 1) await runSeed(seed, STEPS);
  },
);
