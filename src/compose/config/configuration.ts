import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { OwnPrices } from "../../catalog/price-book.ts";
import { NO_OWN_PRICES } from "../../catalog/price-book.ts";
import type { Subnet } from "../../drivers/docker/networks/subnets.ts";
import type { RoleSource } from "../../drivers/secrets/role-source.ts";
import type { SecretSource } from "../../drivers/secrets/source.ts";
import type { SessionTimes } from "../../api/access/sessions.ts";
import { DEFAULT_SESSION_TIMES } from "../../api/access/sessions.ts";
import { InputError } from "../../input/input-error.ts";
import { JsonObject } from "../../input/json-object.ts";
import { StartError } from "../start-error.ts";
import { sessionTimes } from "./console.ts";
import { fileSystems } from "./file-systems.ts";
import type { ClusterSetting } from "./kubernetes.ts";
import { clusterSettings } from "./kubernetes.ts";
import type { OwnLimits } from "./limits.ts";
import { NO_OWN_LIMITS, ownLimits } from "./limits.ts";
import type { MetricsSettings } from "./metrics.ts";
import { metricsSettings } from "./metrics.ts";
import { nodeSubnets } from "./node-subnets.ts";
import { ownPrices } from "./prices.ts";
import { roleSources } from "./roles.ts";
import { secretSources } from "./secrets.ts";
import type { TargetSetting } from "./targets.ts";
import { eventTargets } from "./targets.ts";

/** What the configuration file says; docs/configuration.md describes it. */
export interface Configuration {
  /** The first one that matches counts. */
  readonly secrets: readonly SecretSource[];
  /** The directory that stands for a file system or an access point, by its id or ARN. */
  readonly fileSystems: ReadonlyMap<string, string>;
  /** Where jobs run as pods; the first one is the default. */
  readonly clusters: readonly ClusterSetting[];
  /** The first one that matches counts. */
  readonly roles: readonly RoleSource[];
  readonly prices: OwnPrices;
  /** Undefined: the driver's own choice. */
  readonly nodeSubnets: Subnet | undefined;
  /** Where events are delivered. */
  readonly targets: readonly TargetSetting[];
  /** Where they are not the usual ones. */
  readonly limits: OwnLimits;
  readonly metrics: MetricsSettings;
  readonly sessionTimes: SessionTimes;
}

/** Beside the data, where no other file is named. */
const USUAL_FILE = "config.json";

/**
 * @param file what the user named; without it the usual file counts, if it is there.
 * @throws StartError that names the file and the member.
 */
export function readConfiguration(dataDir: string, file?: string): Configuration {
  const path = resolve(file ?? join(dataDir, USUAL_FILE));
  try {
    const text = textOf(path, file === undefined);
    return parseConfiguration(text ?? "{}", dirname(path));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const message = `${path}: ${error.message} Correct it (docs/configuration.md), or name another file with --config.`;
    throw new StartError("BAD_CONFIGURATION", message);
  }
}

/** One line a section; a member that nobody asks for is an error. Paths are meant from `directory`. */
function parseConfiguration(text: string, directory: string): Configuration {
  const file = JsonObject.parse(text);
  const configuration = {
    secrets: file.optional("secrets", (name) => secretSources(file.objects(name), directory)) ?? [],
    fileSystems: file.optional("fileSystems", (name) => fileSystems(file.object(name), directory)) ?? new Map(),
    clusters: file.optional("kubernetes", (name) => clusterSettings(file.object(name), directory)) ?? [],
    roles: file.optional("roles", (name) => roleSources(file.objects(name), directory)) ?? [],
    nodeSubnets: file.optional("nodeSubnets", (name) => nodeSubnets(file, name)),
    targets: file.optional("targets", (name) => eventTargets(file, name, directory)) ?? [],
    prices: file.optional("prices", (name) => ownPrices(file.object(name))) ?? NO_OWN_PRICES,
    limits: file.optional("limits", (name) => ownLimits(file.object(name))) ?? NO_OWN_LIMITS,
    metrics: file.optional("metrics", (name) => metricsSettings(file.object(name), directory)) ?? {},
    sessionTimes: file.optional("console", (name) => sessionTimes(file.object(name))) ?? DEFAULT_SESSION_TIMES,
  };
  file.end();
  return configuration;
}

/** Undefined when a file that may be absent is. */
function textOf(path: string, mayBeAbsent: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (mayBeAbsent && error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(`It cannot be read (${why}).`);
  }
}
