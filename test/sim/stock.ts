/** Consumable resources as the simulation's own requests and the ledger tell of them. */
interface Resource {
  /** What there is in all; 0 when there is no such resource. */
  total: number;
  /** The bounds of what the engine may believe: it has heard of some of the last requests, or of all. */
  least: number;
  most: number;
}

export class Stock {
  readonly #resources = new Map<string, Resource>();

  /** A request sets the total, or deletes the resource (0). */
  set(arn: string, total: number): void {
    const { least, most } = this.#get(arn);
    this.#resources.set(arn, { total, least: Math.min(least, total), most: Math.max(most, total) });
  }

  /** Jobs have used it up for good, which the engine knows: it has written it. */
  useUp(arn: string, quantity: number): void {
    const { total, least, most } = this.#get(arn);
    const less = (of: number): number => Math.max(0, of - quantity);
    this.#resources.set(arn, { total: less(total), least: less(least), most: less(most) });
  }

  /** The engine has heard of everything. */
  rest(): void {
    for (const resource of this.#resources.values()) resource.least = resource.most = resource.total;
  }

  total(arn: string): number {
    return this.#get(arn).total;
  }

  least(arn: string): number {
    return this.#get(arn).least;
  }

  most(arn: string): number {
    return this.#get(arn).most;
  }

  #get(arn: string): Resource {
    return this.#resources.get(arn) ?? { total: 0, least: 0, most: 0 };
  }
}
