import { useViewState } from "../view-state.ts";
import type { Span } from "./history.ts";
import { SPANS } from "./history.ts";

/** How far back the charts of a page look, in its address. */
export function useSpan(): Span {
  const chosen = useViewState().get("span");
  return SPANS.find(({ id }) => id === chosen) ?? SPANS[1]!;
}

/** The browser's own list: Cloudscape's would be a tenth of the page's script. */
export function SpanControl() {
  const view = useViewState();
  const { id } = useSpan();
  return (
    <label>
      How far back{" "}
      <select value={id} onChange={(event) => view.set({ span: event.target.value })}>
        {SPANS.map((span) => (
          <option key={span.id} value={span.id}>
            {span.text}
          </option>
        ))}
      </select>
    </label>
  );
}
