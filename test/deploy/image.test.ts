import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { BatchClient } from "@aws-sdk/client-batch";
import { ListJobsCommand } from "@aws-sdk/client-batch";
import type Dockerode from "dockerode";
import { ROOT } from "../../scripts/lock.ts";
import { Cleanups } from "../support/cleanups.ts";
import { clientWithKey } from "../support/clients.ts";
import { testEngine } from "../support/docker-image.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ended, submitScript } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { importBaseImage, importBuildImage, removeImages } from "./base-images.ts";

/** The Dockerfile, built and run as docs/operations.md says; only the images that it builds on are of this machine. */

const run = promisify(execFile);
const skip = (await dockerUnavailable()) ?? false;
const IMAGE = "longshore-test/longshore:1";
/** Without BASE_IMAGE. Half of it is Node. */
const SIZE_LIMIT_MB = 240;
const PORT = "4590/tcp";

describe("the container image", { skip }, () => {
  const cleanups = new Cleanups();
  let docker: Dockerode;
  let server: Dockerode.Container;

  before(async () => {
    docker = await testEngine();
    cleanups.after(removeImages);
    const [base, build] = [await importBaseImage(), await importBuildImage()];
    const images = ["--build-arg", `BASE_IMAGE=${base}`, "--build-arg", `BUILD_IMAGE=${build}`];
    // Nothing that it needs comes over the network.
    await run("docker", ["build", "--quiet", "--force-rm", "--network", "none", ...images, "--tag", IMAGE, ROOT]);
    const volume = await docker.createVolume();
    cleanups.after(() => volume.remove());
    server = await docker.createContainer({
      Image: IMAGE,
      // As in the image, but sooner.
      Healthcheck: { Interval: 1e9 },
      HostConfig: {
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "" },
        Binds: [`${volume.name}:/data`],
        PortBindings: { [PORT]: [{ HostIp: "127.0.0.1", HostPort: "" }] },
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
      },
    });
    cleanups.after(() => server.remove({ force: true }));
    await server.start();
    await healthy();
  });

  after(async () => assert.deepEqual(await cleanups.run(), []));

  const healthy = (): Promise<boolean> =>
    until("the container is healthy", async () => {
      const { State } = await server.inspect();
      assert.ok(State.Running, `it has ended: ${(await server.logs({ stdout: true, stderr: true })).toString()}`);
      return State.Health?.Status === "healthy";
    });

  const url = async (): Promise<string> => {
    const { NetworkSettings } = await server.inspect();
    return `http://127.0.0.1:${NetworkSettings.Ports[PORT]![0]!.HostPort}`;
  };

  const inside = async (...command: string[]): Promise<string> =>
    (await run("docker", ["exec", server.id, ...command])).stdout;

  let key: { accessKeyId: string; secretAccessKey: string };
  const client = async (owner: { after: (task: () => void) => void }): Promise<BatchClient> =>
    clientWithKey(owner, await url(), key);

  test("is small, and made of what runs", async () => {
    const [image, base] = [IMAGE, "longshore-test/deploy:base"].map((name) => docker.getImage(name).inspect());
    const megabytes = ((await image!).Size - (await base!).Size) / 1e6;
    assert.ok(megabytes > 100 && megabytes < SIZE_LIMIT_MB, `${megabytes} MB`);
    const packages = await inside("ls", "/opt/longshore/node_modules", "/opt/longshore");
    assert.match(packages, /^fastify$/m);
    assert.doesNotMatch(packages, /^(vite|react|typescript|test|\.git)$/m);
  });

  test("runs as nobody special, on a file system that it cannot write to", async () => {
    assert.equal((await inside("id", "-u")).trim(), "65532");
    await assert.rejects(inside("touch", "/opt/longshore/src/new"), /Read-only file system/);
    assert.match(await inside("stat", "-c", "%a %U", "/data"), /^700 longshore$/m);
    const { Config } = await docker.getImage(IMAGE).inspect();
    assert.equal(Config.User, "65532:65532");
  });

  test("serves the console to a browser, and jobs to known keys only", async (t) => {
    const page = await fetch(await url(), { headers: { accept: "text/html" } });
    assert.match(await page.text(), /<div id="root">/);
    await assert.rejects(
      clientWithKey(t, await url(), UNKNOWN_KEY).send(new ListJobsCommand({ jobQueue: "default" })),
      {
        name: "UnrecognizedClientException",
      },
    );
  });

  test("runs a job of a key that was made in it", async (t) => {
    const printed = await inside("longshore", "credentials", "create", "--user", "ann");
    const [, accessKeyId = "", secretAccessKey = ""] = /ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)/.exec(printed)!;
    key = { accessKeyId, secretAccessKey };
    const batch = await client(t);
    const job = await ended(batch, await submitScript(batch, "test $(id -u) = 65532"));
    assert.equal(job.status, "SUCCEEDED");
  });

  test("ends in order when it is stopped, well within the grace, and has its jobs when it starts again", async (t) => {
    const graceSeconds = 10;
    const beganAt = process.hrtime.bigint();
    await server.stop({ t: graceSeconds });
    const seconds = Number(process.hrtime.bigint() - beganAt) / 1e9;
    assert.ok(seconds < graceSeconds, `${seconds} s`);
    assert.equal((await server.inspect()).State.ExitCode, 0);
    await server.start();
    await healthy();
    const { jobSummaryList } = await (
      await client(t)
    ).send(new ListJobsCommand({ jobQueue: "default", jobStatus: "SUCCEEDED" }));
    assert.equal(jobSummaryList?.length, 1);
  });
});

const UNKNOWN_KEY = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
