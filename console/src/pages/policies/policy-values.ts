import type * as Batch from "@aws-sdk/client-batch";
import type { ShareReport } from "../../../../src/ports/share-report.ts";
import { batch } from "../../api/batch.ts";
import { changeTags } from "../../api/tags.ts";
import type { TagRow } from "../../components/form/tags-field.tsx";
import { rowsOf, tagsError, tagsOfRows } from "../../components/form/tags-field.tsx";
import type { FormErrors } from "../../components/form/use-form.ts";
import { foundErrors, nameError, wholeNumberError } from "../../components/form/use-form.ts";

export interface WeightRow {
  readonly shareIdentifier: string;
  readonly weightFactor: string;
}

/** A policy as it is written into the form. */
export interface PolicyValues {
  readonly name: string;
  readonly shareDecaySeconds: string;
  readonly computeReservation: string;
  readonly weights: readonly WeightRow[];
  readonly tags: readonly TagRow[];
}

export function valuesOf(policy: Batch.SchedulingPolicyDetail | undefined): PolicyValues {
  const { shareDecaySeconds = 0, computeReservation = 0, shareDistribution = [] } = policy?.fairsharePolicy ?? {};
  return {
    name: policy?.name ?? "",
    shareDecaySeconds: String(shareDecaySeconds),
    computeReservation: String(computeReservation),
    weights: shareDistribution.map(({ shareIdentifier = "", weightFactor = 1 }) => ({
      shareIdentifier,
      weightFactor: String(weightFactor),
    })),
    tags: rowsOf(policy?.tags),
  };
}

/** What an address proposes: weight factors by share, as a JSON object. Those of other shares stay. */
export function proposedOf(policy: Batch.SchedulingPolicyDetail | undefined, json: string): Partial<PolicyValues> {
  if (json === "") return {};
  try {
    const factors = new Map(
      Object.entries(JSON.parse(json) as object).map(([share, factor]) => [share, String(factor)]),
    );
    const present = valuesOf(policy).weights;
    const others = [...factors].filter(([share]) => !present.some(({ shareIdentifier }) => shareIdentifier === share));
    return {
      weights: [
        ...present.map((row) => ({ ...row, weightFactor: factors.get(row.shareIdentifier) ?? row.weightFactor })),
        ...others.map(([shareIdentifier, weightFactor]) => ({ shareIdentifier, weightFactor })),
      ],
    };
  } catch {
    return {};
  }
}

const isWeight = (text: string): boolean => Number(text) >= 0.0001 && Number(text) <= 999.9999;

export function checkPolicy(values: PolicyValues, isNew: boolean, isFairShare: boolean): FormErrors<PolicyValues> {
  return foundErrors<PolicyValues>({
    name: isNew && nameError(values.name),
    shareDecaySeconds: isFairShare && wholeNumberError(values.shareDecaySeconds, { most: 604_800 }),
    computeReservation: isFairShare && wholeNumberError(values.computeReservation, { most: 99 }),
    weights: weightsError(values.weights),
    tags: tagsError(values.tags),
  });
}

function weightsError(rows: readonly WeightRow[]): string | undefined {
  const names = rows.map(({ shareIdentifier }) => shareIdentifier);
  if (names.includes("")) return "Each weight needs a share.";
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `The share ${twice} is there twice.`;
  const strange = names.find((name) => !/^[A-Za-z0-9]{0,254}[A-Za-z0-9*]$/.test(name));
  if (strange !== undefined) return `${strange}: a share has letters and digits, and may end with *.`;
  return rows.every(({ weightFactor }) => isWeight(weightFactor))
    ? undefined
    : "A weight is a number from 0.0001 to 999.9999.";
}

/** What the server's refusals are about. */
export const POLICY_PLACES: readonly (readonly [keyof PolicyValues, RegExp])[] = [
  ["shareDecaySeconds", /shareDecaySeconds/],
  ["computeReservation", /computeReservation/],
  ["weights", /share ?identifier|weight factor|ShareDistribution/i],
  ["tags", /\btags?\b/i],
  ["name", /name|already exists/i],
];

function fairshareOf({ shareDecaySeconds, computeReservation, weights }: PolicyValues): Batch.FairsharePolicy {
  return {
    shareDecaySeconds: Number(shareDecaySeconds),
    computeReservation: Number(computeReservation),
    shareDistribution: weights.map(({ shareIdentifier, weightFactor }) => ({
      shareIdentifier,
      weightFactor: Number(weightFactor),
    })),
  };
}

export async function createPolicy(values: PolicyValues): Promise<void> {
  const { name, tags } = values;
  await batch("CreateSchedulingPolicy", { name, fairsharePolicy: fairshareOf(values), tags: tagsOfRows(tags) });
}

export async function updatePolicy(policy: Batch.SchedulingPolicyDetail, values: PolicyValues): Promise<void> {
  const fairsharePolicy = fairshareOf(values);
  const isChanged = JSON.stringify(fairsharePolicy) !== JSON.stringify(fairshareOf(valuesOf(policy)));
  if (policy.fairsharePolicy !== undefined && isChanged) {
    await batch("UpdateSchedulingPolicy", { arn: policy.arn!, fairsharePolicy });
  }
  await changeTags(policy.arn!, policy.tags ?? {}, tagsOfRows(values.tags));
}

export interface PreviewedShare {
  readonly share: string;
  /** Undefined where what is written is no weight. */
  readonly weight: number | undefined;
  readonly before: number;
  /** Used times weight: who has least is served. */
  readonly standing: number;
  readonly waits: boolean;
}

/**
 * How the shares of a queue would stand with these weights, the next one first. What they used is as it is; a weight of a prefix is that of all active
 * shares that begin with it together (as the scheduler has it).
 */
export function previewed(shares: readonly ShareReport[], rows: readonly WeightRow[]): PreviewedShare[] {
  const prefixOf = (share: string): WeightRow | undefined =>
    rows.find(({ shareIdentifier: one }) => one === share) ??
    rows.find(({ shareIdentifier: one }) => one.endsWith("*") && share.startsWith(one.slice(0, -1)));
  const members = (row: WeightRow): number => shares.filter(({ share }) => prefixOf(share) === row).length;
  const weightOf = (share: string): number | undefined => {
    const row = prefixOf(share);
    if (row === undefined) return 1;
    return isWeight(row.weightFactor) ? Number(row.weightFactor) * members(row) : undefined;
  };
  return shares
    .map(({ share, weight: before, usedVcpuSeconds, nextJob }): PreviewedShare => {
      const weight = weightOf(share);
      return { share, before, weight, standing: usedVcpuSeconds * (weight ?? before), waits: nextJob !== undefined };
    })
    .sort((a, b) => Number(b.waits) - Number(a.waits) || a.standing - b.standing);
}
