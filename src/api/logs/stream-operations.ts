import { randomBytes } from "node:crypto";
import { resourceAlreadyExistsException, resourceNotFoundException } from "../wire/errors.ts";
import type { LogsHandlers } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { requireGroup, requireKeptGroup } from "./groups.ts";
import { TEXTS } from "./texts.ts";

export function streamHandlers(
  backend: LogsBackend,
): Required<Pick<LogsHandlers, "CreateLogStream" | "DeleteLogStream">> {
  const { streams, clock } = backend;
  return {
    async CreateLogStream({ logGroupName, logStreamName: name }, call) {
      const group = await requireKeptGroup(backend, call, logGroupName);
      const logId = randomBytes(16).toString("hex");
      if (await streams.create(group.id, { name, logId, createdAt: clock.now() })) return {};
      // The stream is there, or the group was deleted just now.
      await requireKeptGroup(backend, call, logGroupName);
      throw resourceAlreadyExistsException(TEXTS.streamExists);
    },
    async DeleteLogStream({ logGroupName, logStreamName }, call) {
      const group = await requireGroup(backend, call, logGroupName);
      if (!(await streams.remove(group.id, logStreamName))) throw resourceNotFoundException(TEXTS.noStream);
      backend.removed();
      return {};
    },
  };
}
