import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ContainerProperties } from "@aws-sdk/client-batch";

const ROOT = join(import.meta.dirname, "..", "..");

/** Node, its libraries and the project as this machine has them: the test image is small. */
export function nodeMounts(): Pick<ContainerProperties, "volumes" | "mountPoints"> {
  const project = [ROOT, realpathSync(join(ROOT, "node_modules"))];
  const paths = [...new Set([...project, dirname(process.execPath), "/lib", "/lib64", "/usr/lib"])];
  return {
    volumes: paths.map((sourcePath, index) => ({ name: `v${index}`, host: { sourcePath } })),
    mountPoints: paths.map((path, index) => ({ sourceVolume: `v${index}`, containerPath: path, readOnly: true })),
  };
}
