import type { FastifyInstance, FastifyRequest } from "fastify";
import type { EventTargets, TargetTable } from "../../ports/event-targets.ts";
import type { Admission } from "../access/admission.ts";
import { toApiError } from "../batch/handlers.ts";
import type { Forwarding } from "../servers/forwarding.ts";
import { accessDeniedException, validationException } from "../wire/errors.ts";
import { rawRequest } from "../wire/raw-request.ts";
import { EventParameters } from "./event-query.ts";
import { TARGET_ACTIONS } from "./target-actions.ts";

export interface TargetRoutesOptions {
  readonly targets: EventTargets;
  readonly table: TargetTable;
  readonly admission: Admission;
  readonly forwarding?: Pick<Forwarding, "settle"> | undefined;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
}

const USUAL_LIMIT = 100;
const MOST = 1_000;

/** Targets have events of all accounts, so this is for who is trusted with that. The server that leads answers. */
export function serveEventTargets(app: FastifyInstance, options: TargetRoutesOptions): void {
  const { targets, table } = options;
  const answer = async (request: FastifyRequest, action: string, handle: () => Promise<object>): Promise<object> => {
    await admit(request, action, options);
    try {
      return await handle();
    } catch (error) {
      throw toApiError(error);
    }
  };
  app.get("/longshore/events/targets", (request) =>
    answer(request, TARGET_ACTIONS.read, async () => ({ targets: await targets.states() })),
  );
  app.get("/longshore/events/dead-letters", (request) =>
    answer(request, TARGET_ACTIONS.read, async () => {
      const parameters = new EventParameters(rawRequest(request).search, ["target", "before", "limit"]);
      const target = parameters.one("target");
      const before = parameters.number("before", Number.MAX_SAFE_INTEGER);
      const limit = parameters.number("limit", MOST, 1) ?? USUAL_LIMIT;
      const deadLetters = await table.deadLetters({
        ...(target !== undefined && { target }),
        ...(before !== undefined && { before }),
        limit,
      });
      return { deadLetters, ...(deadLetters.length === limit && { nextBefore: deadLetters.at(-1)!.id }) };
    }),
  );
  app.post("/longshore/events/dead-letters/retry", (request) =>
    answer(request, TARGET_ACTIONS.change, () => targets.retry(selection(request))),
  );
  app.post("/longshore/events/dead-letters/drop", (request) =>
    answer(request, TARGET_ACTIONS.change, async () => {
      const letters = await table.deadLetters(selection(request));
      return { dropped: await table.removeDeadLetters(letters.map(({ id }) => id)) };
    }),
  );
}

async function admit(request: FastifyRequest, action: string, options: TargetRoutesOptions): Promise<void> {
  const { admission, forwarding, defaultRegion } = options;
  const raw = rawRequest(request);
  const { account, caller, region = defaultRegion, mayForAll } = await admission.admit(raw, "longshore");
  if (!mayForAll(action)) {
    throw accessDeniedException(
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: *, because it is of all accounts: the server's owner may do it on its machine, and keys whose policy allows ${action} by that name`,
    );
  }
  await forwarding?.settle(raw, "longshore", { account, region });
}

/** Of the body: `{"ids": [1, 2]}`, `{"target": "name"}`, both, or `{"all": true}`; at most `limit`, which is 100. */
function selection(request: FastifyRequest): { target?: string; ids?: number[]; limit: number } {
  const { body } = rawRequest(request);
  const { target, ids, all, limit = USUAL_LIMIT, ...others } = parsed(body);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw validationException(`There is no member ${unknown.slice(0, 100)}: ids, target, all and limit are known.`);
  if (target !== undefined && typeof target !== "string") throw validationException("target must be a text.");
  if (ids !== undefined && !isListOfNumbers(ids))
    throw validationException("ids must be a list of whole numbers, 1000 at most.");
  if (all !== undefined && typeof all !== "boolean") throw validationException("all must be true or false.");
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw validationException(`limit must be a whole number from 1 to ${MOST}.`);
  if (target === undefined && ids === undefined && all !== true)
    throw validationException("ids, target, or all: true must say which dead letters are meant.");
  return { ...(target !== undefined && { target }), ...(ids !== undefined && { ids }), limit };
}

function isListOfNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MOST && value.every((one) => Number.isSafeInteger(one));
}

function parsed(body: Buffer | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body?.toString("utf8") ?? "");
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw validationException('The body must be a JSON object, such as {"target": "name"}.');
}
