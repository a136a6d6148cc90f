import type Dockerode from "dockerode";
import { nulFlaw } from "../../core/passable.ts";
import type { AttemptSpec } from "../../ports/driver.ts";
import type { AttemptContext } from "./attempt-context.ts";
import type { CreateContext } from "./container/container.ts";
import { ensureContainer, inspect, removeContainer, startContainer } from "./container/container.ts";
import { ensureCredentialsNetwork } from "./networks/credentials-network.ts";
import { cannotRun } from "./engine/engine-traits.ts";
import { AttemptFailure } from "./failure.ts";
import { ensureHolder, isWithoutNetwork } from "./tasks/holder.ts";
import { platformOf } from "./images/image.ts";
import { eventStartFlaw } from "./output/line-matcher.ts";
import { LABEL } from "./names.ts";
import { phaseOf } from "./container/outcome.ts";
import type { Provided } from "./container/provided.ts";
import type { PullProgress } from "./images/pull-progress.ts";
import { bindFlaw } from "./container/mounts.ts";
import { unheardStart } from "./container/unheard-start.ts";
import { hideSecrets } from "./container/redact.ts";
import { crashPoint } from "../../ports/crash-points.ts";

/** What is to be started. */
export interface Launch {
  readonly spec: AttemptSpec;
  readonly provided: Provided;
}

/** Who starts it. */
export interface Starter {
  /** Whether it was told to stop. */
  readonly isGivenUp: () => boolean;
  /** Whether it is the next server's to start. */
  readonly isReleased: () => boolean;
  readonly abandoned: AbortSignal;
  readonly onPull: (progress: PullProgress | undefined) => void;
}

/** `there`: there is a container, which was started now or before. `lost`: there was one, whose program may have run. */
export type StartOutcome = "there" | "given-up" | "left" | "lost";

/** Makes the attempt's container and starts it, when there is a slot for it. Rejects with AttemptFailure, an AbortError, or the connection's error. */
export async function tryToStart(
  context: AttemptContext,
  docker: Dockerode,
  launch: Launch,
  starter: Starter,
): Promise<StartOutcome> {
  if (starter.isGivenUp()) return "given-up";
  const { spec, provided } = launch;
  const { clock, link, pulls, slots, networks, measuring, onStorageUnlimited } = context;
  const problem = cannotRun(platformOf(spec), context.settings.engine) ?? bindFlaw(spec.container);
  if (problem !== undefined) throw new AttemptFailure("CannotCreateContainerError", problem);
  const flaw = eventStartFlaw(spec.container) ?? nulFlaw(passedTexts(spec, provided));
  if (flaw !== undefined) throw new AttemptFailure("CannotStartContainerError", flaw);
  return slots.run(async () => {
    if (starter.isGivenUp()) return "given-up";
    const settings = { ...context.settings, cgroupParent: await measuring.parentFor(spec) };
    const { abandoned, onPull } = starter;
    const signals = { abandoned, closing: link.closing };
    const create = { docker, clock, pulls, slots, settings, ...signals, onPull, onStorageUnlimited };
    await ensureCredentialsNetwork(create, spec);
    if (spec.node !== undefined) await networks.ensure(create, spec.node);
    if (spec.task !== undefined) await ensureHolder(create, spec.task.id, spec.node);
    try {
      return await inSomeNetwork(context, create, launch, starter);
    } catch (error) {
      throw hideSecrets(error, provided);
    }
  });
}

/** What the program is started with. */
function passedTexts({ entrypoint = [], container, environment }: AttemptSpec, { variables }: Provided): string[] {
  const ofEnvironment = Object.entries({ ...variables, ...environment }).flat();
  return [...entrypoint, ...(container.command ?? []), ...ofEnvironment];
}

async function inSomeNetwork(
  context: AttemptContext,
  create: CreateContext,
  launch: Launch,
  starter: Starter,
): Promise<StartOutcome> {
  const { docker, closing, settings } = create;
  const { pool, starting } = context;
  const { attemptId } = launch.spec;
  const lentNetwork = mayUseLent(launch.spec) ? await pool.lease(docker, attemptId, starting()) : undefined;
  try {
    return await makeAndStart(context, { ...create, settings: { ...settings, lentNetwork } }, launch, starter);
  } catch (error) {
    const found = error instanceof AttemptFailure ? await inspect(docker, attemptId, closing) : undefined;
    if (found === undefined || !(await isWithoutNetwork(docker, found, closing))) throw error;
    // It cannot have started. Another one has a network of its own.
    pool.lost(attemptId);
    await removeContainer(docker, attemptId);
    return makeAndStart(context, create, launch, starter);
  }
}

/** A task's network is its own, that of nodes too; and who is privileged could leave more behind than can be seen. */
function mayUseLent({ task, node, networkMode, container }: AttemptSpec): boolean {
  return task === undefined && node === undefined && networkMode !== "host" && container.privileged !== true;
}

async function makeAndStart(
  context: AttemptContext,
  create: CreateContext,
  { spec, provided }: Launch,
  starter: Starter,
): Promise<StartOutcome> {
  const { docker, closing } = create;
  const { attemptId } = spec;
  if (context.asked.askedAt(attemptId) !== undefined) {
    const before = await afterAsked(context, create, attemptId);
    if (before !== "unbegun") return before;
  }
  if ((await ensureContainer(create, spec, provided)) === "known") {
    const found = await inspect(docker, attemptId, closing);
    if (found === undefined || phaseOf(found.State).kind !== "created") return "there";
    context.pool.found(attemptId, found.Config.Labels[LABEL.network]);
  }
  if (starter.isGivenUp()) return "given-up";
  if (starter.isReleased()) return "left";
  await askToStart(context, create, attemptId);
  crashPoint("docker.started");
  return "there";
}

/** What came of it when the engine was asked before. */
async function afterAsked(
  context: AttemptContext,
  create: CreateContext,
  attemptId: string,
): Promise<"there" | "unbegun" | "lost"> {
  const found = await inspect(create.docker, attemptId, create.closing);
  if (found === undefined) return "lost";
  if (phaseOf(found.State).kind !== "created") return "there";
  const outcome = await unheardStart(context, create, attemptId);
  if (outcome === "unbegun") context.asked.forget(attemptId);
  return outcome;
}

async function askToStart({ asked, clock }: AttemptContext, { docker, closing }: CreateContext, attemptId: string) {
  asked.note(attemptId, clock.now());
  try {
    await startContainer(docker, attemptId, closing);
  } catch (error) {
    // If it said no, nothing has run.
    if (error instanceof AttemptFailure) asked.forget(attemptId);
    throw error;
  }
  asked.forget(attemptId);
}
