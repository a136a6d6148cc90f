import type { AttemptStory, Estimate, Explanation, Sentences, StatedVerdict } from "../core/explain/explanation.ts";
import type { ShareTurns } from "../core/explain/share-standings.ts";
import { oneLine } from "./neutral.ts";
import { moment } from "./text.ts";

/** What keeps a job waiting, for people: the answer first, then each thing in the way and what to do about it. */
export function explanationText(explanation: Explanation): string {
  const { jobId, status, attempts } = explanation;
  return [
    `${jobId} is ${status}. ${oneLine(explanation.answer)}`,
    ...(explanation.waitsFor ?? []).map((what) => `Now: ${oneLine(what)}`),
    ...waitingLines(explanation),
    ...(explanation.shares === undefined ? [] : sharesLines(explanation.shares)),
    ...(explanation.estimate === undefined ? [] : [`Start: ${estimateText(explanation.estimate)}`]),
    ...(attempts.length === 0 ? [] : ["", "Attempts that are over:", ...attempts.map(attemptLine)]),
  ].join("\n");
}

/** All but the answer: blockers and place. */
export function waitingLines({ blockers, position }: Pick<Explanation, "blockers" | "position">): string[] {
  return [
    ...(blockers.length === 0 ? [] : ["", "In its way:", ...blockers.flatMap(blockerLines)]),
    ...(position === undefined ? [] : ["", `Place in its queue: ${placeText(position)}`]),
  ];
}

function blockerLines(blocker: Explanation["blockers"][number], index: number): string[] {
  const lines = [`${index + 1}. ${oneLine(blocker.text)}`, `   ${oneLine(blocker.fix)}`];
  return blocker.kind === "placement" ? [...lines, ...blocker.environments.flatMap(environmentLines)] : lines;
}

function environmentLines({ environmentArn, obstacles, largest }: StatedVerdict): string[] {
  const name = environmentArn.slice(environmentArn.lastIndexOf("/") + 1);
  return [
    `   ${name}:`,
    ...obstacles.flatMap(({ text, fix }: Sentences) => [`   - ${oneLine(text)}`, `     ${oneLine(fix)}`]),
    ...(largest === undefined
      ? []
      : [`   - The largest that fits: ${size(largest.now)} now, ${size(largest.ever)} ever.`]),
  ];
}

function size({ vcpuMilli, memoryMiB }: { readonly vcpuMilli: number; readonly memoryMiB: number }): string {
  return `${vcpuMilli / 1000} vCPU and ${memoryMiB} MiB`;
}

function placeText(position: NonNullable<Explanation["position"]>): string {
  return "place" in position ? `${position.place}` : `behind more than ${position.moreThan} others`;
}

function sharesLines({ own, before }: ShareTurns): string[] {
  const text = ({ share, usedVcpuSeconds, weight }: ShareTurns["own"]): string =>
    oneLine(`${share} (${Math.round(usedVcpuSeconds)} vCPU-seconds, weight ${weight})`);
  const first = before.length === 0 ? "none" : before.slice(0, MAX_SHARES).map(text).join(", ");
  const more = before.length > MAX_SHARES ? ` and ${before.length - MAX_SHARES} more` : "";
  return [`Its share: ${text(own)}`, `Shares before it: ${first}${more}`];
}

const MAX_SHARES = 5;

/** Only what is known is told as such. */
function estimateText(estimate: Estimate): string {
  if ("unknown" in estimate) return `not known. ${estimate.unknown}`;
  return `${moment(estimate.at)}, if what runs takes as long as it is expected to, or as its timeout allows`;
}

function attemptLine({ number, end, stoppedAt, exitCode, reason, statusReason }: AttemptStory): string {
  const how = exitCode === undefined ? (reason ?? statusReason) : `exit code ${exitCode}`;
  return oneLine(`${number}. ${end} at ${moment(stoppedAt)}${how === undefined ? "" : `: ${how}`}`);
}
