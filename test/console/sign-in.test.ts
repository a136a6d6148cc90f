import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { DescribeJobQueuesCommand } from "@aws-sdk/client-batch";
import type { Page } from "playwright-core";
import { keyedServer } from "../access/server.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

// No container engine is found: one would be given the network for credentials of roles, which stays.
process.env["DOCKER_HOST"] = "unix:///nowhere";

const browser = consoleBrowser();
/** What the browser says of answers that are refusals. */
const REFUSALS = { expected: [/status of 403/, /status of 429/] };

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function signIn(page: Page, { accessKeyId, secretAccessKey }: Key): Promise<void> {
  await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  await page.getByLabel("Access key id").fill(accessKeyId);
  await page.getByLabel("Secret access key").fill(secretAccessKey);
  await page.getByLabel("Secret access key").press("Enter");
}

test(
  "one signs in where the page was asked for, and is asked again when the session is over",
  { skip: NO_BROWSER },
  async (t) => {
    const server = await keyedServer(t, [{ user: "ann" }, { user: "bob" }]);
    const [ann, bob] = server.keys as unknown as [Key, Key];
    const page = await browser.open(t, `${server.url}/environments?x=1`, REFUSALS);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await axe(page);
    await screenshot(page, "console-sign-in");
    await signIn(page, { ...ann, secretAccessKey: "wrong" });
    await page.getByText("There is no such access key, or that is not its secret.").waitFor();
    await signIn(page, ann);
    await page.getByRole("navigation", { name: "Longshore" }).waitFor();
    assert.equal(page.url(), `${server.url}/environments?x=1`);
    await page.getByRole("button", { name: "Account and settings" }).getByText("ann").waitFor();

    // Nothing of it is where a script, a history or a log could have it.
    assert.deepEqual(await page.evaluate("document.cookie"), "");
    const kept = await page.evaluate<string>("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
    assert.ok(
      !kept.includes(ann.secretAccessKey) && !asked.join(" ").includes(encodeURIComponent(ann.secretAccessKey)),
    );
    const [cookie] = await page.context().cookies();
    const { httpOnly, sameSite, path } = cookie!;
    assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: "Strict", path: "/" });

    await server.admin((admin) => admin.revoke(ann.accessKeyId));
    await page.getByRole("link", { name: "Job queues" }).click();
    await signIn(page, bob);
    await page.getByRole("button", { name: "Account and settings" }).getByText("bob").waitFor();
    assert.equal(page.url(), `${server.url}/queues`);

    await page.getByRole("button", { name: "Account and settings" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    assert.deepEqual(await page.context().cookies(), []);
  },
);

/** A page of somebody else, at this origin. */
async function foreignPage(t: TestContext, host: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>x</title><body></body>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}

/** All that a page can make a browser send: resolves when each was tried. */
const ATTACKS = (url: string): string => `(async () => {
  const target = ${JSON.stringify(url)};
  const claim = "AWS4-HMAC-SHA256 Credential=console/20261201/us-east-1/batch/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}";
  const body = JSON.stringify({ jobQueueName: "stolen", state: "ENABLED", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }] });
  const json = { "content-type": "application/json", authorization: claim, "x-longshore-console": "active" };
  const path = target + "/v1/createjobqueue";
  const outcomes = await Promise.allSettled([
    fetch(path, { method: "POST", credentials: "include", headers: json, body }),
    fetch(path, { method: "POST", credentials: "include", mode: "no-cors", body }),
    fetch(path, { method: "POST", credentials: "include", mode: "no-cors", headers: { "content-type": "text/plain" }, body }),
    fetch(target + "/longshore/session", { method: "DELETE", credentials: "include", headers: json }),
    fetch(target + "/longshore/server", { credentials: "include", headers: json }),
    fetch(target + "/longshore/session", { method: "POST", mode: "no-cors", credentials: "include", body: "{}" }),
  ]);
  const frame = document.createElement("iframe");
  frame.name = "frame";
  const gone = new Promise((resolve) => frame.addEventListener("load", resolve));
  document.body.append(frame);
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: path, enctype: "text/plain", target: "frame" });
  const input = document.createElement("input");
  input.name = body.slice(0, -1) + ', "x": "';
  input.value = '"}';
  form.append(input);
  document.body.append(form);
  form.submit();
  await gone;
  return outcomes.map(({ status, value }) => status === "fulfilled" && value.type !== "opaque");
})()`;

test(
  "a page of another origin can do nothing with a session, and a link to the console works",
  { skip: NO_BROWSER },
  async (t) => {
    const server = await keyedServer(t);
    const page = await browser.open(t, server.url, REFUSALS);
    await signIn(page, server.keys[0]!);
    await page.getByRole("navigation", { name: "Longshore" }).waitFor();
    // Another site, and another port of this one, to which browsers send the cookie.
    for (const host of ["localhost", "127.0.0.1"]) {
      const evil = await browser.open(t, await foreignPage(t, host), { beside: page, expected: [/./] });
      const readable = await evil.evaluate<boolean[]>(ATTACKS(server.url));
      assert.deepEqual(
        readable,
        readable.map(() => false),
        `from ${host}`,
      );
      const { jobQueues } = await server.client().send(new DescribeJobQueuesCommand({}));
      assert.deepEqual(
        jobQueues!.map(({ jobQueueName }) => jobQueueName),
        ["default"],
      );
      await evil.evaluate(`location.href = ${JSON.stringify(`${server.url}/queues`)}`);
      await evil.waitForURL(`${server.url}/queues`);
      await evil.getByRole("navigation", { name: "Longshore" }).waitFor();
    }
  },
);
