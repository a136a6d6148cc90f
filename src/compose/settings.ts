import type { Logger } from "pino";
import type { Limits } from "../api/batch/limits.ts";
import { AWS_LIMITS, OWN_LIMITS } from "../api/batch/limits.ts";
import { priceBook } from "../catalog/price-book.ts";
import type { PriceBook } from "../core/cost/price.ts";
import type { Capacity } from "../core/resources.ts";
import { createRoleCredentials } from "../drivers/secrets/role-credentials.ts";
import type { RoleCredentials } from "../ports/role-credentials.ts";
import { systemClock } from "./clock.ts";
import { refuseMissingCluster } from "./clusters.ts";
import type { Configuration } from "./config/configuration.ts";
import { readConfiguration } from "./config/configuration.ts";
import { prepareDataDirectory, refuseLostDatabase } from "./data-directory.ts";
import type { ServerOptions } from "./options.ts";
import { isOpenServer, validated } from "./options.ts";
import { serverLog } from "./server-log.ts";
import { ServerSurroundings } from "./surroundings.ts";

/** What a server goes by, before anything of it is open: its options, its configuration file, and what they come to. */
export interface Settings {
  readonly options: ServerOptions;
  readonly configuration: Configuration;
  /** What the machine is taken to have. */
  readonly capacity: Capacity;
  readonly limits: Limits;
  readonly prices: PriceBook;
  readonly roles: RoleCredentials;
  readonly surroundings: ServerSurroundings;
  readonly defaultRegion: string;
  readonly isOpen: boolean;
  /** Whether other servers may use the same store. */
  readonly isShared: boolean;
  readonly logger: Logger;
  onError(what: string, error: unknown): void;
}

/** The data directory is there afterwards. Throws a StartError that says what is wrong with what. */
export function readSettings(options: ServerOptions): Settings {
  const capacity = validated(options);
  prepareDataDirectory(options.dataDir);
  const isShared = options.databaseUrl !== undefined;
  if (!isShared) refuseLostDatabase(options.dataDir);
  const configuration = readConfiguration(options.dataDir, options.configFile);
  refuseMissingCluster(options, configuration.clusters);
  const logger = serverLog(options.logLevel ?? "warn");
  return {
    ...{ options, configuration, capacity, isShared, logger },
    limits: options.strict === true ? AWS_LIMITS : OWN_LIMITS,
    prices: priceBook(configuration.prices),
    roles: createRoleCredentials(configuration.roles, systemClock),
    surroundings: new ServerSurroundings(process.env, options.jobVariables),
    defaultRegion: process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1",
    isOpen: isOpenServer(options),
    onError: (what, error) => logger.error({ err: error }, what),
  };
}
