import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pod } from "../../../src/drivers/kubernetes/api/objects.ts";
import { phaseOf } from "../../../src/drivers/kubernetes/outcome.ts";
import type { Knowledge, MemberPhase } from "../../../src/drivers/kubernetes/outcome.ts";
import { stuckOf, waitsFor } from "../../../src/drivers/kubernetes/waiting.ts";
import { OUT_OF_MEMORY } from "../../../src/ports/driver.ts";

const MEMBER = { attemptId: "a".repeat(32), container: "main", isInit: false };
const at = (second: number): string => new Date(second * 1000).toISOString().replace(".000Z", "Z");
const NOW = 1_000_000_500;

type State = NonNullable<NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number]["state"]>;

function pod(
  state: State | undefined,
  more: { status?: Pod["status"]; metadata?: Pod["metadata"]; node?: string } = {},
): Pod {
  const status = { name: "main", image: "", imageID: "", ready: false, restartCount: 0, ...(state && { state }) };
  return {
    metadata: { name: "p", ...more.metadata },
    spec: { containers: [], ...(more.node !== "" && { nodeName: more.node ?? "node-1" }) },
    status: { phase: "Running", ...(state && { containerStatuses: [status] }), ...more.status },
  };
}

function phase(it: Pod, known: Partial<Knowledge> = {}): MemberPhase {
  return phaseOf(it, MEMBER, { now: NOW, ...known });
}

const ended = (exitCode: number, more: object = {}): State => ({
  terminated: { exitCode, startedAt: at(999_990), finishedAt: at(1_000_000), reason: "Error", ...more },
});
const disrupted = (reason: string, second: number): NonNullable<Pod["status"]> => ({
  conditions: [{ type: "DisruptionTarget", status: "True", reason, message: "m", lastTransitionTime: at(second) }],
});
const END = { kind: "ended", startedAt: 999_990_000, at: NOW } as const;

describe("how a container ended", () => {
  const cases: readonly (readonly [string, Pod, Partial<Knowledge>, MemberPhase])[] = [
    ["well", pod(ended(0, { reason: "Completed" })), {}, { ...END, exitCode: 0 }],
    ["with its own code", pod(ended(3)), {}, { ...END, exitCode: 3 }],
    [
      "killed for memory",
      pod(ended(137, { reason: "OOMKilled" })),
      {},
      { ...END, exitCode: 137, reason: OUT_OF_MEMORY },
    ],
    [
      "well although a child was killed for memory",
      pod(ended(0, { reason: "OOMKilled" })),
      {},
      { ...END, exitCode: 0 },
    ],
    [
      "long ago: no earlier than its last second's end",
      pod(ended(0)),
      { now: NOW + 60_000 },
      { ...END, at: 1_000_000_999, exitCode: 0 },
    ],
    [
      "begun when it was seen to",
      pod(ended(0)),
      { startedAt: 999_990_400 },
      { ...END, startedAt: 999_990_400, exitCode: 0 },
    ],
    [
      "not begun: containerd",
      pod({
        terminated: {
          ...{ exitCode: 128, reason: "StartError", startedAt: "1970-01-01T00:00:00Z", finishedAt: at(1_000_000) },
          message: 'exec: "x": executable file not found in $PATH',
        },
      }),
      {},
      { kind: "ended", at: NOW, reason: 'CannotStartContainerError: exec: "x": executable file not found in $PATH' },
    ],
    [
      "not begun: Docker",
      pod(ended(127, { reason: "ContainerCannotRun", message: "no" })),
      {},
      { kind: "ended", at: NOW, reason: "CannotStartContainerError: no" },
    ],
    ["runs", pod({ running: { startedAt: at(1_000_000) } }), {}, { kind: "running", startedAt: NOW }],
    ["has run for long", pod({ running: { startedAt: at(999_000) } }), {}, { kind: "running", startedAt: 999_000_000 }],
    ["waits", pod({ waiting: { reason: "ContainerCreating" } }), {}, { kind: "pending" }],
    ["has no status yet", pod(undefined), {}, { kind: "pending" }],
    [
      "never began, as an init container failed",
      pod({ waiting: {} }, { status: { phase: "Failed" } }),
      {},
      { kind: "ended", at: NOW },
    ],
    [
      "refused by its node",
      pod(undefined, { status: { phase: "Failed", reason: "OutOfcpu", message: "Node didn't have enough resource" } }),
      {},
      { kind: "ended", at: NOW, reason: "OutOfcpu: Node didn't have enough resource", isLost: true },
    ],
    [
      "evicted",
      pod(ended(137), {
        status: {
          phase: "Failed",
          reason: "Evicted",
          message: "low on memory",
          ...disrupted("TerminationByKubelet", 1_000_000),
        },
      }),
      {},
      { ...END, reason: "Evicted: low on memory" },
    ],
    [
      "failed by itself, and evicted later",
      pod(ended(3), {
        status: { phase: "Failed", reason: "Evicted", message: "x", ...disrupted("TerminationByKubelet", 1_000_010) },
      }),
      {},
      { ...END, exitCode: 3 },
    ],
    ["well although it was evicted", pod(ended(0), { status: { reason: "Evicted" } }), {}, { ...END, exitCode: 0 }],
    [
      "preempted",
      pod(ended(143), { status: disrupted("PreemptionByScheduler", 999_999) }),
      {},
      { ...END, reason: "PreemptionByScheduler: m" },
    ],
    [
      "deleted by somebody else",
      pod(ended(143), { metadata: { deletionTimestamp: at(1_000_025), deletionGracePeriodSeconds: 30 } }),
      {},
      { ...END, reason: "The pod was deleted by somebody else than Longshore" },
    ],
    [
      "failed by itself before somebody deleted it",
      pod(ended(2), { metadata: { deletionTimestamp: at(1_000_055), deletionGracePeriodSeconds: 30 } }),
      {},
      { ...END, exitCode: 2 },
    ],
    [
      "deleted by us",
      pod(ended(143), { metadata: { deletionTimestamp: at(1_000_025), deletionGracePeriodSeconds: 30 } }),
      { ending: {} },
      { ...END, exitCode: 143 },
    ],
    [
      "deleted by us before it had a node",
      pod(undefined, { node: "", metadata: { deletionTimestamp: at(1_000_000) }, status: { phase: "Pending" } }),
      { ending: { reason: "CannotPullContainerError: x" } },
      { kind: "ended", at: NOW, reason: "CannotPullContainerError: x" },
    ],
    [
      "begun, and its node does not know more",
      pod({ terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } }),
      { startedAt: 999_990_000 },
      { ...END, reason: "The cluster does not know how the container ended" },
    ],
    [
      "lost when its node was started anew",
      pod(ended(255, { reason: "Unknown" })),
      {},
      { ...END, reason: "The cluster does not know how the container ended" },
    ],
    ["with 255, by itself", pod(ended(255)), {}, { ...END, exitCode: 255 }],
    [
      "deleted by us before it began: the kubelet makes up an exit code",
      pod({ terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } }),
      { ending: {} },
      { kind: "ended", at: NOW },
    ],
  ];
  for (const [name, it, known, expected] of cases) test(name, () => assert.deepEqual(phase(it, known), expected));
});

