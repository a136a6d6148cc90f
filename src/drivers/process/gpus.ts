import { existsSync } from "node:fs";

/** Where the driver of NVIDIA's GPUs shows them. */
const NVIDIA_GPUS = "/proc/driver/nvidia/gpus";

export function hasGpus(): boolean {
  return existsSync(NVIDIA_GPUS);
}

/** What makes CUDA, and the programs that ask NVIDIA's tools, see the attempt's own GPUs; where there are some, no others and perhaps none. */
export function gpuVariables(gpuIds: readonly string[] = [], machineHasGpus: boolean): Record<string, string> {
  if (gpuIds.length > 0) {
    const ids = gpuIds.join(",");
    return { CUDA_VISIBLE_DEVICES: ids, NVIDIA_VISIBLE_DEVICES: ids };
  }
  return machineHasGpus ? { CUDA_VISIBLE_DEVICES: "", NVIDIA_VISIBLE_DEVICES: "void" } : {};
}
