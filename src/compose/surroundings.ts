import { givesCredentials } from "../core/credentials-address.ts";
import type { DriverName } from "../core/driver-name.ts";
import { runsContainers } from "../core/driver-name.ts";
import type { DriverSurroundings, Surroundings } from "../ports/surroundings.ts";

/** The server's own variables that jobs get as well: it answers for other services itself, but objects are kept elsewhere. */
const PASSED_ON = ["AWS_ENDPOINT_URL_S3"];

/** What the server tells its jobs. Where it is, it learns only when it listens. */
export class ServerSurroundings implements Surroundings {
  readonly #variables: Readonly<Record<string, string>>;
  readonly #urls = new Map<DriverName, string>();
  readonly #credentialsUrls = new Map<DriverName, string>();
  /** Drivers of other machines. */
  readonly #elsewhere = new Set<DriverName>();

  /**
   * @param environment the server's own variables.
   * @param jobVariables what its user wants every job to have.
   */
  constructor(
    environment: Readonly<Record<string, string | undefined>>,
    jobVariables: Readonly<Record<string, string>> = {},
  ) {
    const passedOn = PASSED_ON.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : []));
    this.#variables = { ...Object.fromEntries(passedOn), ...jobVariables };
  }

  /** From now on, attempts of this driver reach the server there. */
  reachable(driver: DriverName, url: string): void {
    this.#urls.set(driver, url);
  }

  /** From now on, attempts of this driver are given credentials there; undefined: nowhere. */
  credentialsAt(driver: DriverName, url: string | undefined): void {
    if (url !== undefined && givesCredentials(url)) this.#credentialsUrls.set(driver, url);
    else this.#credentialsUrls.delete(driver);
  }

  /** Attempts of this driver are pods of a cluster, which reach the server there; undefined: nowhere that is known. */
  inCluster(driver: DriverName, endpoint: string | undefined): void {
    this.elsewhere(driver);
    if (endpoint !== undefined) this.reachable(driver, endpoint);
  }

  /** Attempts of this driver are on another machine: what names this one to itself means nothing there. */
  elsewhere(driver: DriverName): void {
    this.#elsewhere.add(driver);
  }

  of(driver: DriverName): DriverSurroundings {
    const serverUrl = this.#urls.get(driver);
    const credentialsUrl = this.#credentialsUrls.get(driver);
    return {
      ...(credentialsUrl !== undefined && { credentialsUrl }),
      ...(serverUrl !== undefined && { serverUrl }),
      variables: this.#variablesOf(driver),
    };
  }

  #variablesOf(driver: DriverName): Readonly<Record<string, string>> {
    if (this.#elsewhere.has(driver)) return forOthers(this.#variables);
    return runsContainers(driver) ? forContainers(this.#variables) : this.#variables;
  }
}

/** The name under which every container of ours knows the machine that it runs on. */
export const MACHINE_OF_CONTAINER = "host.docker.internal";

const ON_THIS_MACHINE =
  /^(https?:\/\/(?:[^/?#@]*@)?)(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])(?=[:/?#]|$)/i;

/** In a container "this machine" is the container itself. */
function forContainers(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      value.replace(ON_THIS_MACHINE, `$1${MACHINE_OF_CONTAINER}`),
    ]),
  );
}

/** Without those that would lead a job on another machine to that machine itself. */
function forOthers(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => !ON_THIS_MACHINE.test(value)));
}
