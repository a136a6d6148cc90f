/**
 * Places at which a server can be made to die, for tests of what survives: with LONGSHORE_CRASH_AT=NAME:N in its environment a process kills itself with
 * SIGKILL when it comes to the place NAME for the N-th time. It gets no chance to finish anything. Without the variable nothing ever happens there.
 */
export const CRASH_POINTS = {
  "lease.before": "this server does not lead yet",
  "lease.after": "it leads under a new epoch and knows nothing yet",
  "tick.read": "what is new was read into the world; the drivers' events were not looked at",
  "tick.observe": "the drivers' events were applied to the world, which is in memory only",
  "tick.reconcile": "so was what time and dependencies change",
  "tick.schedule": "so were placements; nothing of the tick is committed",
  "tick.commit": "all of the tick is committed; no driver was told",
  "tick.dispatch": "the drivers were told, and may be about to do it",
  "tick.sleep": "the tick is over; what woke the engine meanwhile waits for the next one",

  "store.begin": "a group of writes is about to begin its transaction",
  "store.commit": "the writes are in the transaction, which is not committed",
  "store.committed": "it is committed and synced; nobody was told",

  "postgres.begin": "a group of writes is about to be sent to PostgreSQL",
  "postgres.commit": "PostgreSQL has all of them in a transaction, which is not committed",
  "postgres.committing": "it was asked to commit; it may have, and nobody was told",
  "postgres.committed": "it has; nobody was told",

  "submit.committed": "a job is in the store; its SubmitJob was not answered",
  "submit.answered": "the scheduler was told of it; the answer is not on its way",
  "stop.committed": "a request to stop jobs is in the store; the scheduler was not told, the request not answered",

  "dispatch.instances": "a tick is committed; the provisioner was not told",
  "dispatch.start": "a driver is about to be told to start an attempt",
  "dispatch.started": "it has taken the attempt",
  "dispatch.stop": "a driver is about to be told to stop an attempt",
  "dispatch.stopped": "it has taken the request",
  "dispatch.forget": "the end of an attempt is committed; its driver is about to be told to forget it",
  "dispatch.forgotten": "nothing of the attempt is left with its driver",

  "process.list": "the process driver has read its journals; nobody was told",
  "process.adopt": "the engine was told what is there; nothing of it is followed",
  "process.prepared": "an attempt has its directory and its control group; no runner was told",
  "process.launched": "a runner was told, and claims the attempt at the same time",
  "process.started": "the program runs; the engine was not told",
  "process.exited": "the exit code is in the journal; the engine was not told",
  "process.refuse": "an attempt that cannot run was claimed; why is not noted",
  "process.refused": "why is noted; the engine was not told",
  "process.withheld": "an attempt that is to be stopped was claimed before a runner had it; that is not noted",
  "process.stop": "a program is about to be sent its SIGTERM",
  "process.signalled": "it was; that is not noted",
  "process.forget": "an attempt is about to be forgotten; all of it is there",
  "process.released": "its control group is gone; its directory and its journal are there",
  "process.emptied": "its directory is gone; its journal is there",
  "process.forgotten": "all of it is gone",

  "docker.inventory": "the engine is in sight; its containers were not listed",
  "docker.adopted": "its containers are followed; the scheduler was not told",
  "docker.pull": "an image is about to be pulled",
  "docker.pulled": "the engine has the image; the container is not made",
  "docker.network": "the network of a job of several nodes is made; nothing is in it",
  "docker.holder": "the container that holds the network of a task is made; it does not run",
  "docker.held": "it runs; the task has no container",
  "docker.lent": "a network that containers are to have one after the other is made; nobody knows of it",
  "docker.create": "a container is about to be made",
  "docker.created": "it is made; it was not started",
  "docker.started": "it runs; the scheduler was not told",
  "docker.stop": "its program is about to be sent its SIGTERM",
  "docker.signalled": "it was",
  "docker.ended": "its program has ended, its output is copied; the scheduler was not told",
  "docker.forget": "a container is about to be removed",
  "docker.removed": "it is removed; what it shared with others, and the note of its output, are there",
  "docker.forgotten": "all of it is gone",

  "kubernetes.list": "the API server is in sight; its pods were not listed",
  "kubernetes.adopted": "its pods are followed; the scheduler was not told",
  "kubernetes.create": "a pod is about to be made",
  "kubernetes.created": "it is made; nobody knows what became of it",
  "kubernetes.stop": "that it was told to end is noted in a pod; it is about to be deleted",
  "kubernetes.stopped": "it is being deleted",
  "kubernetes.ended": "its program has ended, its output is copied; the scheduler was not told",
  "kubernetes.forget": "a pod is about to be deleted for good",
  "kubernetes.deleted": "it is, but for the finalizer that keeps it",
  "kubernetes.forgotten": "all of it is gone",

  "instance.launch": "an instance is about to be recorded",
  "instance.written": "its record is written under another name",
  "instance.recorded": "it is recorded; the scheduler was not told",
  "instance.terminate": "it is about to be recorded as gone",
  "instance.gone": "it is; the scheduler was not told",
} as const;

export type CrashPoint = keyof typeof CRASH_POINTS;

export const CRASH_AT = "LONGSHORE_CRASH_AT";

interface Armed {
  readonly name: string;
  timesLeft: number;
}

const armed = parse(process.env[CRASH_AT]);

/** Why the variable means nothing; undefined when it does, or is not set. */
export function crashPointFlaw(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { name, timesLeft } = parse(text)!;
  if (!Object.hasOwn(CRASH_POINTS, name)) return `there is no crash point ${JSON.stringify(name)}`;
  return Number.isInteger(timesLeft) && timesLeft > 0 ? undefined : "it must be NAME:N, with N a whole number from 1";
}

export function crashPoint(name: CrashPoint): void {
  if (armed !== undefined) reached(armed, name);
}

function reached(at: Armed, name: CrashPoint): void {
  if (at.name !== name) return;
  at.timesLeft -= 1;
  // The signal has come before this returns.
  if (at.timesLeft === 0) process.kill(process.pid, "SIGKILL");
}

function parse(text: string | undefined): Armed | undefined {
  if (text === undefined) return undefined;
  const [name = "", times = ""] = text.split(":");
  return { name, timesLeft: /^\d+$/.test(times) ? Number(times) : Number.NaN };
}
