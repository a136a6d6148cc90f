import type Dockerode from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { containerName } from "../../../core/driver-name.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { AttemptSpec } from "../../../ports/driver.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway, isNameTaken, statusOf } from "../failure.ts";
import { pause } from "../../waiting/pause.ts";
import type { Provided } from "./provided.ts";
import type { ImagePuller } from "../images/pull.ts";
import { LABEL } from "../names.ts";
import { imageOf, platformOf } from "../images/image.ts";
import type { PullProgress } from "../images/pull-progress.ts";
import { containerOptions } from "./spec.ts";
import type { ContainerSettings } from "./spec.ts";
import type { Slots } from "../../waiting/slots.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

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
  /** Whoever makes a container has one. */
  readonly slots: Slots;
  readonly settings: ContainerSettings;
  /** Gives up waiting for the image or the name. */
  readonly abandoned: AbortSignal;
  /** Gives up requests in mid-air. */
  readonly closing: AbortSignal;
  /** Told when the engine says why it cannot limit what containers write. */
  readonly onStorageUnlimited: (why: string) => void;
  /** Given what tells how far a pull is, while there is one. */
  readonly onPull: (progress: PullProgress | undefined) => void;
}

/**
 * Makes the attempt's container unless it is there already: the engine allows its name only once. Rejects with AttemptFailure when it
 * cannot be made, with an AbortError, or with the connection's error.
 */
export async function ensureContainer(
  context: CreateContext,
  attempt: AttemptSpec,
  provided: Provided,
): Promise<"new" | "known"> {
  let hasPulled = false;
  if (attempt.pullPolicy === "Always" && !(await exists(context, attempt.attemptId))) {
    await pullImage(context, attempt, provided);
    hasPulled = true;
  }
  for (let namesTaken = 0; ;) {
    crashPoint("docker.create");
    const refusal = await refusalOf(context, attempt, provided);
    if (refusal === undefined) {
      crashPoint("docker.created");
      return "new";
    }
    const isImageAbsent = statusOf(refusal) === 404;
    const isTaken = isNameTaken(refusal);
    if (!isImageAbsent && !isTaken) throw notMade(refusal);
    // Some engines look for the image first: the container may be there, and its image gone.
    if (await exists(context, attempt.attemptId)) return "known";
    if (isTaken) {
      namesTaken += 1;
      if (namesTaken >= NAME_TAKEN_TRIES_MAX) throw new AttemptFailure("CannotCreateContainerError", refusal);
      await pause(context.clock, NAME_TAKEN_PAUSE_MS, context.abandoned);
    } else {
      if (hasPulled) throw new AttemptFailure("CannotPullContainerError", refusal);
      if (attempt.pullPolicy === "Never") throw neverPulled(imageOf(attempt, context.settings));
      await pullImage(context, attempt, provided);
      hasPulled = true;
    }
  }
}

/** Pulls the attempt's image, whether the engine has it or not. Rejects as ImagePuller does. */
async function pullImage(context: CreateContext, attempt: AttemptSpec, provided: Provided): Promise<void> {
  const { pulls, slots, docker, settings, abandoned, onPull } = context;
  const wanted = { image: imageOf(attempt, settings), platform: platformOf(attempt), login: provided.login };
  try {
    crashPoint("docker.pull");
    await slots.without(() => pulls.pull(docker, wanted, abandoned, onPull));
    crashPoint("docker.pulled");
  } catch (error) {
    const { missingLogins } = provided;
    if (!(error instanceof AttemptFailure) || missingLogins.length === 0) throw error;
    // Without them it might have worked; with them it might have, too.
    error.message += ` (without a login: ${missingLogins.join("; ")})`;
    throw error;
  } finally {
    onPull(undefined);
  }
}

/** A directory that stands for a file system and is not there: all others are made. */
const NO_DIRECTORY = /bind source path does not exist/;

function notMade(refusal: unknown): AttemptFailure {
  const isOfVolume = NO_DIRECTORY.test(engineMessage(refusal));
  return new AttemptFailure(isOfVolume ? "ResourceInitializationError" : "CannotCreateContainerError", refusal);
}

/** In Kubernetes's words. */
function neverPulled(image: string): AttemptFailure {
  return new AttemptFailure("ErrImageNeverPull", `Container image "${image}" is not present with pull policy of Never`);
}

/** Why the container could not be made; undefined when it was. What a storage driver cannot limit is not. */
async function refusalOf(context: CreateContext, attempt: AttemptSpec, provided: Provided): Promise<unknown> {
  const options = containerOptions(attempt, context.settings, provided);
  const refusal = await creationRefusal(context, options);
  const { StorageOpt, ...HostConfig } = options.HostConfig ?? {};
  if (refusal === undefined || StorageOpt === undefined || !OF_STORAGE.test(engineMessage(refusal))) return refusal;
  context.onStorageUnlimited(engineMessage(refusal));
  return creationRefusal(context, { ...options, HostConfig });
}

const OF_STORAGE = /storage-opt/;

async function creationRefusal(context: CreateContext, options: NamedOptions): Promise<unknown> {
  try {
    await createNamed(context, options);
    return undefined;
  } catch (error) {
    if (isEngineAway(error) || isAbort(error)) throw error;
    return error;
  }
}

type NamedOptions = Dockerode.ContainerCreateOptions & { readonly name: string };

/** Makes a container. What the engine says of it is the rejection. */
export async function createNamed(
  { docker, closing }: Pick<CreateContext, "docker" | "closing">,
  { name, platform, ...body }: NamedOptions,
): Promise<void> {
  // Apart, or the client would write everything into the address as well.
  await docker.createContainer({
    _query: { name, ...(platform !== undefined && { platform }) },
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
    crashPoint("docker.stop");
    await docker.getContainer(containerName(attemptId)).kill({ signal });
    crashPoint("docker.signalled");
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
