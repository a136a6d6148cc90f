import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";

export interface DriverSetOptions {
  readonly drivers: ReadonlyMap<DriverName, Driver>;
  report(driver: DriverName, event: DriverEvent): void;
  /** Told of each report, before it is made. */
  readonly heard?: ((driver: Driver, event: DriverEvent) => void) | undefined;
  onError(what: string, error: unknown): void;
}

/** The engine's drivers. Those of registered hosts come and go while it runs. */
export class DriverSet {
  readonly #options: DriverSetOptions;
  readonly #drivers: Map<DriverName, Driver>;
  /** Those that are gone and still remove what they held. */
  readonly #retiring = new Set<Promise<void>>();

  constructor(options: DriverSetOptions) {
    this.#options = options;
    this.#drivers = new Map(options.drivers);
  }

  has(name: DriverName): boolean {
    return this.#drivers.has(name);
  }

  get(name: DriverName): Driver | undefined {
    return this.#drivers.get(name);
  }

  async open(): Promise<void> {
    for (const driver of this.#drivers.values()) await this.#open(driver);
  }

  async add(driver: Driver): Promise<void> {
    this.#drivers.set(driver.name, driver);
    await this.#open(driver);
  }

  /** It is never told anything again. */
  retire(name: DriverName): void {
    const driver = this.#drivers.get(name);
    if (driver === undefined) return;
    this.#drivers.delete(name);
    const retiring: Promise<void> = (driver.retire?.() ?? driver.close())
      .catch((error: unknown) => this.#options.onError(`driver ${name} failed to close`, error))
      .finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  async close(): Promise<void> {
    for (const driver of this.#drivers.values()) await driver.close();
    await Promise.all(this.#retiring);
  }

  #open(driver: Driver): Promise<void> {
    const { heard, report } = this.#options;
    return driver.open((event) => {
      heard?.(driver, event);
      report(driver.name, event);
    });
  }
}
