import { memo, useMemo, useState } from "react";
import { markMatches } from "./log-search.ts";
import { spansOf } from "./log-text.ts";
import type { LogLine } from "./log-window.ts";

/** Of a longer line only the beginning is drawn, until it is asked for. */
const DRAWN_AT_ONCE = 4_000;

export interface LogRowProps {
  readonly line: LogLine;
  readonly time: string;
  readonly finder: RegExp | undefined;
  /** What leads to this line. */
  readonly href: string;
  readonly onSelect: (line: LogLine) => void;
}

export const LogRow = memo(function LogRow({ line, time, finder, href, onSelect }: LogRowProps) {
  const [isWhole, setWhole] = useState(false);
  const { message } = line;
  const isCut = !isWhole && message.length > DRAWN_AT_ONCE;
  const spans = useMemo(() => {
    const drawn = isCut ? message.slice(0, DRAWN_AT_ONCE) : message;
    return markMatches(spansOf(drawn), finder);
  }, [message, isCut, finder]);
  return (
    <>
      {time !== "" && (
        // The keyboard's way to a line is that of the viewer: Enter, and the arrows with Shift.
        <a
          className="log-time"
          href={href}
          tabIndex={-1}
          title="Link to this line"
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onSelect(line);
          }}
        >
          {time}
        </a>
      )}
      <span className="log-message">
        {spans.map(({ at, text, className, style, isMatch }) =>
          isMatch ? (
            <mark key={at} className={className} style={style}>
              {text}
            </mark>
          ) : (
            <span key={at} className={className} style={style}>
              {text}
            </span>
          ),
        )}
        {isCut && (
          <button type="button" className="log-more" onClick={() => setWhole(true)}>
            … show all {message.length.toLocaleString("en-GB")} characters
          </button>
        )}
      </span>
    </>
  );
});
