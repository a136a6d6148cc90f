/** Quantities of resources: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const SUFFIXES: Readonly<Record<string, bigint>> = {
  Ki: 1024n ** 1n,
  Mi: 1024n ** 2n,
  Gi: 1024n ** 3n,
  Ti: 1024n ** 4n,
  Pi: 1024n ** 5n,
  Ei: 1024n ** 6n,
  "": 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  E: 10n ** 18n,
};

/** Thousandths of the unit, rounded up (the API keeps no finer parts of cpu and memory), or undefined where it is no quantity. */
export function quantityMilli(text: string): number | undefined {
  const match = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits, suffix = "", exponent] = match;
  const value = Number(digits) * 1000 * factor(suffix, exponent);
  return (sign === "-" ? -1 : 1) * Math.ceil(Number(value.toPrecision(15)));
}

function factor(suffix: string, exponent: string | undefined): number {
  if (exponent !== undefined) return 10 ** Number(exponent);
  if (suffix === "n") return 1e-9;
  if (suffix === "u") return 1e-6;
  if (suffix === "m") return 1e-3;
  return Number(SUFFIXES[suffix]);
}
