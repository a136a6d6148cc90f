import type Dockerode from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { containerName } from "../../core/driver-name.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec } from "../../ports/driver.ts";
import { AttemptFailure, isAbort, isEngineAway, isNameTaken, statusOf } from "./failure.ts";
import { pause } from "./pause.ts";
import type { ImagePuller } from "./pull.ts";
import { LABEL } from "./names.ts";
import { containerOptions, imageOf } from "./spec.ts";
import type { ContainerSettings } from "./spec.ts";

/**
 * A name can be taken with no container to be seen: by one that is just being removed, or by one that the engine still makes for a
 * server that was killed. Either is over after a moment.
 */
export const NAME_TAKEN_PAUSE_MS = 100;
export const NAME_TAKEN_TRIES_MAX = 300;

export interface CreateContext {
  readonly docker: Dockerode;
  readonly clock: Clock;
  readonly pulls: ImagePuller;
  readonly settings: ContainerSettings;
  /** Gives up waiting for the image or the name. */
  readonly abandoned: AbortSignal;
  /** Gives up requests in mid-air. */
  readonly closing: AbortSignal;
}

/**
 * Makes the attempt's container unless it is there already: the engine allows its name only once. Rejects with AttemptFailure when it
 * cannot be made, with an AbortError, or with the connection's error.
 */
export async function ensureContainer(context: CreateContext, attempt: AttemptSpec): Promise<"new" | "known"> {
  let hasPulled = false;
  for (let namesTaken = 0; ;) {
    const refusal = await refusalOf(context, attempt);
    if (refusal === undefined) return "new";
    const isImageAbsent = statusOf(refusal) === 404;
    const isTaken = isNameTaken(refusal);
    if (!isImageAbsent && !isTaken) throw new AttemptFailure("CannotCreateContainerError", refusal);
    // Some engines look for the image first: the container may be there, and its image gone.
    if (await exists(context, attempt.attemptId)) return "known";
    if (isTaken) {
      namesTaken += 1;
      if (namesTaken >= NAME_TAKEN_TRIES_MAX) throw new AttemptFailure("CannotCreateContainerError", refusal);
      await pause(context.clock, NAME_TAKEN_PAUSE_MS, context.abandoned);
    } else {
      if (hasPulled) throw new AttemptFailure("CannotPullContainerError", refusal);
      await context.pulls.pull(context.docker, imageOf(attempt, context.settings), context.abandoned);
      hasPulled = true;
    }
  }
}

/** Why the container could not be made; undefined when it was. */
async function refusalOf(context: CreateContext, attempt: AttemptSpec): Promise<unknown> {
  try {
    await createNamed(context, containerOptions(attempt, context.settings));
    return undefined;
  } catch (error) {
    if (isEngineAway(error) || isAbort(error)) throw error;
    return error;
  }
}

/** Makes a container. What the engine says of it is the rejection. */
export async function createNamed(
  { docker, closing }: Pick<CreateContext, "docker" | "closing">,
  { name, ...body }: Dockerode.ContainerCreateOptions & { name: string },
): Promise<void> {
  // Apart, or the client would write everything into the address as well.
  await docker.createContainer({
    _query: { name },
    _body: body,
    abortSignal: closing,
  } as Dockerode.ContainerCreateOptions);
}

async function exists({ docker, settings, closing }: CreateContext, attemptId: string): Promise<boolean> {
  const found = await inspect(docker, attemptId, closing);
  if (found === undefined) return false;
  if (isOurs(found.Config.Labels, settings.clusterId)) return true;
  const name = containerName(attemptId);
  throw new AttemptFailure("CannotCreateContainerError", `the name ${name} is taken by a container of something else`);
}

/** Does the container belong to this cluster? */
export function isOurs(labels: Readonly<Record<string, string>> | undefined, clusterId: string): boolean {
  return labels?.[LABEL.cluster] === clusterId;
}

/** The attempt's container as the engine sees it; undefined when there is none. */
export function inspect(
  docker: Dockerode,
  attemptId: string,
  signal: AbortSignal,
): Promise<ContainerInspectInfo | undefined> {
  return inspectNamed(docker, containerName(attemptId), signal);
}

export async function inspectNamed(
  docker: Dockerode,
  name: string,
  signal: AbortSignal,
): Promise<ContainerInspectInfo | undefined> {
  try {
    return await docker.getContainer(name).inspect({ abortSignal: signal });
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Starts the container; one that runs already goes on. Rejects with AttemptFailure (CannotStartContainerError) when the engine cannot. */
export async function startContainer(docker: Dockerode, attemptId: string, signal: AbortSignal): Promise<void> {
  try {
    await docker.getContainer(containerName(attemptId)).start({ abortSignal: signal });
  } catch (error) {
    if (isEngineAway(error) || isAbort(error)) throw error;
    if (statusOf(error) !== 304) throw new AttemptFailure("CannotStartContainerError", error);
  }
}

/** Sends a signal. A container that has ended or gone needs none. */
export async function signalContainer(
  docker: Dockerode,
  attemptId: string,
  signal: "SIGTERM" | "SIGKILL",
): Promise<void> {
  try {
    await docker.getContainer(containerName(attemptId)).kill({ signal });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
}

/** Removes the attempt's container, whatever its state, with its anonymous volumes. One that is gone, or going, is fine. */
export function removeContainer(docker: Dockerode, attemptId: string): Promise<void> {
  return removeNamed(docker, containerName(attemptId));
}

export async function removeNamed(docker: Dockerode, name: string): Promise<void> {
  try {
    await docker.getContainer(name).remove({ force: true, v: true });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
}
