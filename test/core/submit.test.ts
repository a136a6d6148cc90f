import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeContainer, requirementsOf, schedulingOf, UnknownParameter } from "../../src/core/submit.ts";

function command(argv: string[], parameters: Record<string, string>): string[] {
  return mergeContainer({ command: argv }, undefined, parameters).command!;
}

test("Ref:: is replaced anywhere in an argument, as often as it occurs", () => {
  assert.deepEqual(command(["--in=Ref::file", "Ref::a/Ref::a"], { file: "x.txt", a: "1" }), ["--in=x.txt", "1/1"]);
});

test("Ref:: takes the longest name", () => {
  assert.deepEqual(command(["Ref::input-file_2"], { input: "no", "input-file_2": "yes" }), ["yes"]);
  assert.deepEqual(command(["Ref::file.txt"], { file: "a" }), ["a.txt"]);
  assert.deepEqual(command(["Ref::file.txt"], { file: "a", "file.txt": "b" }), ["b"]);
  assert.deepEqual(command(["Ref::a.b.c"], { "a.b": "x" }), ["x.c"]);
});

test("what is put in is not looked at again", () => {
  assert.deepEqual(command(["Ref::a"], { a: "Ref::b $& $1", b: "no" }), ["Ref::b $& $1"]);
  assert.deepEqual(command(["Ref::__proto__"], { __proto__x: "y", ["__proto__"]: "own" }), ["own"]);
});

test("a reference without a parameter is refused by name", () => {
  assert.throws(
    () => command(["Ref::gone"], {}),
    (error) => error instanceof UnknownParameter && error.parameter === "gone",
  );
  assert.throws(() => command(["Ref::constructor"], {}), UnknownParameter);
});

test("an override's command replaces the definition's, and has its references replaced", () => {
  const merged = mergeContainer({ command: ["old"] }, { command: ["Ref::a", "b"] }, { a: "1" });
  assert.deepEqual(merged.command, ["1", "b"]);
  assert.deepEqual(mergeContainer({ command: ["old"] }, { command: [] }, {}).command, ["old"]);
});

test("environments merge by name; an override can blank a variable", () => {
  const definition = {
    environment: [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ],
  };
  const merged = mergeContainer(
    definition,
    {
      environment: [
        { name: "B", value: "" },
        { name: "C", value: "3" },
      ],
    },
    {},
  );
  assert.deepEqual(merged.environment, [
    { name: "A", value: "1" },
    { name: "B", value: "" },
    { name: "C", value: "3" },
  ]);
});

test("resourceRequirements override by type", () => {
  const definition = {
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "512" },
    ],
  };
  const merged = mergeContainer(definition, { resourceRequirements: [{ type: "MEMORY", value: "2048" }] }, {});
  assert.deepEqual(requirementsOf(merged), { vcpuMilli: 1000, memoryMiB: 2048, gpus: 0 });
});

test("the deprecated members override only each other", () => {
  const old = mergeContainer({ vcpus: 1, memory: 512 }, { vcpus: 2 }, {});
  assert.deepEqual(requirementsOf(old), { vcpuMilli: 2000, memoryMiB: 512, gpus: 0 });
  const definition = { resourceRequirements: [{ type: "VCPU" as const, value: "1" }], memory: 512 };
  assert.deepEqual(requirementsOf(mergeContainer(definition, { vcpus: 8, memory: 1024 }, {})), {
    vcpuMilli: 1000,
    memoryMiB: 1024,
    gpus: 0,
  });
  const replaced = mergeContainer({ vcpus: 4 }, { resourceRequirements: [{ type: "VCPU", value: "1" }] }, {});
  assert.equal(requirementsOf(replaced).vcpuMilli, 1000);
});

test("fractions of a vCPU are whole milli-vCPU", () => {
  for (const [value, vcpuMilli] of [
    ["0.25", 250],
    ["0.5", 500],
    ["16", 16_000],
    ["0.1", 100],
  ] as const) {
    assert.equal(requirementsOf({ resourceRequirements: [{ type: "VCPU", value }] }).vcpuMilli, vcpuMilli);
  }
});

test("the scheduling: retries default to one attempt, actions are lower case, logs go where awslogs says", () => {
  const base = { definitionName: "work", timeoutSeconds: undefined, dependsOn: [], arraySize: undefined };
  const plain = schedulingOf({ ...base, container: { image: "scratch" }, retryStrategy: undefined });
  assert.deepEqual(plain.retry, { attempts: 1, evaluateOnExit: [] });
  assert.equal(plain.needsImage, false);
  assert.deepEqual(plain.log, { group: "/aws/batch/job", prefix: "work" });
  const rich = schedulingOf({
    ...base,
    container: { image: "busybox", logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "g" } } },
    retryStrategy: { attempts: 4, evaluateOnExit: [{ action: "EXIT", onExitCode: "1" }] },
  });
  assert.deepEqual(rich.retry, { attempts: 4, evaluateOnExit: [{ action: "exit", onExitCode: "1" }] });
  assert.equal(rich.needsImage, true);
  assert.deepEqual(rich.log, { group: "g", prefix: "work" });
  const silent = schedulingOf({
    ...base,
    container: { logConfiguration: { logDriver: "none" as never } },
    retryStrategy: undefined,
  });
  assert.equal(silent.log, undefined);
});
