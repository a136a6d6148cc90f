import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { Volume } from "@aws-sdk/client-batch";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { withBench } from "../../support/docker-bench.ts";

const skip = (await dockerUnavailable()) ?? false;

const S3_FILES = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-1";

describe("docker driver: file systems", { skip }, () => {
  test("of EFS and S3 Files are directories of this machine, as far as the configuration names them", async () => {
    await withBench(async ({ open, run, sh, directory }) => {
      const root = path.join(directory, "efs");
      mkdirSync(path.join(root, "inner"), { recursive: true });
      mkdirSync(path.join(directory, "point"));
      writeFileSync(path.join(root, "inner/note"), "from efs\n");
      writeFileSync(path.join(directory, "point/note"), "from the access point\n");
      symlinkSync(directory, path.join(root, "out"));
      const fileSystems = new Map([
        ["fs-1", root],
        ["fsap-1", path.join(directory, "point")],
        [S3_FILES, root],
      ]);
      const session = await open({ fileSystems });
      const end = async (volume: Volume, script: string, readOnly = false) => {
        const mountPoints = [{ sourceVolume: "v", containerPath: "/v", readOnly }];
        const spec = attempt({ ...sh(`exec 2>&1; ${script}`), volumes: [{ name: "v", ...volume }], mountPoints });
        const { exited, log } = await run(session, spec);
        return exited.reason ?? log.join();
      };
      const efs = (rootDirectory?: string, fileSystemId = "fs-1"): Volume => ({
        efsVolumeConfiguration: { fileSystemId, ...(rootDirectory !== undefined && { rootDirectory }) },
      });
      assert.equal(await end(efs(), "cat /v/inner/note; echo written > /v/new"), "from efs");
      assert.equal(readFileSync(path.join(root, "new"), "utf8"), "written\n");
      assert.equal(
        await end(efs("/inner"), "cat /v/note; touch /v/x; exit 0", true),
        "from efs,touch: /v/x: Read-only file system",
      );
      const point = { authorizationConfig: { accessPointId: "fsap-1" } };
      const throughPoint = { efsVolumeConfiguration: { fileSystemId: "fs-9", ...point } };
      assert.equal(await end(throughPoint, "cat /v/note"), "from the access point");
      const s3 = { s3filesVolumeConfiguration: { fileSystemArn: S3_FILES, rootDirectory: "inner" } };
      assert.equal(await end(s3, "cat /v/note"), "from efs");

      const doing = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: ";
      const fix =
        'no directory stands for fs-2: write {"fileSystems":{"fs-2":"/a/directory"}} into the configuration file';
      assert.equal(await end(efs("/", "fs-2"), "true"), doing + fix);
      assert.match(await end(efs("/out"), "true"), /the root directory \/out of fs-1 is a link that leads out of/);
      assert.match(
        await end(efs("/absent"), "true"),
        /^ResourceInitializationError: .*bind source path does not exist/,
      );
      assert.match(
        await end(efs("/../../etc"), "true"),
        /^ResourceInitializationError: .*bind source path does not exist/,
      );
    });
  });
});
