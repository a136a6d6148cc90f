import type { ApiRequest } from "./api-request.ts";

/** How many requests came, by verb and resource: `create pods`, `get pods/log`. */
export class RequestCounts {
  readonly #counts = new Map<string, number>();

  count({ verb, resource, subresource }: ApiRequest): void {
    const name = `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** Of all verbs and resources. */
  total(): number {
    return [...this.#counts.values()].reduce((sum, one) => sum + one, 0);
  }

  clear(): void {
    this.#counts.clear();
  }
}
