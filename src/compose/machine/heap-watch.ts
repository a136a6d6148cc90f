import type { PerformanceEntry } from "node:perf_hooks";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/**
 * How much of the heap is in use, from 0 to 1: as it was when all of it was last collected, since before that most of it may be garbage. V8 collects
 * all the more often the less is left.
 */
export class HeapWatch {
  #used = 0;
  readonly #observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajor)) this.#used = inUse();
  });

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  get used(): number {
    return this.#used;
  }

  close(): void {
    this.#observer.disconnect();
  }
}

function inUse(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}

function isMajor(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
