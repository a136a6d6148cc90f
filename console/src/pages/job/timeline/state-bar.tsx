import { durationText } from "../../../components/duration.tsx";
import { absoluteTime, Time } from "../../../components/time.tsx";
import type { Segment } from "./segments.ts";

/** So much of the bar has even the shortest, or it could not be seen. */
const LEAST_PERCENT = 1.5;

export interface StateBarProps {
  readonly segments: readonly Segment[];
  readonly status: string;
  /** Epoch ms. */
  readonly now: number;
}

/** A job's states side by side, as long as they took; and the same as a list. */
export function StateBar({ segments, status, now }: StateBarProps) {
  const lengths = segments.map(({ from, to = now }) => Math.max(0, to - from));
  const whole = lengths.reduce((sum, length) => sum + length, 0) || 1;
  const shares = lengths.map((length) => Math.max(LEAST_PERCENT, (100 * length) / whole));
  const last = segments.at(-1)?.to;
  return (
    <>
      <div className="state-bar" aria-hidden="true">
        {segments.map((segment, index) => (
          <span
            key={segment.from + segment.status}
            className={`state-bar-part state-${segment.status.toLowerCase()}`}
            style={{ flexGrow: shares[index] }}
            title={`${segment.status}: ${durationText(lengths[index]!)}, from ${absoluteTime(segment.from)}`}
          />
        ))}
        <span className={`state-bar-end state-${status.toLowerCase()}`} />
      </div>
      <ol className="state-list">
        {segments.map((segment, index) => (
          <li key={segment.from + segment.status}>
            <span className={`state-sign state-${segment.status.toLowerCase()}`} aria-hidden="true" />
            <span className="state-name">{segment.status}</span>
            <span className="state-length">
              {durationText(lengths[index]!)}
              {segment.to === undefined && " so far"}
            </span>
            <span>
              <Time at={segment.from} as="absolute" />
            </span>
            {segment.attempt !== undefined && <span>attempt {segment.attempt}</span>}
          </li>
        ))}
        {(status === "SUCCEEDED" || status === "FAILED") && (
          <li>
            <span className={`state-sign state-${status.toLowerCase()}`} aria-hidden="true" />
            <span className="state-name">{status}</span>
            <span className="state-length" />
            <span>
              <Time at={last} as="absolute" />
            </span>
          </li>
        )}
      </ol>
    </>
  );
}
