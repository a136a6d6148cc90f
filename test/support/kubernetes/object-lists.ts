import { randomUUID } from "node:crypto";
import type { ApiRequest } from "./api-request.ts";
import type { KubernetesObject } from "./objects.ts";
import { kindOf } from "./object-registry.ts";
import type { ObjectStore, Resource } from "./object-store.ts";
import { expired, Refusal } from "./refusals.ts";
import { selectorOf } from "./selectors.ts";
import { jsonOf } from "./watch-stream.ts";

/** How many unfinished lists are remembered. */
const MAX_OPEN_LISTS = 50;

interface OpenList {
  readonly revision: number;
  readonly rest: readonly KubernetesObject[];
}

/** Lists, whole or page by page. All pages of a list are of one revision; after a compaction they can no longer be had. */
export class ObjectLists {
  readonly #store: ObjectStore;
  readonly #open = new Map<string, OpenList>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** No list that was begun can be continued. */
  compact(): void {
    this.#open.clear();
  }

  /** The JSON of one page. */
  page(resource: Resource, { query, namespace }: ApiRequest): string {
    const token = query.get("continue") ?? "";
    const { revision, rest } = token === "" ? this.#begin(resource, namespace, query) : this.#take(token);
    const limit = Number(query.get("limit") ?? "0");
    const items = limit > 0 ? rest.slice(0, limit) : rest;
    const left = rest.slice(items.length);
    const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
    if (left.length > 0) {
      metadata["continue"] = randomUUID();
      metadata["remainingItemCount"] = left.length;
      this.#keep(String(metadata["continue"]), { revision, rest: left });
    }
    return `{"kind":"${kindOf(resource)}List","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[${items.map(jsonOf).join(",")}]}`;
  }

  #begin(resource: Resource, namespace: string | undefined, query: URLSearchParams): OpenList {
    const { revision } = this.#store;
    const version = Number(query.get("resourceVersion") ?? "0");
    if (version > revision)
      throw new Refusal(504, "Timeout", `Too large resource version: ${version}, current: ${revision}`, {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      });
    if (query.get("resourceVersionMatch") === "Exact" && version !== revision)
      throw expired("The resourceVersion for the provided list is too old.");
    return { revision, rest: this.#store.list(resource, namespace).filter(selectorOf(query)) };
  }

  #take(token: string): OpenList {
    const list = this.#open.get(token);
    if (list === undefined)
      throw expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
      );
    return list;
  }

  #keep(token: string, list: OpenList): void {
    this.#open.set(token, list);
    if (this.#open.size > MAX_OPEN_LISTS) this.#open.delete(this.#open.keys().next().value!);
  }
}
