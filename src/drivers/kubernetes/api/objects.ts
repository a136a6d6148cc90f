import type { V1Container, V1ContainerStatus, V1Node, V1Pod, V1PodSpec, V1Secret } from "@kubernetes/client-node";

/** The client's types as they travel: times are RFC 3339 texts. */
type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Member in keyof T]: Wire<T[Member]> }
      : T;

export type Pod = Wire<V1Pod>;
export type PodSpec = Wire<V1PodSpec>;
export type Container = Wire<V1Container>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type Node = Wire<V1Node>;
export type Secret = Wire<V1Secret>;

/** What every object of the API has. */
export interface ApiObject {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

/** One line of a watch. An ERROR's object is a Status; a BOOKMARK's has a resource version and nothing else. */
export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly object: ApiObject }
  | { readonly type: "ERROR"; readonly object: Status };

/** What the API answers instead of an object. */
export interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}