describe("a container that does not get to run", () => {
  const waiting = (reason: string, message = ""): Pod =>
    pod({ waiting: { reason, message } }, { status: { phase: "Pending" } });
  const cases: readonly (readonly [string, Pod, object | undefined])[] = [
    [
      "no such image",
      waiting("ErrImagePull", 'failed to resolve reference "x:1": not found'),
      { reason: 'CannotPullContainerError: failed to resolve reference "x:1": not found', isFinal: true },
    ],
    [
      "a registry that does not answer",
      waiting("ErrImagePull", "dial tcp 1.2.3.4:443: i/o timeout"),
      { reason: "CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout", isFinal: false },
    ],
    [
      "a pause between tries",
      waiting("ImagePullBackOff", 'Back-off pulling image "x"'),
      { reason: 'CannotPullContainerError: Back-off pulling image "x"', isFinal: false },
    ],
    [
      "a name that is none",
      waiting("InvalidImageName", "bad"),
      { reason: "CannotPullContainerError: bad", isFinal: true },
    ],
    [
      "never to be pulled",
      waiting("ErrImageNeverPull", "not present"),
      { reason: "ErrImageNeverPull: not present", isFinal: true },
    ],
    [
      "a Secret that is not there yet",
      waiting("CreateContainerConfigError", 'secret "s" not found'),
      { reason: 'CannotStartContainerError: secret "s" not found', isFinal: false },
    ],
    [
      "no such program: CRI-O",
      waiting("CreateContainerError", "executable file not found in $PATH"),
      { reason: "CannotStartContainerError: executable file not found in $PATH", isFinal: true },
    ],
    ["all is well", waiting("ContainerCreating"), undefined],
  ];
  for (const [name, it, expected] of cases) test(name, () => assert.deepEqual(stuckOf(it, [MEMBER]), expected));

  test("what it waits for is told in the cluster's words", () => {
    const unplaced = pod(undefined, {
      node: "",
      status: {
        phase: "Pending",
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "Unschedulable",
            message: "0/1 nodes are available: 1 Insufficient cpu.",
          },
        ],
      },
    });
    assert.equal(waitsFor(unplaced, [MEMBER]), "0/1 nodes are available: 1 Insufficient cpu.");
    assert.equal(waitsFor(pod(undefined, { node: "" }), [MEMBER]), "the pod waits for the cluster's scheduler");
    assert.match(waitsFor(waiting("ContainerCreating"), [MEMBER])!, /node-1 makes the container main ready/);
    assert.equal(waitsFor(waiting("ImagePullBackOff", "m"), [MEMBER]), "ImagePullBackOff: m");
    assert.equal(waitsFor(pod({ running: {} }), [MEMBER]), undefined);
  });
});
