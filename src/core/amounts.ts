/** `2 vCPU and 512 MiB`, with GPUs where there are some. */
export function amounts({
  vcpuMilli,
  memoryMiB,
  gpus = 0,
}: {
  vcpuMilli: number;
  memoryMiB: number;
  gpus?: number;
}): string {
  const vcpus = `${vcpuMilli / 1000} vCPU and ${memoryMiB} MiB`;
  return gpus > 0 ? `${vcpus} and ${gpus} GPU` : vcpus;
}
