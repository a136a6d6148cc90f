import type { EksContainer, EksContainerVolumeMount, EksPodProperties, EksVolume } from "@aws-sdk/client-batch";
import type { Container, PodSpec } from "../api/objects.ts";
import { Refusal } from "./refusal.ts";

/** What a job's eksProperties say of its pod as a whole: all of it is Kubernetes's own. */
export function podOfProperties(properties: EksPodProperties): Partial<PodSpec> {
  const { serviceAccountName, hostNetwork, dnsPolicy, imagePullSecrets = [], volumes = [] } = properties;
  return {
    ...(serviceAccountName ? { serviceAccountName } : { automountServiceAccountToken: false }),
    ...(hostNetwork === true && { hostNetwork }),
    dnsPolicy: dnsPolicy || (hostNetwork === true ? "ClusterFirstWithHostNet" : "ClusterFirst"),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map(({ name }) => ({ name: name! })) }),
    ...(volumes.length > 0 && { volumes: volumes.map(volume) }),
    ...(properties.shareProcessNamespace === true && { shareProcessNamespace: true }),
  };
}

/** What they say of one container, beside its image, its program and its environment. */
export function containerOfProperties(container: EksContainer): Partial<Container> {
  const { imagePullPolicy, resources, volumeMounts = [], securityContext } = container;
  return {
    ...(imagePullPolicy && { imagePullPolicy }),
    ...(resources !== undefined && {
      resources: {
        ...(resources.requests !== undefined && { requests: resources.requests }),
        ...(resources.limits !== undefined && { limits: resources.limits }),
      },
    }),
    ...(volumeMounts.length > 0 && { volumeMounts: volumeMounts.map(mount) }),
    ...(securityContext !== undefined && { securityContext: securityOf(securityContext) }),
  };
}

/** The container at this place, init containers first. */
export function containerAt({ initContainers = [], containers = [] }: EksPodProperties, index: number): EksContainer {
  const found = [...initContainers, ...containers][index];
  if (found === undefined) throw new Refusal(`CannotStartContainerError: the pod has no container number ${index}`);
  return found;
}

function securityOf({
  runAsUser,
  runAsGroup,
  privileged,
  allowPrivilegeEscalation,
  readOnlyRootFilesystem,
  runAsNonRoot,
}: NonNullable<EksContainer["securityContext"]>): NonNullable<Container["securityContext"]> {
  return {
    ...(runAsUser !== undefined && { runAsUser }),
    ...(runAsGroup !== undefined && { runAsGroup }),
    ...(privileged !== undefined && { privileged }),
    ...(allowPrivilegeEscalation !== undefined && { allowPrivilegeEscalation }),
    ...(readOnlyRootFilesystem !== undefined && { readOnlyRootFilesystem }),
    ...(runAsNonRoot !== undefined && { runAsNonRoot }),
  };
}

function mount({ name, mountPath, subPath, readOnly }: EksContainerVolumeMount) {
  return {
    name: name!,
    mountPath: mountPath!,
    ...(subPath && { subPath }),
    ...(readOnly !== undefined && { readOnly }),
  };
}

function volume({ name, hostPath, emptyDir, secret, persistentVolumeClaim }: EksVolume) {
  if (hostPath !== undefined) return { name: name!, hostPath: { path: hostPath.path! } };
  if (secret !== undefined) {
    const { secretName, optional } = secret;
    return { name: name!, secret: { secretName: secretName!, ...(optional !== undefined && { optional }) } };
  }
  if (persistentVolumeClaim !== undefined) {
    const { claimName, readOnly } = persistentVolumeClaim;
    return {
      name: name!,
      persistentVolumeClaim: { claimName: claimName!, ...(readOnly !== undefined && { readOnly }) },
    };
  }
  const { medium, sizeLimit } = emptyDir ?? {};
  return { name: name!, emptyDir: { ...(medium && { medium }), ...(sizeLimit && { sizeLimit }) } };
}
