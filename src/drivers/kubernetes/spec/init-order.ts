import type { AttemptSpec, PodPart } from "../../../ports/driver.ts";
import { cannotSay } from "./refusal.ts";

type Ordered = Pick<PodPart, "name" | "index" | "dependsOn">;

/**
 * Which containers of a task run to their end before the others begin, in order: those whose success others wait for. The containers that are left begin in
 * the order in which they wait for each other's start. Throws Refusal for an order that a pod does not have.
 *
 * @param specs by index.
 */
export function orderOf(specs: readonly AttemptSpec[]): {
  readonly init: readonly number[];
  readonly main: readonly number[];
} {
  const parts = specs.map(({ pod }, index) => ({
    name: pod?.name ?? "default",
    index,
    dependsOn: pod?.dependsOn ?? [],
  }));
  const isInit = new Set(
    parts.flatMap(({ dependsOn }) =>
      dependsOn.flatMap(({ unit, condition }) => (condition === "SUCCESS" ? [unit] : [])),
    ),
  );
  for (const part of parts) refuseUnsayable(part, parts, isInit);
  const inOrder = sorted(parts);
  const [init, main] = [true, false].map((wanted) => inOrder.filter((index) => isInit.has(index) === wanted));
  if (main!.length === 0) throw cannotSay("have containers of which each waits for another", parts[0]!.name);
  return { init: init!, main: main! };
}

function refuseUnsayable(
  { name, index, dependsOn }: Ordered,
  parts: readonly Ordered[],
  isInit: ReadonlySet<number>,
): void {
  for (const { unit, condition } of dependsOn) {
    const other = parts[unit]?.name ?? String(unit);
    if (condition === "COMPLETE")
      throw cannotSay(
        "wait for the end of a container whatever it comes to",
        `dependsOn of ${name}: COMPLETE of ${other}`,
      );
    if (condition === "START" && isInit.has(index) && !isInit.has(unit))
      throw cannotSay("run a container beside one that the others wait for", `dependsOn of ${name}: START of ${other}`);
  }
}

/** Each after those that it waits for, and otherwise as they are. */
function sorted(parts: readonly Ordered[]): number[] {
  const order: number[] = [];
  const visit = (index: number, trail: readonly number[]): void => {
    if (order.includes(index)) return;
    if (trail.includes(index))
      throw cannotSay("have containers that wait for each other", `dependsOn of ${parts[index]!.name}`);
    for (const { unit } of parts[index]!.dependsOn) visit(unit, [...trail, index]);
    order.push(index);
  };
  for (const { index } of parts) visit(index, []);
  return order;
}
