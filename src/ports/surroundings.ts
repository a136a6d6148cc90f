import type { DriverName } from "../core/driver-name.ts";

/** What jobs are told about the server that runs them. */
export interface Surroundings {
  /** As the attempts of one driver see it. */
  of(driver: DriverName): DriverSurroundings;
}

export interface DriverSurroundings {
  /** Where these attempts reach the server: a URL without a slash at its end. Undefined while none is known. */
  readonly serverUrl?: string;
  /** Where they are given credentials of AWS, if they can be: a URL that SDKs take them from. */
  readonly credentialsUrl?: string;
  /** Variables that every job gets where it does not set them itself. */
  readonly variables: Readonly<Record<string, string>>;
}
