import type { EventTargets } from "../../ports/event-targets.ts";
import type { HostLinks } from "../../ports/hosts.ts";
import type { LogReader } from "../../ports/logs.ts";
import type { Present } from "../../ports/present.ts";
import type { UsageSamples } from "../../ports/usage-samples.ts";
import { StoreUnavailable } from "../../ports/store.ts";

/** The connections to hosts, which only the leader has: requests that need one are its to answer. */
export function ledHosts(current: () => HostLinks | undefined): HostLinks {
  return {
    ask: async (way) => needed(current()).ask(way),
    connect: async (record) => needed(current()).connect(record),
    sightOf: (hostId) => current()?.sightOf(hostId),
    isOwn: (engine) => current()?.isOwn(engine) ?? false,
  };
}

/** The output of attempts. Who does not write it does not know what of it is whole. */
export function ledOutput(current: () => LogReader | undefined): LogReader {
  return {
    read: async (logId, query) => needed(current()).read(logId, query),
    changedAt: async (logId) => needed(current()).changedAt(logId),
  };
}

/** What attempts use while they run: the leader knows more of it than it has written. */
export function ledUsage(current: () => UsageSamples | undefined): UsageSamples {
  return { read: async (attemptIds) => needed(current()).read(attemptIds) };
}

/** How things are, as far as the engine has told. */
export function ledPresent(current: () => Present | undefined): Present {
  return { facts: () => needed(current()).facts(), unwritten: () => needed(current()).unwritten() };
}

/** What events are delivered to. */
export function ledTargets(current: () => EventTargets | undefined): EventTargets {
  return {
    states: async () => needed(current()).states(),
    retry: async (query) => needed(current()).retry(query),
  };
}

/** A request may find that this server has led when it came, and does not any more. */
function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new StoreUnavailable("This server has just ceased to lead. Try again.");
  return part;
}
