import type Dockerode from "dockerode";
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import type { SharedNetwork } from "../../../ports/driver.ts";
import type { CreateContext } from "../container/container.ts";
import {
  createNamed,
  inspectNamed,
  isOurs,
  NAME_TAKEN_PAUSE_MS,
  NAME_TAKEN_TRIES_MAX,
  removeNamed,
} from "../container/container.ts";
import { AttemptFailure, isAbort, isEngineAway, isNameTaken, statusOf } from "../failure.ts";
import { HOLDER, importHolderImage } from "./holder-image.ts";
import { holderName, LABEL } from "../names.ts";
import { pause } from "../../waiting/pause.ts";
import { endpoint, network } from "../container/spec.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

/**
 * The containers of one task share a network, whichever of them begins or ends first: so it belongs to a container of its own, the holder, whose
 * program only waits. It comes before the first of them and goes with the last one.
 *
 * Makes the holder and starts it, unless it runs. Rejects as `ensureContainer` does.
 */
export async function ensureHolder(context: CreateContext, taskId: string, node?: SharedNetwork): Promise<void> {
  const { docker, clock, abandoned, closing, settings } = context;
  const name = holderName(taskId);
  let wasStarted = false;
  for (let tries = 0; tries < NAME_TAKEN_TRIES_MAX; tries += 1) {
    abandoned.throwIfAborted();
    const found = await inspectNamed(docker, name, closing);
    if (found === undefined) {
      const isTaken = (await orFail(() => createHolder(context, taskId, node), isNameTaken)) === "excused";
      if (isTaken) await pause(clock, NAME_TAKEN_PAUSE_MS, abandoned);
      continue;
    }
    if (!isOurs(found.Config.Labels, settings.clusterId))
      throw failure(`the name ${name} is taken by a container of something else`);
    if (found.State.Running) return;
    if (wasStarted)
      throw failure(`${name} does not go on running: ${found.State.Error || `exit code ${found.State.ExitCode}`}`);
    crashPoint("docker.holder");
    await orFail(
      () => docker.getContainer(name).start({ abortSignal: closing }),
      (error) => statusOf(error) === 304,
    );
    crashPoint("docker.held");
    wasStarted = true;
  }
  throw failure(`the name ${name} stays taken`);
}

function createHolder(
  { docker, settings, closing }: CreateContext,
  taskId: string,
  node: SharedNetwork | undefined,
): Promise<void> {
  const labels = {
    [LABEL.cluster]: settings.clusterId,
    [LABEL.task]: taskId,
    ...(node !== undefined && { [LABEL.nodes]: node.id }),
  };
  return makeHolder(docker, { name: holderName(taskId), labels, node }, closing);
}

export interface Holder {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In whose network it is. */
  readonly node?: SharedNetwork | undefined;
}

/** Makes a holder whose name nobody else uses, and starts it. What the engine says is the rejection. */
export async function startHolder(docker: Dockerode, holder: Holder, closing: AbortSignal): Promise<void> {
  await makeHolder(docker, holder, closing);
  await docker.getContainer(holder.name).start({ abortSignal: closing });
}

async function makeHolder(docker: Dockerode, holder: Holder, closing: AbortSignal): Promise<void> {
  const options = holderOptions(holder);
  try {
    await createNamed({ docker, closing }, options);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await importHolderImage(docker, closing);
    await createNamed({ docker, closing }, options);
  }
}

function holderOptions({ name, labels, node }: Holder): Dockerode.ContainerCreateOptions & { name: string } {
  return {
    name,
    Image: HOLDER.image,
    Entrypoint: [...HOLDER.entrypoint],
    Labels: labels,
    ...endpoint(node),
    HostConfig: {
      ...network(node),
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

/** Where other containers reach this one: at its own address, or at that of who holds its network. Undefined where the engine gives it none. */
export async function addressOf(
  docker: Dockerode,
  container: ContainerInspectInfo,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { [LABEL.task]: taskId, [LABEL.network]: lent } = container.Config.Labels;
  const holder = taskId === undefined ? lent : holderName(taskId);
  const owner = holder === undefined ? container : await inspectNamed(docker, holder, signal);
  return owner && firstAddress(owner);
}

export function firstAddress({ NetworkSettings }: ContainerInspectInfo): string | undefined {
  return Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== "")?.IPAddress;
}

/** Whether a container is to be in a network that is lent to it, and is not there any more: somebody removed its holder, or the engine began anew. */
export async function isWithoutNetwork(
  docker: Dockerode,
  { Config }: ContainerInspectInfo,
  signal: AbortSignal,
): Promise<boolean> {
  const { [LABEL.network]: lent } = Config.Labels;
  if (lent === undefined) return false;
  return (await inspectNamed(docker, lent, signal))?.State.Running !== true;
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
