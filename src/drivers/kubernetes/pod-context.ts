import type { Clock } from "../../ports/clock.ts";
import type { DriverEvent } from "../../ports/driver.ts";
import type { Term } from "../../ports/leadership.ts";
import type { Secrets } from "../../ports/secrets.ts";
import type { Client } from "./api/client.ts";
import type { KeptPods } from "./kept-pods.ts";
import type { LogContext } from "./output/log-copy.ts";
import type { Patience } from "./patience.ts";
import type { PodSettings } from "./spec/pod-spec.ts";

/** How a node is, as far as it can be seen. `unknown`: the cluster does not let us see its nodes. */
export type NodeCondition =
  | { readonly kind: "ready" }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown" }
  /** `since`: epoch ms, by its own condition. */
  | { readonly kind: "not-ready"; readonly since: number; readonly why: string };

/** What all pods of a driver have from it. */
export interface PodContext {
  readonly clock: Clock;
  readonly client: Client;
  readonly term: Pick<Term, "confirm">;
  readonly settings: PodSettings;
  readonly namespaces: ReadonlySet<string>;
  readonly secrets: Secrets;
  readonly patience: Patience;
  /** For so long pods of failed jobs stay after they were forgotten; 0: they do not. */
  readonly keepFailedMs: number;
  readonly kept: Pick<KeptPods, "keep">;
  readonly log: LogContext;
  readonly closing: AbortSignal;
  nodeCondition(name: string): NodeCondition;
  /** Its UID where it can be seen. */
  nodeId(name: string): string;
  report(event: DriverEvent): void;
  onNotice(message: string): void;
}
