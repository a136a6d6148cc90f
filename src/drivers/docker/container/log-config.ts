import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { ContainerInspectInfo, HostConfig } from "dockerode";
import type { EventStart } from "../event-start.ts";
import { LABEL } from "../names.ts";
import type { PieceEnd } from "../output/output.ts";
import type { Provided } from "./provided.ts";

/**
 * The engine's log driver where the output is to be copied. `local` keeps the bytes as they were; `json-file` spoils a character of several bytes
 * where the engine cuts a line over 16 kB, but every engine has it.
 */
export type OutputKeeper = "local" | "json-file";

/** Those whose output comes to our logs: awslogs, which is the default, and awsfirelens, as there is no router here that could take it. */
const COPIED: ReadonlySet<string> = new Set(["awslogs", "awsfirelens"]);

/** The log driver that the job asks the engine for; undefined where the output is copied to our logs. */
export function ownLogDriver({ logConfiguration }: ContainerProperties): string | undefined {
  const { logDriver } = logConfiguration ?? {};
  return logDriver === undefined || COPIED.has(logDriver) ? undefined : logDriver;
}

/** Named, because the engine's default may be a driver that cannot be read back. `local` would drop output beyond 100 MB by default. */
export function logConfig(
  container: ContainerProperties,
  keeper: OutputKeeper,
  { logOptions }: Provided,
): NonNullable<HostConfig["LogConfig"]> {
  const driver = ownLogDriver(container);
  if (driver !== undefined) return { Type: driver, Config: { ...container.logConfiguration?.options, ...logOptions } };
  const wholeFile = { "max-size": "1000g", "max-file": "1", compress: "false" };
  return { Type: keeper, Config: keeper === "local" ? wholeFile : {} };
}

/** How to copy a container's output, whoever made it: an earlier server may have chosen otherwise than this one would. */
export type OutputKind =
  /** The job has a log driver of its own: nothing is copied. */
  | { readonly isCopied: false }
  /** How long lines end in what the engine keeps; and which lines begin an event, where not each does. */
  | { readonly isCopied: true; readonly pieceEnd: PieceEnd; readonly eventStart?: EventStart };

export function outputKindOf({ Config, HostConfig }: ContainerInspectInfo): OutputKind {
  if (Config.Labels[LABEL.logDriver] !== undefined) return { isCopied: false };
  const pieceEnd = HostConfig.LogConfig?.Type === "local" ? "line-end-or-short" : "line-end";
  const start = Config.Labels[LABEL.eventStart];
  return { isCopied: true, pieceEnd, ...(start !== undefined && { eventStart: JSON.parse(start) as EventStart }) };
}
