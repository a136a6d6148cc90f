import assert from "node:assert/strict";
import { test } from "node:test";
import type { OwnPrices } from "../../src/catalog/price-book.ts";
import { NO_OWN_PRICES, priceBook } from "../../src/catalog/price-book.ts";
import type { Place } from "../../src/core/cost/price.ts";
import { nanoUsdFor } from "../../src/core/cost/price.ts";
import { partOfPrice } from "../../src/core/cost/split.ts";
import type { Requirements } from "../../src/core/job.ts";

/** Worked out by hand from the list prices of us-east-1: m5.large (2 vCPU, 8 GiB) 0.096, g4dn.2xlarge (8 vCPU, 32 GiB, 1 GPU) 0.752. */

const asked = (vcpus: number, gib: number, gpus = 0): Requirements => ({
  ...{ vcpuMilli: vcpus * 1000, memoryMiB: gib * 1024, gpus },
});
const SIZE = asked(2, 7.5);
const on = (type: string, more: object = {}): Place => ({
  ...{ kind: "instances", instances: [{ type, count: 1 }], size: SIZE, isWhole: false, isSpot: false },
  ...more,
});
const MACHINE: Place = { kind: "machine" };
const FARGATE: Place = { kind: "fargate", architecture: "X86_64", isSpot: false };
const own = (prices: Partial<OwnPrices>): OwnPrices => ({ ...NO_OWN_PRICES, ...prices });
const RATES = own({ rates: { perVcpuHour: 0.02, perGibHour: 0.003, perGpuHour: 0.5 } });

/** US dollars by the hour, to a millionth. */
function usdPerHour(prices: OwnPrices, requirements: Requirements, place: Place): number | undefined {
  const price = priceBook(prices)({ environmentName: "lab", requirements, place });
  return price && Math.round(price.nanoUsdPerHour / 1000) / 1e6;
}

test("how an instance's price is split is AWS's own example: a p3.16xlarge at 10 dollars an hour", () => {
  const whole = asked(64, 488, 8);
  const hour = (part: Requirements): number => Math.round(10 * partOfPrice(part, whole) * 1e5) / 1e5;
  // 10 / (9 x 8 + 0.9 x 64 + 0.1 x 488) = 0.0560538
  assert.deepEqual([hour(asked(0, 0, 1)), hour(asked(1, 0)), hour(asked(0, 1))], [0.50448, 0.05045, 0.00561]);
  assert.equal(partOfPrice(whole, whole), 1);
});

for (const [what, prices, requirements, place, expected] of [
  ["half the vCPUs, a quarter of the memory: (9 + 2) / (18 + 8)", {}, asked(1, 2), on("m5.large"), 0.040615],
  ["a quarter vCPU and half a GiB: (2.25 + 0.5) / 26", {}, asked(0.25, 0.5), on("m5.large"), 0.010154],
  ["all of it", {}, asked(2, 8), on("m5.large"), 0.096],
  ["a GPU: (90 + 36 + 16) / (90 + 72 + 32)", {}, asked(4, 16, 1), on("g4dn.2xlarge"), 0.550433],
  ["no GPU of an instance that has one: (36 + 16) / 194", {}, asked(4, 16), on("g4dn.2xlarge"), 0.201567],
  [
    "the nodes of one job take whole instances, whatever they ask for",
    {},
    asked(2, 2),
    on("m5.large", { instances: [{ type: "m5.large", count: 3 }], isWhole: true }),
    0.288,
  ],
  ["one's own price of a type", { instanceTypes: new Map([["m5.large", 0.052]]) }, asked(1, 2), on("m5.large"), 0.022],
  [
    "a type that AWS does not have, of the size that there is: (9 + 3) / (18 + 7.5)",
    { instanceTypes: new Map([["rack", 0.051]]) },
    asked(1, 3),
    on("rack"),
    0.024,
  ],
  ["a type without a price", {}, asked(1, 3), on("rack"), undefined],
  ["... at one's own rates: 0.02 + 3 x 0.003", RATES, asked(1, 3), on("rack"), 0.029],
  [
    "... of whole ones: 2 x (2 x 0.02 + 7.5 x 0.003)",
    RATES,
    asked(1, 3),
    on("rack", { instances: [{ type: "rack", count: 2 }], isWhole: true }),
    0.125,
  ],
  ["Spot", {}, asked(1, 2), on("m5.large", { isSpot: true }), undefined],
  ["Spot at 30 %", { spotPercent: 30 }, asked(1, 2), on("m5.large", { isSpot: true }), 0.012185],
  ["the percentage is of Spot alone", { spotPercent: 30 }, asked(1, 2), on("m5.large"), 0.040615],
  [
    "an environment of its own percentage, Spot or not",
    { spotPercent: 30, environments: new Map([["lab", { percent: 50 }]]) },
    asked(1, 2),
    on("m5.large", { isSpot: true }),
    0.020308,
  ],
  ["Fargate: 2 x 0.04048 + 4 x 0.004445", {}, asked(2, 4), FARGATE, 0.09874],
  ["on ARM: 2 x 0.03238 + 4 x 0.00356", {}, asked(2, 4), { ...FARGATE, architecture: "ARM64" }, 0.079],
  ["Fargate Spot", {}, asked(2, 4), { ...FARGATE, isSpot: true }, undefined],
  ["a machine of one's own", {}, asked(2, 4), MACHINE, undefined],
  ["... at rates: 2 x 0.02 + 4 x 0.003 + 0.5", RATES, asked(2, 4, 1), MACHINE, 0.552],
  [
    "an environment of its own rates, wherever it runs",
    { environments: new Map([["lab", { perVcpuHour: 0.01, perGibHour: 0, perGpuHour: 0 }]]) },
    asked(2, 4),
    FARGATE,
    0.02,
  ],
  [
    "a service job",
    RATES,
    asked(0, 0),
    { kind: "service", instances: [{ type: "ml.g5.xlarge", count: 2 }] },
    undefined,
  ],
  [
    "... at one's own price",
    { instanceTypes: new Map([["ml.g5.xlarge", 1.5]]) },
    asked(0, 0),
    { kind: "service", instances: [{ type: "ml.g5.xlarge", count: 2 }] },
    3,
  ],
] as readonly (readonly [string, Partial<OwnPrices>, Requirements, Place, number | undefined])[]) {
  test(what, () => assert.equal(usdPerHour(own(prices), requirements, place), expected));
}

test("by the time that it ran; Fargate a minute at least; what never ran costs nothing", () => {
  const hour = { nanoUsdPerHour: 3_600_000_000, leastMs: 0 };
  assert.equal(nanoUsdFor(hour, 20), 20_000);
  const fargate = priceBook()({ environmentName: "lab", requirements: asked(1, 2), place: FARGATE })!;
  assert.equal(nanoUsdFor(fargate, 1_000), 822_833); // 0.04937 / 60
  assert.equal(nanoUsdFor(fargate, 90_000), 1_234_250);
  assert.equal(nanoUsdFor(fargate, undefined), 0);
});
