import type Dockerode from "dockerode";
import { CREDENTIALS_ADDRESS } from "../../../core/credentials-address.ts";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { CreateContext } from "../container/container.ts";
import { openEvents } from "../engine/events.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway, isNameTaken } from "../failure.ts";
import { inspectNetwork } from "./gateway.ts";
import { pause } from "../../waiting/pause.ts";

const NAME = "longshore";
/** As small as the address allows. No container is in it. */
const SUBNET = "169.254.170.0/29";

/** In the words of Docker, and of Podman. */
const OVERLAPS = /overlaps with|is already used/i;

/** A network that another server is just making takes its addresses before it can be seen. */
const RACE_PAUSE_MS = 50;
const RACE_TRIES_MAX = 10;

/**
 * Gives this machine the address from which SDKs take credentials, by a network of that name: containers reach its gateway, which is the machine, from whatever
 * network they are in. All servers that use the engine share it, so none removes it.
 *
 * @returns why there is none, or undefined when there is one. Rejects with the connection's error, or when `closing` fires.
 */
export async function missingCredentialsNetwork({
  docker,
  clock,
  closing,
}: NetworkContext): Promise<string | undefined> {
  let refusal = "";
  for (let tries = 0; tries < RACE_TRIES_MAX; tries += 1) {
    if (tries > 0) await pause(clock, RACE_PAUSE_MS, closing);
    const found = await lookAt(docker);
    if (found !== "absent") return found?.problem;
    try {
      await create(docker);
      return undefined;
    } catch (error) {
      if (isEngineAway(error) || isAbort(error)) throw error;
      refusal = engineMessage(error);
      if (!isNameTaken(error) && !OVERLAPS.test(refusal)) break;
    }
  }
  return refusal;
}

/**
 * The same, and from now on whoever removes it, as `docker system prune` does, finds it back: containers that run may need it still. Until `closing` fires or the
 * engine is gone.
 */
export async function keepCredentialsNetwork(context: NetworkContext): Promise<string | undefined> {
  const { docker, closing } = context;
  const done = new AbortController();
  // Before the look: what is removed after it is heard of.
  const removals = await openEvents(docker, REMOVALS, AbortSignal.any([closing, done.signal]));
  const problem = await missingCredentialsNetwork(context);
  if (problem === undefined) void bringBack(context, removals).catch(() => {});
  else done.abort();
  return problem;
}

const REMOVALS = { type: ["network"], event: ["destroy"], network: [NAME] };

/** One that cannot be brought back is the next job's trouble, which says why. */
async function bringBack(context: NetworkContext, removals: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of removals) await missingCredentialsNetwork(context);
}

export type NetworkContext = Pick<CreateContext, "docker" | "clock" | "closing">;

/** For an attempt that is given credentials there. No container is in the network, so `docker system prune` takes it away, also while the engine was out of sight. Rejects with AttemptFailure. */
export async function ensureCredentialsNetwork(context: NetworkContext, { environment }: AttemptSpec): Promise<void> {
  const uri = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (uri?.startsWith(`http://${CREDENTIALS_ADDRESS}`) !== true) return;
  const problem = await missingCredentialsNetwork(context);
  if (problem === undefined) return;
  throw new AttemptFailure("ResourceInitializationError", `no address for credentials: ${problem}`);
}

async function lookAt(docker: Dockerode): Promise<"absent" | { readonly problem: string } | undefined> {
  const network = await inspectNetwork(docker, NAME);
  if (network === undefined) return "absent";
  const isOurs = network.IPAM?.Config?.some(({ Gateway }) => Gateway === CREDENTIALS_ADDRESS) === true;
  return isOurs
    ? undefined
    : { problem: `its network ${NAME} is another one, without the address ${CREDENTIALS_ADDRESS}` };
}

async function create(docker: Dockerode): Promise<void> {
  const body: Dockerode.NetworkCreateOptions = {
    Name: NAME,
    CheckDuplicate: true,
    Driver: "bridge",
    IPAM: { Driver: "default", Config: [{ Subnet: SUBNET, Gateway: CREDENTIALS_ADDRESS }] },
    Labels: { "longshore.shared": "credentials" },
  };
  // Apart, or the client would write everything into the address as well.
  await docker.createNetwork({ _query: {}, _body: body } as unknown as Dockerode.NetworkCreateOptions);
}
