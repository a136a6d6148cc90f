import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { logLineForTerminal, oneLine } from "../../src/cli/neutral.ts";
import { neutral } from "../../src/core/neutral.ts";
import { BROKEN, HOSTILE } from "../support/hostile.ts";
import type { Started } from "./longshore.ts";
import { Cli, LAUNCHER } from "./longshore.ts";

/** What a terminal would obey in the text of others is shown, and does nothing. */

const ALL = { ...HOSTILE, ...BROKEN };
/** In commands `Ref::name` means a parameter. */
const WORDS = Object.values(HOSTILE).filter((text) => text !== HOSTILE["reference"]);
const cli = new Cli({ after });
let server: Started;

before(async () => {
  server = await cli.up("--vcpus", "4");
});
after(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
});

/** Other than line ends, tabs and what the text has of its own. */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(...Object.values(ALL), "\u001b[31m", "x", "\n", "\t")).map((parts) => parts.join("")),
);

test("nothing that a terminal obeys is left, whatever the text; JSON stays the same JSON", () => {
  const property = fc.property(anyText, (text) => {
    assert.doesNotMatch(neutral(text), OBEYED);
    assert.doesNotMatch(oneLine(text), /[\n\t]/);
    assert.doesNotMatch(oneLine(text), OBEYED);
    assert.deepEqual(JSON.parse(neutral(JSON.stringify({ [text]: text }))), { [text]: text });
    const line = logLineForTerminal(text);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(line.replaceAll(/\u001b\[[0-9;:]*m/g, ""), OBEYED);
    // oxlint-disable-next-line no-control-regex
    assert.ok(!line.includes("\u001b") || line.endsWith("\u001b[0m"), "colours end with the line");
  });
  fc.assert(property);
});

test("harmless text is shown as it is", () => {
  for (const text of ["", "a b", "Grüße 💥 👩‍👩‍👧 हिन्दी 中文", "\\u001b", "a\tb\nc"]) {
    assert.equal(neutral(text), text);
    assert.equal(logLineForTerminal(text), text);
  }
  assert.equal(logLineForTerminal("\u001b[31mred\u001b[2J\r"), "\u001b[31mred\\u001b[2J\u001b[0m");
});

/** What the command prints when a terminal reads it. */
async function onTerminal(...args: string[]): Promise<string> {
  const command = [LAUNCHER, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(" ");
  const { stdout } = await cli.startProgram("script", ["-qec", command, "/dev/null"]).ended;
  return stdout.replaceAll("\r\n", "\n");
}

const NO_PTY = process.platform !== "linux" && "the program script of util-linux makes the terminal";

test("a job's output: as it is to a pipe, shown on a terminal", { skip: NO_PTY }, async () => {
  // Events are of lines that are not empty, without their ends; U+FDD0 stands for a line end in them.
  const lines = WORDS.join("\n").replaceAll("\ufdd0", "\n").split(/\r?\n/).filter(Boolean);
  const said = lines.join("\n");
  const job = await cli.submitted("hostile", "--", "sh", "-c", 'printf "%s\\n" "$@"', "sh", said);
  await cli.ok("jobs", "wait", job);
  const piped = await cli.ok("logs", job);
  assert.equal(piped, `${said}\n`);
  const shown = await onTerminal("logs", job);
  assert.doesNotMatch(shown, OBEYED);
  assert.equal(shown, `${lines.map(logLineForTerminal).join("\n")}\n`);
  const json = await cli.ok("logs", job, "--json");
  assert.doesNotMatch(json, OBEYED);
  const messages = json
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { message: string }).message);
  assert.deepEqual(messages, piped.slice(0, -1).split("\n"));
});

test("commands, reasons and names of jobs", { skip: NO_PTY }, async () => {
  const job = await cli.submitted("hostile", "--", "sh", "-c", "sleep 600", ...WORDS);
  const reason = WORDS.join("|").slice(0, 1024);
  await cli.ok("jobs", "terminate", job, "--reason", reason);
  await cli.run("jobs", "wait", job);
  for (const args of [
    ["jobs", "list"],
    ["jobs", "describe", job],
    ["explain", job],
    ["jobs", "wait", job],
    ["jobs", "describe", job, "--json"],
    ["jobs", "describe", job, "--quiet"],
    ["jobs", "describe", "\u001b[2J\u202e\u009b2J"],
  ]) {
    const shown = await onTerminal(...args);
    assert.ok(shown.length > 10, shown);
    assert.doesNotMatch(shown, OBEYED, args.join(" "));
  }
  const { jobs } = JSON.parse(await cli.ok("jobs", "describe", job, "--json")) as {
    jobs: [{ statusReason: string; container: { command: string[] } }];
  };
  assert.deepEqual([jobs[0].statusReason, jobs[0].container.command.slice(3)], [reason, WORDS]);
});

test("what answers in place of a server cannot write to the terminal either", async (t) => {
  const evil = createServer((_request, response) => {
    response.writeHead(400, { "content-type": "application/json", "x-amzn-errortype": "ClientException" });
    response.end(JSON.stringify({ message: Object.values(HOSTILE).join(" ") }));
  }).listen(0, "127.0.0.1");
  await once(evil, "listening");
  t.after(() => evil.close());
  const endpoint = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
  for (const args of [["logs", "x"], ["explain", "x"], ["cost"], ["submit", "x", "--", "true"]]) {
    const { code, stderr } = await cli.run(args[0]!, "--endpoint", endpoint, ...args.slice(1));
    assert.equal(code, 3, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, /\\u001b\[2J/);
    assert.doesNotMatch(stderr, OBEYED);
  }
  const usage = await cli.run("jobs", "\u001b[2J", "--\u009b2J");
  assert.equal(usage.code, 2);
  assert.doesNotMatch(usage.stderr, OBEYED);
});
