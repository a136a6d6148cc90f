/** What Fargate charges for Linux in us-east-1, US dollars on demand, as AWS published it in April 2026. By the second, a minute at least. */
export const FARGATE_PRICES = {
  X86_64: { perVcpuHour: 0.04048, perGibHour: 0.004445 },
  ARM64: { perVcpuHour: 0.03238, perGibHour: 0.00356 },
} as const;

export const FARGATE_MINIMUM_SECONDS = 60;
