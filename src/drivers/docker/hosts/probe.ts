import type { Clock } from "../../../ports/clock.ts";
import type { EngineFacts, EngineWay } from "../../../ports/hosts.ts";
import { lineFailure } from "../engine/dial.ts";
import { factsOf } from "../engine/engine-facts.ts";
import type { EngineInfo } from "../engine/engine-traits.ts";
import { engineMessage } from "../failure.ts";
import { dialHost } from "./dial.ts";

const ANSWER_TIMEOUT_MS = 20_000;

/** Connects to an engine, asks what it is, and hangs up. Rejects with an Error whose message says what keeps it from running jobs. */
export async function askEngine(way: EngineWay, directory: string, clock: Clock): Promise<EngineFacts> {
  const info = await infoOf(way, directory, clock);
  const facts = factsOf(info);
  if (facts !== undefined) return facts;
  const { OSType, Architecture } = info;
  throw new Error(`it runs containers of ${OSType} on ${Architecture}; jobs are for linux on x86_64 or arm64`);
}

async function infoOf(way: EngineWay, directory: string, clock: Clock): Promise<EngineInfo> {
  const asking = new AbortController();
  const cancelTimeout = clock.after(ANSWER_TIMEOUT_MS, () => asking.abort(new Error("it does not answer in time")));
  try {
    const line = await dialHost(way, directory, clock)(asking.signal);
    asking.signal.addEventListener("abort", () => void line.hangUp(), { once: true });
    try {
      return (await line.docker.info()) as EngineInfo;
    } catch (error) {
      throw lineFailure(error, line);
    } finally {
      await line.hangUp();
    }
  } catch (error) {
    throw new Error(engineMessage(asking.signal.reason ?? error), { cause: error });
  } finally {
    cancelTimeout();
  }
}
