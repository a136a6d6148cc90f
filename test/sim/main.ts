import { parseArgs } from "node:util";
import { runSeed, SEEDS_IN_CI, STEPS } from "./replay.ts";
import { Simulation } from "./simulation.ts";

const HELP = `Runs the production engine under a virtual clock, with random loads and faults drawn from a seed.

  npm run sim -- --seed N              one seed
  npm run sim -- --seeds N --first N   many, ${SEEDS_IN_CI} from 1 on by default
      --steps N                        how long each is (${STEPS})
      --verbose                        tells all that happens`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    first: { type: "string" },
    steps: { type: "string" },
    verbose: { type: "boolean", short: "v" },
    help: { type: "boolean", short: "h" },
  },
});

if (values.help === true) console.log(HELP);
else await runSeeds();

async function runSeeds(): Promise<void> {
  const first = count("seed") ?? count("first") ?? 1;
  const seeds = values.seed === undefined ? (count("seeds") ?? SEEDS_IN_CI) : 1;
  const steps = count("steps") ?? STEPS;
  const tellsAll = values.verbose === true;
  for (let seed = first; seed < first + seeds; seed += 1) {
    if (seeds === 1 || tellsAll) console.log([`seed ${seed}`, ...new Simulation(seed).describe()].join("\n  "));
    try {
      await runSeed(seed, steps, tellsAll ? (line) => console.log(line) : undefined);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
  }
  console.log(`${seeds === 1 ? `seed ${first}` : `${seeds} seeds`}: everything held`);
}

function count(name: "seed" | "seeds" | "first" | "steps"): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a number, not ${text}`);
  return Number(text);
}
