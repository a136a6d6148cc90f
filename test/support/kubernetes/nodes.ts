import type { NodeShape } from "./kubelet.ts";
import type { Condition, Node } from "./objects.ts";
import { withCondition, wholeSeconds } from "./objects.ts";

export const UNREACHABLE = "node.kubernetes.io/unreachable";

/** The object of a new node, as its kubelet registers it. */
export function newNode(shape: NodeShape, hostIP: string): Node {
  const resources: Record<string, string> = {
    cpu: shape.cpu ?? "64",
    memory: shape.memory ?? "256Gi",
    pods: String(shape.pods ?? 110),
    "ephemeral-storage": "100Gi",
    ...(shape.gpus !== undefined && { "nvidia.com/gpu": String(shape.gpus) }),
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: shape.name,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      labels: {
        "kubernetes.io/hostname": shape.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "m5.large",
        "topology.kubernetes.io/zone": "local-a",
        ...shape.labels,
      },
    },
    spec: { ...(shape.taints !== undefined && { taints: shape.taints }) },
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [condition("True")],
      addresses: [
        { type: "InternalIP", address: hostIP },
        { type: "Hostname", address: shape.name },
      ],
      nodeInfo: {
        kubeletVersion: "v1.36.0",
        architecture: "amd64",
        operatingSystem: "linux",
        osImage: "Debian GNU/Linux",
        containerRuntimeVersion: "containerd://2.2.0",
      },
    },
  };
}

/** What the controllers make of a node whose kubelet is not heard of any more, and of one that is back. */
export function withReadiness(node: Node, isReady: boolean): Node {
  const others = (node.spec.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
  const taints = isReady
    ? others
    : [
        ...others,
        { key: UNREACHABLE, effect: "NoSchedule" } as const,
        { key: UNREACHABLE, effect: "NoExecute" } as const,
      ];
  const conditions = withCondition(node.status.conditions, condition(isReady ? "True" : "Unknown"));
  return { ...node, spec: { ...node.spec, taints }, status: { ...node.status, conditions } };
}

function condition(status: Condition["status"]): Condition {
  const ready = { reason: "KubeletReady", message: "kubelet is posting ready status" };
  const lost = { reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
  return { type: "Ready", status, ...(status === "True" ? ready : lost), lastTransitionTime: wholeSeconds(Date.now()) };
}
