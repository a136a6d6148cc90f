import type { EventEnvelope, KeptEvent, ScalingEventDetail } from "../ports/event-report.ts";
import type { DeadLetter, TargetState } from "../ports/event-targets.ts";
import { moment, table } from "./text.ts";

const nameOf = (arn: string): string => arn.slice(arn.indexOf("/") + 1);

/** One line an event. */
export function eventLine({ event }: Pick<KeptEvent, "event">): string {
  const [what, about] = sayingOf(event);
  return `${moment(Date.parse(event.time))}  ${what}  ${about}`;
}

function sayingOf({ detail }: EventEnvelope): [string, string] {
  if ("computeEnvironment" in detail) return sayingOfInstance(detail);
  const { status, jobId, jobName, jobQueue, statusReason } = detail;
  const reason = statusReason === undefined ? "" : `  (${statusReason})`;
  return [status.padEnd(13), `${jobId}  ${jobName}  ${nameOf(jobQueue)}${reason}`];
}

function sayingOfInstance(detail: ScalingEventDetail): [string, string] {
  const { action, instanceId, instanceType, computeEnvironment, reason } = detail;
  return [action.padEnd(13), `${instanceId}  ${instanceType}  ${nameOf(computeEnvironment)}  (${reason})`];
}

export function targetTable(targets: readonly TargetState[]): string {
  if (targets.length === 0)
    return 'No targets: they are named in "targets" in the configuration file (docs/events.md).';
  return table(
    ["NAME", "TYPE", "TO", "STATUS", "LAG", "DELIVERED", "LAST DELIVERED", "DEAD LETTERS", "LAST ERROR"],
    targets.map(({ name, type, to, status, lag, delivered, lastDeliveredAt, deadLetters, lastError }) => [
      ...[name, type, to, status, String(lag), String(delivered), moment(lastDeliveredAt), String(deadLetters)],
      lastError === undefined ? "" : `${lastError.message} (${moment(lastError.at)})`,
    ]),
  );
}

export function deadLetterTable(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return "No dead letters.";
  return table(
    ["ID", "TARGET", "EVENT", "GIVEN UP", "TRIES", "ERROR"],
    letters.map(({ id, target, event, at, attempts, error }) => [
      ...[String(id), target, sayingOf(event).join(" ").replaceAll(/ +/g, " "), moment(at), String(attempts), error],
    ]),
  );
}
