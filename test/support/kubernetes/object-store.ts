import { randomUUID } from "node:crypto";
import type { KubernetesObject, Node, Pod, Secret } from "./objects.ts";
import { wholeSeconds } from "./objects.ts";
import { alreadyExists, modifiedSince } from "./refusals.ts";

/** The kinds of objects that the double has, by the names of their resources. */
interface Objects {
  pods: Pod;
  nodes: Node;
  secrets: Secret;
  namespaces: KubernetesObject;
  events: KubernetesObject;
}

export type Resource = keyof Objects;

export interface Change {
  readonly revision: number;
  readonly resource: Resource;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubernetesObject;
  /** As it was before: selectors decide by it whether the change is one for those who watch. */
  readonly previous?: KubernetesObject;
}

export interface ObjectStoreOptions {
  /** How many changes are kept for watches that resume. */
  readonly historyLength?: number;
}

const DEFAULT_HISTORY_LENGTH = 2000;

/**
 * What etcd is to a cluster: objects, one rising revision for all of them, the changes in their order, and the loss of old ones (compaction). An object is
 * never changed, only replaced. Subscribers are called before the change's caller goes on, in the order of the revisions.
 */
export class ObjectStore {
  #revision = 1;
  /** The newest revision whose changes are gone. */
  #compacted = 0;
  #history: Change[] = [];
  readonly #objects = new Map<Resource, Map<string, KubernetesObject>>();
  readonly #subscribers = new Set<(change: Change) => void>();
  readonly #historyLength: number;

  constructor(options: ObjectStoreOptions = {}) {
    this.#historyLength = options.historyLength ?? DEFAULT_HISTORY_LENGTH;
  }

  get revision(): number {
    return this.#revision;
  }

  get<R extends Resource>(resource: R, namespace: string | undefined, name: string): Objects[R] | undefined {
    return this.#of(resource).get(key(namespace, name)) as Objects[R] | undefined;
  }

  /** In the order of their keys, as etcd has them. */
  list<R extends Resource>(resource: R, namespace?: string): Objects[R][] {
    const all = [...this.#of(resource).values()] as Objects[R][];
    const found = namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
    return found.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  }

  create<T extends KubernetesObject>(resource: Resource, object: T): T {
    const known = this.#of(resource);
    if (known.has(keyOf(object))) throw alreadyExists(resource, object.metadata.name);
    const given = {
      uid: randomUUID(),
      creationTimestamp: wholeSeconds(Date.now()),
      resourceVersion: this.#next(),
    };
    const created = { ...object, metadata: { ...object.metadata, ...given } };
    known.set(keyOf(created), created);
    this.#tell({ revision: this.#revision, resource, type: "ADDED", object: created });
    return created;
  }

  /** `next` replaces the object that it was made from. Nothing happens when nothing differs. */
  replace<T extends KubernetesObject>(resource: Resource, next: T): T {
    const previous = this.#of(resource).get(keyOf(next));
    if (previous?.metadata.resourceVersion !== next.metadata.resourceVersion)
      throw modifiedSince(resource, next.metadata.name);
    if (JSON.stringify(previous) === JSON.stringify(next)) return next;
    const replaced = { ...next, metadata: { ...next.metadata, resourceVersion: this.#next() } };
    this.#of(resource).set(keyOf(replaced), replaced);
    this.#tell({ revision: this.#revision, resource, type: "MODIFIED", object: replaced, previous });
    return replaced;
  }

  /** The object as it was last, with the revision of its removal. */
  remove<T extends KubernetesObject>(resource: Resource, object: T): T {
    const previous = this.#of(resource).get(keyOf(object));
    this.#of(resource).delete(keyOf(object));
    const removed = { ...object, metadata: { ...object.metadata, resourceVersion: this.#next() } };
    const before = previous === undefined ? {} : { previous };
    this.#tell({ revision: this.#revision, resource, type: "DELETED", object: removed, ...before });
    return removed;
  }

  /** The changes after a revision, or undefined when some of them are gone. */
  changesSince(revision: number): readonly Change[] | undefined {
    if (revision < this.#compacted) return undefined;
    const first = this.#history.findIndex((change) => change.revision > revision);
    return first === -1 ? [] : this.#history.slice(first);
  }

  /** Who resumes from before now finds the changes gone. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  subscribe(subscriber: (change: Change) => void): () => void {
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  #of(resource: Resource): Map<string, KubernetesObject> {
    const known = this.#objects.get(resource) ?? new Map<string, KubernetesObject>();
    this.#objects.set(resource, known);
    return known;
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #tell(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > 2 * this.#historyLength) {
      const gone = this.#history.splice(0, this.#historyLength);
      this.#compacted = gone.at(-1)!.revision;
    }
    for (const subscriber of this.#subscribers) subscriber(change);
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return key(metadata.namespace, metadata.name);
}

function key(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}
