import type { Pod } from "./api/objects.ts";
import { ANNOTATION, LABEL } from "./names.ts";
import type { Ending, GangPart, Member } from "./names.ts";

/** What the cluster remembers of a pod for us. */
export interface Adopted {
  readonly podId: string | undefined;
  readonly members: readonly Member[];
  readonly gang?: GangPart;
  readonly ending?: Ending;
}

/** Labels and annotations that somebody has changed tell nothing. */
export function adoptedFrom({ metadata }: Pod): Adopted {
  const { labels = {}, annotations = {} } = metadata ?? {};
  const members = parsed(annotations[ANNOTATION.members]);
  const gang = parsed(annotations[ANNOTATION.gang]) as GangPart | undefined;
  const ending: Ending | undefined = parsed(annotations[ANNOTATION.ending]);
  return {
    podId: labels[LABEL.pod],
    members: Array.isArray(members) ? (members as readonly Member[]) : [],
    ...(gang !== undefined && { gang }),
    ...(ending !== undefined && { ending }),
  };
}

function parsed(text: string | undefined): object | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
