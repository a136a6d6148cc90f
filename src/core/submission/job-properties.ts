import type { ContainerProperties, EcsProperties, EksProperties, NodeProperties } from "@aws-sdk/client-batch";

/** What a job runs, in the API's own shapes. One of the four is there. */
export interface JobProperties {
  /** The one container of an ECS job. */
  readonly container?: ContainerProperties | undefined;
  /** Several containers, as one ECS task. */
  readonly ecsProperties?: EcsProperties | undefined;
  /** A Kubernetes pod. */
  readonly eksProperties?: EksProperties | undefined;
  /** Multi-node parallel: one of the others for each range of nodes. */
  readonly nodeProperties?: NodeProperties | undefined;
}
