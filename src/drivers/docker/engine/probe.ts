import { request } from "node:http";
import { join } from "node:path";

const PROBE_TIMEOUT_MS = 300;
export const USUAL_SOCKET = "/var/run/docker.sock";

/**
 * Does a container engine answer? Asks the given socket, or else each place where Docker and Podman have theirs. Takes at most
 * `timeoutMs`, and never throws. Does not load the engine's client, so that starting without an engine stays quick.
 */
export async function dockerAnswers(socketPath?: string, timeoutMs: number = PROBE_TIMEOUT_MS): Promise<boolean> {
  return (await findSocket(socketPath, timeoutMs)) !== undefined;
}

/** The first socket, in order of preference, behind which an engine answers. */
export async function findSocket(
  socketPath?: string,
  timeoutMs: number = PROBE_TIMEOUT_MS,
): Promise<string | undefined> {
  const candidates = socketPath === undefined ? socketCandidates(process.env) : [socketPath];
  const answers = await Promise.all(candidates.map((candidate) => ping(candidate, timeoutMs)));
  return candidates.find((_, index) => answers[index]);
}

/** Where an engine's socket may be: DOCKER_HOST when it names one, and then nowhere else; otherwise the usual places. */
export function socketCandidates(environment: NodeJS.ProcessEnv): string[] {
  const host = environment["DOCKER_HOST"];
  if (host) return host.startsWith("unix://") ? [host.slice("unix://".length)] : [];
  const runtime = environment["XDG_RUNTIME_DIR"];
  const ofUser = runtime ? [join(runtime, "docker.sock"), join(runtime, "podman", "podman.sock")] : [];
  return [USUAL_SOCKET, ...ofUser, "/run/podman/podman.sock"];
}

function ping(socketPath: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      { socketPath, path: "/_ping", agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
        answer.resume();
        answer.on("error", () => {});
        resolve(answer.statusCode === 200);
      },
    );
    asked.on("error", () => resolve(false));
    asked.end();
  });
}
