import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../support/until.ts";
import { Cli, ROOT, type Started } from "./longshore.ts";

const cli = new Cli({ after });
let server: Started;

before(async () => {
  server = await cli.up();
});
after(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
});

/** What a real bash offers for the words of a line, the cursor being behind the last one. */
async function offered(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const script = `PATH=${ROOT}:$PATH; eval "$(longshore completion bash)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _longshore; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const bash = cli.startProgram("bash", ["-c", script, "bash", "longshore", ...words], { env });
  const { code, stdout, stderr } = await bash.ended;
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

/** A machine that is busy may not answer in the time that completion waits. */
async function untilOffered(words: readonly string[], expected: string): Promise<void> {
  await until(`${words.join(" ")} is completed by ${expected}`, async () => {
    const values = await offered(words);
    assert.deepEqual(values, values.length === 0 ? [] : [expected]);
    return values.length > 0;
  });
}

test("commands, options, choices, in bash", async () => {
  assert.deepEqual(await offered(["doc"]), ["doctor"]);
  const commands = await offered([""]);
  for (const name of ["up", "run", "submit", "top", "jobs", "completion"]) assert.ok(commands.includes(name), name);
  assert.ok(!commands.includes("complete"));
  assert.deepEqual(await offered(["jobs", "te"]), ["terminate"]);
  assert.deepEqual(await offered(["up", "--driver", ""]), ["auto", "process", "docker", "kubernetes"]);
  assert.deepEqual(await offered(["up", "--driver", "=", "pr"]), ["process"]);
  assert.deepEqual(await offered(["completion", "z"]), ["zsh"]);
  assert.ok((await offered(["top", "--"])).includes("--once"));
  assert.deepEqual(await offered(["run", "--", "doc"]), []);
});

test("what the server knows: queues, environments, definitions, ids of jobs", async () => {
  const jobId = await cli.submitted("it", "--", "true");
  await untilOffered(["queues", "describe", "d"], "default");
  await untilOffered(["submit", "x", "--queue", ""], "default");
  await untilOffered(["environments", "disable", ""], "default");
  await untilOffered(["submit", "x", "--definition", "def"], "default");
  await untilOffered(["logs", jobId.slice(0, 8)], jobId);
  await untilOffered(["jobs", "wait", jobId, ""], jobId);
});

test("without a server there is nothing, soon", async () => {
  const env = { LONGSHORE_DATA_DIR: "/nowhere" };
  assert.deepEqual(await offered(["logs", "--endpoint", "http://127.0.0.1:1", ""], env), []);
});

test("scripts for other shells", async () => {
  assert.match(await cli.ok("completion", "zsh"), /^#compdef longshore\n/);
  assert.match(await cli.ok("completion", "fish"), /complete -c longshore/);
  const { code, stderr } = await cli.run("completion", "tcsh");
  assert.deepEqual([code, /Allowed choices are bash, zsh, fish/.test(stderr)], [2, true]);
});
