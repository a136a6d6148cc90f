import "./difference.css";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { DiffRow } from "./difference.ts";
import { difference, folded } from "./difference.ts";

export interface DifferenceViewProps {
  readonly before: { readonly title: string; readonly content: unknown };
  readonly after: { readonly title: string; readonly content: unknown };
}

/** Two values side by side, or one below the other where there is no room. What is another has a sign as well as a colour. */
export default function DifferenceView({ before, after }: DifferenceViewProps) {
  const [isWhole, setWhole] = useState(false);
  const rows = difference(before.content, after.content);
  const changed = rows.filter(({ isEqual }) => !isEqual);
  const removed = changed.filter((row) => row.before !== undefined).length;
  const added = changed.filter((row) => row.after !== undefined).length;
  const parts = isWhole ? rows : folded(rows);
  return (
    <div>
      <p aria-live="polite">
        {changed.length === 0
          ? "They do not differ."
          : `${removed} ${removed === 1 ? "line" : "lines"} removed, ${added} ${added === 1 ? "line" : "lines"} added.`}
      </p>
      <section className="difference" aria-label={`From ${before.title} to ${after.title}`}>
        <div className="difference-title">{before.title}</div>
        <div className="difference-title difference-other">{after.title}</div>
        {parts.map((part) =>
          "rows" in part ? (
            <div key={`fold-${part.rows[0]?.before?.number}`} className="difference-fold">
              <Button variant="inline-link" onClick={() => setWhole(true)}>
                {`${part.rows.length} equal ${part.rows.length === 1 ? "line" : "lines"}`}
              </Button>
            </div>
          ) : (
            <Row key={`${part.before?.number}-${part.after?.number}`} row={part} />
          ),
        )}
      </section>
    </div>
  );
}

function Row({ row: { before, after, isEqual } }: { readonly row: DiffRow }) {
  return (
    <>
      <div className="difference-line" data-kind={isEqual ? "equal" : before === undefined ? "none" : "removed"}>
        <span className="difference-number">{before?.number}</span>
        {isEqual || before === undefined ? (
          <code>{`  ${before?.text ?? ""}`}</code>
        ) : (
          <del>
            <code>{`− ${before.text}`}</code>
          </del>
        )}
      </div>
      <div
        className="difference-line difference-other"
        data-kind={isEqual ? "equal" : after === undefined ? "none" : "added"}
      >
        <span className="difference-number">{after?.number}</span>
        {isEqual || after === undefined ? (
          <code>{`  ${after?.text ?? ""}`}</code>
        ) : (
          <ins>
            <code>{`+ ${after.text}`}</code>
          </ins>
        )}
      </div>
    </>
  );
}
