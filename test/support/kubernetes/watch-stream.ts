import type { ServerResponse } from "node:http";
import type { KubernetesObject } from "./objects.ts";
import type { Change, ObjectStore, Resource } from "./object-store.ts";
import { expired } from "./refusals.ts";
import { selectorOf } from "./selectors.ts";
import type { Selector } from "./selectors.ts";

/** A client that does not read is cut off. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 3600;

const texts = new WeakMap<object, string>();

/** The JSON of an object that never changes, made once. */
export function jsonOf(object: KubernetesObject): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  texts.set(object, text);
  return text;
}

export interface WatchParts {
  readonly store: ObjectStore;
  readonly resource: Resource;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly bookmarkEveryMs: number;
}

/** One open watch: its changes in order, bookmarks, its end. */
export class WatchStream {
  readonly #parts: WatchParts;
  readonly #response: ServerResponse;
  readonly #selector: Selector;
  readonly #timers: NodeJS.Timeout[] = [];
  #unsubscribe: () => void = () => undefined;

  constructor(parts: WatchParts, response: ServerResponse) {
    this.#parts = parts;
    this.#response = response;
    this.#selector = selectorOf(parts.query);
  }

  /** `closed` is called when it has ended in any way. */
  open(closed: () => void): void {
    const { store, query, bookmarkEveryMs } = this.#parts;
    this.#response.writeHead(200, { "content-type": "application/json" });
    this.#response.flushHeaders();
    this.#response.once("close", () => {
      this.#unsubscribe();
      for (const timer of this.#timers) clearInterval(timer);
      closed();
    });
    if (!this.#begin()) return;
    this.#unsubscribe = store.subscribe((change) => this.#tell(change));
    const seconds = Number(query.get("timeoutSeconds") ?? DEFAULT_TIMEOUT_SECONDS);
    this.#timers.push(setTimeout(() => this.end(), seconds * 1000));
    if (query.get("allowWatchBookmarks") === "true")
      this.#timers.push(setInterval(() => this.bookmark(), bookmarkEveryMs));
  }

  /** As the API server ends it: properly, after its time or when it shuts down. */
  end(): void {
    if (this.#parts.query.get("allowWatchBookmarks") === "true") this.bookmark();
    this.#unsubscribe();
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }

  bookmark(annotations?: Readonly<Record<string, string>>): void {
    if (this.#response.writableEnded) return;
    const { kind, store } = this.#parts;
    const metadata = {
      resourceVersion: String(store.revision),
      creationTimestamp: null,
      ...(annotations !== undefined && { annotations }),
    };
    this.#write("BOOKMARK", JSON.stringify({ kind, apiVersion: "v1", metadata }));
  }

  /** What the store has forgotten cannot be told: the stream says so and ends. */
  expire(message: string): void {
    this.#unsubscribe();
    this.#write("ERROR", JSON.stringify(expired(message).status));
    this.#response.end();
  }

  #begin(): boolean {
    const { store, resource, namespace, query } = this.#parts;
    const version = query.get("resourceVersion") ?? "";
    const sendsAll = query.get("sendInitialEvents") === "true";
    if (sendsAll || version === "" || version === "0") {
      const object = store.list(resource, namespace).filter(this.#selector);
      for (const one of object) this.#write("ADDED", jsonOf(one));
      if (sendsAll) this.bookmark({ "k8s.io/initial-events-end": "true" });
      return true;
    }
    const changes = store.changesSince(Number(version));
    if (changes === undefined) {
      this.expire(`too old resource version: ${version} (${store.revision})`);
      return false;
    }
    for (const change of changes) this.#tell(change);
    return true;
  }

  #tell({ resource, type, object, previous }: Change): void {
    const { namespace } = this.#parts;
    if (resource !== this.#parts.resource) return;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    const was = type !== "ADDED" && previous !== undefined && this.#selector(previous);
    const is = type !== "DELETED" && this.#selector(object);
    if (is) this.#write(was ? "MODIFIED" : "ADDED", jsonOf(object));
    else if (was) this.#write("DELETED", jsonOf(object));
  }

  #write(type: string, object: string): void {
    this.#response.write(`{"type":"${type}","object":${object}}\n`);
    if (this.#response.writableLength > MAX_BEHIND_BYTES) this.#response.destroy();
  }
}
