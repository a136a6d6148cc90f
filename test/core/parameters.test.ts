import assert from "node:assert/strict";
import { test } from "node:test";
import { UnknownParameter, withParameters } from "../../src/core/submission/parameters.ts";

function command(argv: string[], parameters: Record<string, string>): string[] {
  return withParameters({ container: { command: argv } }, parameters).container!.command!;
}

test("Ref:: is replaced anywhere in an argument, as often as it occurs", () => {
  assert.deepEqual(command(["--in=Ref::file", "Ref::a/Ref::a"], { file: "x.txt", a: "1" }), ["--in=x.txt", "1/1"]);
});

test("Ref:: ends where the next one begins", () => {
  const parameters = { name: "x", "a.b": "dotted", ending: "txt" };
  assert.deepEqual(command(["Ref::name.Ref::ending", "Ref::a.b.Ref::ending"], parameters), ["x.txt", "dotted.txt"]);
  assert.deepEqual(command(["Ref::nameRef::ending"], parameters), ["xtxt"]);
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

const PARAMETERS = { name: "x" };
const REFERENCE = ["Ref::name"];

test("Ref:: is replaced in every container of a task, and in command and args of those of a pod", () => {
  const ecsProperties = { taskProperties: [{ containers: [{ image: "i", command: REFERENCE }, { image: "j" }] }] };
  assert.deepEqual(withParameters({ ecsProperties }, PARAMETERS).ecsProperties, {
    taskProperties: [{ containers: [{ image: "i", command: ["x"] }, { image: "j" }] }],
  });
  const container = { image: "i", command: REFERENCE, args: REFERENCE, env: [{ name: "A", value: "Ref::name" }] };
  const eksProperties = { podProperties: { containers: [container], initContainers: [container] } };
  const replaced = { ...container, command: ["x"], args: ["x"] };
  assert.deepEqual(withParameters({ eksProperties }, PARAMETERS).eksProperties, {
    podProperties: { containers: [replaced], initContainers: [replaced] },
  });
});

test("Ref:: is replaced in every range of nodes", () => {
  const nodeRangeProperties = [
    { targetNodes: "0", container: { command: REFERENCE } },
    { targetNodes: "1", ecsProperties: { taskProperties: [{ containers: [{ image: "i", command: REFERENCE }] }] } },
  ];
  const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties };
  const replaced = withParameters({ nodeProperties }, PARAMETERS).nodeProperties?.nodeRangeProperties;
  assert.deepEqual(replaced?.[0]?.container?.command, ["x"]);
  assert.deepEqual(replaced[1]?.ecsProperties?.taskProperties?.[0]?.containers?.[0]?.command, ["x"]);
});
