import assert from "node:assert/strict";
import { test } from "node:test";
import { newJobId } from "../../src/api/batch/jobs/job-id.ts";

const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOW = 1_790_000_000_000;

test("job ids have the form of AWS's, differ within one millisecond, and sort by time", () => {
  const sameTime = Array.from({ length: 1_000 }, () => newJobId(NOW));
  for (const id of [...sameTime, newJobId(0)]) assert.match(id, UUID_4);
  assert.equal(new Set(sameTime).size, sameTime.length);
  const later = [NOW, NOW + 1, NOW + 65_536, NOW + 2 ** 40].map(newJobId);
  assert.deepEqual(later, later.toSorted());
});
