import assert from "node:assert/strict";
import { test } from "node:test";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import { explanationText } from "../../src/cli/explanation-text.ts";

const WAITING: Explanation = {
  jobId: "j",
  jobQueue: "arn:aws:batch:us-east-1:123456789012:job-queue/q",
  status: "RUNNABLE",
  answer: "Nothing is in its way: the next tick starts it.",
  blockers: [],
  attempts: [],
};

test("behind very many jobs, only that is told", () => {
  const text = explanationText({ ...WAITING, position: { moreThan: 1000 }, estimate: { unknown: "Too many." } });
  assert.match(text, /^Place in its queue: behind more than 1000 others$/m);
  assert.match(text, /^Start: not known\. Too many\.$/m);
});

test("what is being pulled", () => {
  const text = explanationText({ ...WAITING, status: "STARTING", waitsFor: ["pulling image a: 1 of 2 layers, 41 %"] });
  assert.match(text, /^Now: pulling image a: 1 of 2 layers, 41 %$/m);
});

test("shares with what they have used; of many, the next ones", () => {
  const share = (name: string) => ({ share: name, usedVcpuSeconds: 12.4, weight: 0.5 });
  const before = ["a", "b", "c", "d", "e", "f", "g"].map(share);
  const text = explanationText({ ...WAITING, shares: { own: share("mine"), before } });
  assert.match(text, /^Its share: mine \(12 vCPU-seconds, weight 0\.5\)$/m);
  assert.match(text, /^Shares before it: a \(12 [^)]*\), .* and 2 more$/m);
});

test("nothing in a name reaches the terminal as a command", () => {
  const share = { share: "\u001b[2Jevil\nline", usedVcpuSeconds: 0, weight: 1 };
  const text = explanationText({ ...WAITING, shares: { own: share, before: [] } });
  assert.ok(!text.includes("\u001b"));
  assert.match(text, /^Its share: \\u001b\[2Jevil\\nline \(/m);
});
