import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { lockedPackages, ROOT } from "../../scripts/lock.ts";

/** npm itself, and a registry of the test's own. */

const NAME = "fastify";
const { version } = lockedPackages().find(({ path }) => path === `node_modules/${NAME}`)!;
const ADVISORY = {
  ...{ id: 1, url: "https://github.com/advisories/GHSA-test-test-test", title: "It leaks", severity: "high" },
  ...{ vulnerable_versions: `<=${version}`, cwe: [], cvss: { score: 0, vectorString: null } },
};

/** Knows of these advisories; undefined: it has no list of them. */
async function registry(t: TestContext, advisories: object | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const isList = request.method === "POST" && request.url === "/-/npm/v1/security/advisories/bulk";
    const isPackage = request.url === `/${NAME}`;
    const answer = isList ? advisories : { name: NAME, versions: { [version]: { name: NAME, version } } };
    request.resume();
    response.statusCode = isList && advisories === undefined ? 405 : isList || isPackage ? 200 : 404;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Without the settings of whoever runs the tests. */
async function audit(npm_config_registry: string) {
  const others = Object.entries(process.env).filter(([name]) => !/^npm_config_|_proxy$/i.test(name));
  const child = spawn(process.execPath, [join(ROOT, "scripts", "audit.ts")], {
    env: { ...Object.fromEntries(others), npm_config_registry },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = [text(child.stdout), text(child.stderr)];
  const [code] = (await once(child, "close")) as [number];
  return { code, out: await out, err: await err };
}

test("npm run audit: clean", async (t) => {
  const { code, out, err } = await audit(await registry(t, {}));
  assert.deepEqual([code, out, err], [0, "npm audit: 0 advisories, 0 of them not explained.\n", ""]);
});

test("npm run audit: an advisory that nobody explains is a failure, which names it", async (t) => {
  const { code, out, err } = await audit(await registry(t, { [NAME]: [ADVISORY] }));
  assert.deepEqual([code, out], [1, "npm audit: 1 advisories, 1 of them not explained.\n"]);
  assert.equal(
    err,
    `${NAME} <=${version}: high: It leaks\n  ${ADVISORY.url}\nUpdate these packages, or say in docs/supply-chain.md why they do no harm here.\n`,
  );
});

test("npm run audit: a registry without a list, and none at all, are told and no failure", async (t) => {
  const answers = [
    [await registry(t, undefined), "405 Method Not Allowed"],
    ["http://127.0.0.1:9/", "ECONNREFUSED"],
  ] as const;
  for (const [url, why] of answers) {
    const { code, out } = await audit(url);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^npm audit: not done: .*${why}`));
  }
});
