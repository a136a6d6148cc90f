/** How long what is not to hang is waited for, ms. */
export interface Patience {
  /** For an image that cannot be pulled now, and might be later. */
  readonly pullMs: number;
  /** For a container that its node cannot make now: a Secret or a ConfigMap that is not there yet. */
  readonly createMs: number;
  /** For a pod that has a node, on which nothing has begun or gone wrong: a large image, a volume. */
  readonly beginMs: number;
  /** For a node that is not ready. The cluster itself deletes its pods after five minutes. */
  readonly nodeMs: number;
  /** For a pod whose node is not in the cluster any more. */
  readonly goneNodeMs: number;
  /** For a node that is ready, beyond the time at which it was to have killed a pod. */
  readonly killMs: number;
  /** For the other containers of a pod to be started, and for what keeps the cluster from taking a pod at the moment. */
  readonly takeMs: number;
}

export const PATIENCE: Patience = {
  pullMs: 60_000,
  createMs: 60_000,
  beginMs: 3_600_000,
  nodeMs: 600_000,
  goneNodeMs: 30_000,
  killMs: 300_000,
  takeMs: 60_000,
};
