import { test } from "node:test";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { parseTaskId } from "../../src/core/ids.ts";
import { LABEL } from "../../src/drivers/docker/names.ts";
import { until } from "../support/until.ts";
import { killSuite } from "./kill-suite.ts";

const unavailable = await dockerUnavailable();

if (unavailable !== undefined) test("killed servers whose jobs are containers", { skip: unavailable }, () => {});
else {
  killSuite({
    driver: "docker",
    image: ensureTestImage,
    rounds: 2,
    async untilGone(taskIds) {
      const engine = await testEngine();
      for (const taskId of taskIds) {
        const filters = { label: [`${LABEL.task}=${taskId}`] };
        await until(`nothing is left of task ${taskId}`, async () => {
          const containers = await engine.listContainers({ all: true, filters });
          const { Volumes } = await engine.listVolumes({ filters });
          const ofNodes = { label: [`${LABEL.nodes}=${parseTaskId(taskId)!.attemptId}`] };
          const networks = await engine.listNetworks({ filters: ofNodes });
          return containers.length + Volumes.length + networks.length === 0;
        });
      }
    },
  });
}
