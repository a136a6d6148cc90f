/**
 * How much is kept free for shares that are not active yet: (computeReservation/100)^activeShares of the most that the queue's environments may have
 * (reference 7.3). 50 keeps a half with one active share, a quarter with two, an eighth with three. In milli-vCPU, rounded down.
 */
export function reservedVcpuMilli(percent: number, activeShares: number, maxVcpuMilli: number): number {
  return Math.floor((percent / 100) ** activeShares * maxVcpuMilli);
}
