import type { DrawnEdge, Place } from "./drawn-edges.ts";

/** The job that an arrow key leads to: left to what is waited for, right to what waits, up and down to what is drawn there. */
export function neighbour(
  from: string,
  key: string,
  edges: readonly DrawnEdge[],
  places: ReadonlyMap<string, Place>,
): string | undefined {
  const at = places.get(from)!;
  const nearest = (ids: readonly string[]): string | undefined =>
    ids.toSorted((a, b) => distance(places.get(a)!, at) - distance(places.get(b)!, at))[0];
  switch (key) {
    case "ArrowLeft":
      return nearest(edges.filter(({ to }) => to === from).map((edge) => edge.from));
    case "ArrowRight":
      return nearest(edges.filter((edge) => edge.from === from).map(({ to }) => to));
    case "ArrowUp":
      return nearest(column(places, at).filter((id) => places.get(id)!.y < at.y));
    case "ArrowDown":
      return nearest(column(places, at).filter((id) => places.get(id)!.y > at.y));
    default:
      return undefined;
  }
}

function column(places: ReadonlyMap<string, Place>, at: Place): string[] {
  return [...places].filter(([, { x }]) => Math.abs(x - at.x) < 1).map(([id]) => id);
}

function distance(a: Place, b: Place): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
