import type Dockerode from "dockerode";
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import type { CreateContext } from "./container.ts";
import {
  createNamed,
  inspectNamed,
  isOurs,
  NAME_TAKEN_PAUSE_MS,
  NAME_TAKEN_TRIES_MAX,
  removeNamed,
} from "./container.ts";
import { AttemptFailure, isAbort, isEngineAway, isNameTaken, statusOf } from "./failure.ts";
import { HOLDER, importHolderImage } from "./holder-image.ts";
import { holderName, LABEL } from "./names.ts";
import { pause } from "./pause.ts";
import { REACHES_MACHINE } from "./spec.ts";

/**
 * The containers of one task share a network, whichever of them begins or ends first: so it belongs to a container of its own, the holder, whose
 * program only waits. It comes before the first of them and goes with the last one.
 *
 * Makes the holder and starts it, unless it runs. Rejects as `ensureContainer` does.
 */
export async function ensureHolder(context: CreateContext, taskId: string): Promise<void> {
  const { docker, clock, abandoned, closing, settings } = context;
  const name = holderName(taskId);
  let wasStarted = false;
  for (let tries = 0; tries < NAME_TAKEN_TRIES_MAX; tries += 1) {
    abandoned.throwIfAborted();
    const found = await inspectNamed(docker, name, closing);
    if (found === undefined) {
      const isTaken = (await orFail(() => createHolder(context, taskId), isNameTaken)) === "excused";
      if (isTaken) await pause(clock, NAME_TAKEN_PAUSE_MS, abandoned);
      continue;
    }
    if (!isOurs(found.Config.Labels, settings.clusterId))
      throw failure(`the name ${name} is taken by a container of something else`);
    if (found.State.Running) return;
    if (wasStarted)
      throw failure(`${name} does not go on running: ${found.State.Error || `exit code ${found.State.ExitCode}`}`);
    await orFail(
      () => docker.getContainer(name).start({ abortSignal: closing }),
      (error) => statusOf(error) === 304,
    );
    wasStarted = true;
  }
  throw failure(`the name ${name} stays taken`);
}

async function createHolder(context: CreateContext, taskId: string): Promise<void> {
  try {
    await createNamed(context, holderOptions(taskId, context.settings.clusterId));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await importHolderImage(context.docker, context.closing);
    await createNamed(context, holderOptions(taskId, context.settings.clusterId));
  }
}

function holderOptions(taskId: string, clusterId: string): Dockerode.ContainerCreateOptions & { name: string } {
  return {
    name: holderName(taskId),
    Image: HOLDER.image,
    Entrypoint: [...HOLDER.entrypoint],
    Labels: { [LABEL.cluster]: clusterId, [LABEL.task]: taskId },
    HostConfig: {
      ...REACHES_MACHINE,
      IpcMode: "shareable",
      ReadonlyRootfs: true,
      LogConfig: { Type: "none", Config: {} },
      RestartPolicy: { Name: "no" },
    },
  };
}

/** Whatever the engine refuses, and `excuses` does not, is the attempt's failure. */
async function orFail(run: () => Promise<unknown>, excuses: (error: unknown) => boolean): Promise<"done" | "excused"> {
  try {
    await run();
    return "done";
  } catch (error) {
    if (isEngineAway(error) || isAbort(error)) throw error;
    if (excuses(error)) return "excused";
    throw failure(error);
  }
}

function failure(cause: unknown): AttemptFailure {
  return new AttemptFailure("ResourceInitializationError", cause);
}

/** Where other containers reach this one: at its own address, or at that of its task's holder. Undefined where the engine gives it none. */
export async function addressOf(
  docker: Dockerode,
  container: ContainerInspectInfo,
  signal: AbortSignal,
): Promise<string | undefined> {
  const taskId = container.Config.Labels[LABEL.task];
  const owner = taskId === undefined ? container : await inspectNamed(docker, holderName(taskId), signal);
  const networks = Object.values(owner?.NetworkSettings.Networks ?? {});
  return networks.find(({ IPAddress }) => IPAddress !== "")?.IPAddress;
}

/** The last container of the task is gone: removes what they shared. */
export async function removeTaskIfUnused(docker: Dockerode, taskId: string): Promise<void> {
  const filters = { label: [`${LABEL.task}=${taskId}`] };
  const listed = await docker.listContainers({ all: true, filters });
  if (listed.some(isOfAttempt)) return;
  await removeNamed(docker, holderName(taskId));
  const { Volumes } = await docker.listVolumes({ filters });
  for (const { Name } of Volumes) await removeVolume(docker, Name);
}

/**
 * The tasks of which something is left although no container of theirs is: a server was killed between two steps. `listed`: all containers of the
 * cluster.
 */
export async function unusedTasks(
  docker: Dockerode,
  clusterId: string,
  listed: readonly ContainerInfo[],
): Promise<Set<string>> {
  const { Volumes } = await docker.listVolumes({ filters: { label: [`${LABEL.cluster}=${clusterId}`] } });
  const taskIds = [...listed, ...Volumes].flatMap(({ Labels }) => Labels?.[LABEL.task] ?? []);
  const unused = new Set(taskIds);
  for (const container of listed) if (isOfAttempt(container)) unused.delete(container.Labels[LABEL.task] ?? "");
  return unused;
}

function isOfAttempt({ Labels }: ContainerInfo): boolean {
  return Labels[LABEL.attempt] !== undefined;
}

/** One that is gone is fine; one that is in use belongs to a container that is just going, and is found again. */
async function removeVolume(docker: Dockerode, name: string): Promise<void> {
  try {
    await docker.getVolume(name).remove();
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
  }
}
