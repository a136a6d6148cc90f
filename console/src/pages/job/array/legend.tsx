import type { PlainJobStatus } from "../../../../../src/core/job.ts";
import type { StatusLook } from "../../../components/job-colors.ts";
import { useStatusLooks } from "../../../components/job-colors.ts";
import { STATUSES } from "./children.ts";

export interface LegendProps {
  readonly counts: Readonly<Record<string, number>>;
  /** Empty: all are shown. */
  readonly chosen: ReadonlySet<PlainJobStatus>;
  readonly onToggle: (status: PlainJobStatus) => void;
}

/** The states with how many children are in each. A click shows only those, another one all again. */
export function Legend({ counts, chosen, onToggle }: LegendProps) {
  const looks = useStatusLooks();
  return (
    <ul className="children-legend" aria-label="Show only children that are">
      {STATUSES.map((status) => (
        <li key={status}>
          <button
            type="button"
            aria-pressed={chosen.has(status)}
            disabled={!counts[status] && !chosen.has(status)}
            onClick={() => onToggle(status)}
          >
            <Swatch look={looks[status]} />
            {status} {(counts[status] ?? 0).toLocaleString("en")}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Swatch({ look: { fill, ink, mark } }: { readonly look: StatusLook }) {
  return (
    <svg className="children-swatch" viewBox="0 0 14 14" aria-hidden="true">
      <rect width="14" height="14" rx="2" fill={fill} stroke="currentColor" strokeOpacity="0.4" />
      {mark === "cross" && <path d="M4 4 L10 10 M10 4 L4 10" stroke={ink} strokeWidth="1.8" />}
      {mark === "dot" && <circle cx="7" cy="7" r="2.6" fill={ink} />}
      {mark === "ring" && <circle cx="7" cy="7" r="3.4" fill="none" stroke={ink} strokeWidth="1.6" />}
    </svg>
  );
}

/** How the states share the whole. */
export function SummaryBar({ counts }: { readonly counts: Readonly<Record<string, number>> }) {
  const looks = useStatusLooks();
  const total = STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const present = STATUSES.filter((status) => (counts[status] ?? 0) > 0).toReversed();
  const share = (status: string): number => (counts[status]! / Math.max(1, total)) * 100;
  const label = present.map((status) => `${counts[status]} ${status} (${share(status).toFixed(1)} %)`).join(", ");
  return (
    <>
      <div className="children-bar" aria-hidden title={label}>
        {present.map((status) => (
          <span key={status} style={{ flexGrow: counts[status], background: looks[status].fill }} />
        ))}
      </div>
      <span className="child-grid-unseen">{label}</span>
    </>
  );
}
