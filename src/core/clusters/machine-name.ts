/** A machine of a cluster: what Kubernetes calls a node. `id`: its UID. */
export interface MachineName {
  readonly name: string;
  readonly id: string;
}
