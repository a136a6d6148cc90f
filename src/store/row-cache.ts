/** Bounds the memory; a service has some hundred queues, environments and definitions in use. */
const MAX_ROWS = 10_000;

/**
 * Rows that every submission reads and few requests write, parsed and ready. Whoever has written such rows calls `forget` before the write is
 * acknowledged. The values are shared: nobody changes them.
 */
export class RowCache<Value> {
  readonly #rows = new Map<string, Value>();
  #generation = 0;
  #isSuspended = false;

  /** What `read` finds under `key`; absent rows are looked for again each time. */
  async get(key: string, read: () => Promise<Value | undefined>): Promise<Value | undefined> {
    if (this.#isSuspended) return read();
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const generation = this.#generation;
    const found = await read();
    if (found !== undefined && generation === this.#generation) this.#keep(key, found);
    return found;
  }

  forget(): void {
    this.#generation += 1;
    this.#rows.clear();
  }

  /** Others' writes are not heard of for a while: everything is read anew. */
  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.forget();
    this.#isSuspended = false;
  }

  #keep(key: string, value: Value): void {
    if (this.#rows.size >= MAX_ROWS) this.#rows.clear();
    this.#rows.set(key, value);
  }
}
