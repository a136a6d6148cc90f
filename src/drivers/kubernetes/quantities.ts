/** What the suffixes of Kubernetes's quantities stand for. */
const FACTORS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity (`500m`, `1Gi`, `2e3`) as a number; 0 for what is none. */
export function quantityOf(text: string | undefined): number {
  const match = /^([+-]?\d*\.?\d+|[+-]?\d+\.)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(text ?? "");
  if (match === null) return 0;
  return Number(`${match[1]}${match[2] ?? ""}`) * FACTORS[match[3] ?? ""]!;
}
