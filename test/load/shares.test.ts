import assert from "node:assert/strict";
import { test } from "node:test";
import { Shares } from "../../src/api/load/shares.ts";

/** How often a holder gets one more until it gets none. */
function fill(shares: Shares, holder: string): number {
  let taken = 0;
  while (shares.take(holder, 1)) taken += 1;
  return taken;
}

test("one holder gets three quarters, and each one that comes later still finds something", () => {
  const shares = new Shares(1_000);
  assert.equal(fill(shares, "a"), 750);
  for (const holder of ["b", "c", "d"]) {
    const taken = fill(shares, holder);
    assert.ok(taken >= 5, `${holder}: ${taken}`);
  }
  assert.ok(shares.total <= 1_000);
});

test("two that both want all come to the same", () => {
  const shares = new Shares(700);
  const held = { a: 0, b: 0 };
  for (let round = 0; round < 700; round += 1) {
    for (const holder of ["a", "b"] as const) if (shares.take(holder, 1)) held[holder] += 1;
  }
  assert.deepEqual(held, { a: 300, b: 300 });
});

test("what is given back can be taken again, and nothing is ever held beyond the limit", () => {
  const shares = new Shares(100);
  assert.equal(shares.take("a", 101), false);
  assert.equal(shares.take("a", 60), true);
  assert.equal(shares.take("a", 20), false);
  assert.equal(shares.take("b", 40), true);
  assert.equal(shares.take("c", 1), false);
  shares.giveBack("a", 60);
  shares.giveBack("b", 40);
  assert.equal(shares.total, 0);
  assert.equal(shares.take("c", 100), true);
});
