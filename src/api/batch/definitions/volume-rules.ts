import type { EFSVolumeConfiguration, S3FilesVolumeConfiguration, Volume } from "@aws-sdk/client-batch";
import type { EcsTask } from "./ecs-task.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";

const VOLUME_NAME = /^[A-Za-z0-9_-]{1,255}$/;

const EFS_RULES: readonly Rule<EFSVolumeConfiguration>[] = [
  quotingRule("efsFileSystem", ({ fileSystemId = "" }) =>
    /^fs-[0-9a-zA-Z]+$/.test(fileSystemId) ? undefined : [fileSystemId],
  ),
  quotingRule("efsEncryption", ({ transitEncryption = "DISABLED" }) => notSwitch(transitEncryption)),
  quotingRule("efsIam", ({ authorizationConfig }) => notSwitch(authorizationConfig?.iam ?? "DISABLED")),
  rule("efsDirectory", ({ rootDirectory = "" }) => rootDirectory.length > 4096),
  rule("volumePort", hasBadPort),
  rule(
    "efsAccessPointDirectory",
    ({ authorizationConfig, rootDirectory = "/" }) =>
      Boolean(authorizationConfig?.accessPointId) && rootDirectory !== "/" && rootDirectory !== "",
  ),
  rule(
    "efsAccessPointEncryption",
    ({ authorizationConfig, transitEncryption }) =>
      Boolean(authorizationConfig?.accessPointId) && transitEncryption !== "ENABLED",
  ),
  rule(
    "efsIamEncryption",
    ({ authorizationConfig, transitEncryption }) =>
      authorizationConfig?.iam === "ENABLED" && transitEncryption !== "ENABLED",
  ),
];

const S3_RULES: readonly Rule<S3FilesVolumeConfiguration>[] = [
  rule("s3FileSystem", ({ fileSystemArn }) => !fileSystemArn),
  rule("volumePort", hasBadPort),
];

const VOLUME_RULES: readonly Rule<Volume>[] = [
  quotingRule("volumeName", ({ name = "" }) => (VOLUME_NAME.test(name) ? undefined : [name])),
  rule(
    "volumeKinds",
    ({ host, efsVolumeConfiguration, s3filesVolumeConfiguration }) =>
      [host, efsVolumeConfiguration, s3filesVolumeConfiguration].filter((kind) => kind !== undefined).length > 1,
  ),
  within(({ efsVolumeConfiguration }) => efsVolumeConfiguration, EFS_RULES),
  within(({ s3filesVolumeConfiguration }) => s3filesVolumeConfiguration, S3_RULES),
];

/** The volumes of a task, and what they need of it (reference 4.7). */
export const VOLUMES_RULES: readonly Rule<EcsTask>[] = [
  each(({ volumes }) => volumes, VOLUME_RULES),
  rule("duplicateVolumes", ({ volumes }) => new Set(volumes.map(({ name }) => name)).size < volumes.length),
  rule(
    "efsIamRole",
    ({ volumes, taskRoleArn }) =>
      !taskRoleArn && volumes.some(({ efsVolumeConfiguration: efs }) => efs?.authorizationConfig?.iam === "ENABLED"),
  ),
  rule(
    "s3Role",
    ({ volumes, taskRoleArn }) =>
      !taskRoleArn && volumes.some(({ s3filesVolumeConfiguration }) => s3filesVolumeConfiguration !== undefined),
  ),
];

function notSwitch(value: string): [string] | undefined {
  return value === "ENABLED" || value === "DISABLED" ? undefined : [value];
}

function hasBadPort({ transitEncryptionPort: port = 0 }: { transitEncryptionPort?: number | undefined }): boolean {
  return port < 0 || port > 65_535;
}
