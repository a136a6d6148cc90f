import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useIsDark, useStatusLooks } from "../../../components/job-colors.ts";
import { STATUSES } from "./children.ts";
import { drawGrid } from "./grid-drawing.ts";
import { cellAfterKey, cellAt, gridGeometry } from "./grid-geometry.ts";

export interface ChildGridProps {
  readonly states: Uint8Array;
  /** The index of the first child. */
  readonly from: number;
  /** The places in STATUSES of the states that are shown; the others are faint. */
  readonly shown: ReadonlySet<number>;
  readonly zoom: number;
  /** The cell that is told about. */
  readonly current: number | undefined;
  readonly onCurrent: (cell: number | undefined) => void;
  readonly onOpen: (cell: number) => void;
  /** Of the whole, for people who do not see it. */
  readonly summary: string;
}

/** The grid is never higher than this; what is more is scrolled to. */
const MOST_HEIGHT = 560;
/** Room for the ring around a cell at the edge. */
const MARGIN = 3;

/** One cell for each child, drawn, so that 10,000 are no more work for the browser than ten. */
export function ChildGrid(props: ChildGridProps) {
  const { states, from, shown, zoom, current, onCurrent, onOpen, summary } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const looks = useStatusLooks();
  const ring = useIsDark() ? "#ffffff" : "#0f141a";
  const geometry = useMemo(
    () => gridGeometry(states.length, Math.max(0, width - 2 * MARGIN), zoom),
    [states.length, width, zoom],
  );
  const fullHeight = geometry.rows * geometry.pitch + 2 * MARGIN;
  const height = Math.min(MOST_HEIGHT, fullHeight);
  const isShown = useCallback((cell: number) => shown.has(states[cell]!), [shown, states]);

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (width === 0) return;
    const picture = { geometry, states, looks, isShown, current, ring, top: top - MARGIN, width, height };
    drawGrid(canvas.current!, picture);
  }, [geometry, states, looks, isShown, current, ring, top, width, height]);

  const cellOf = (event: React.MouseEvent): number | undefined => {
    const box = canvas.current!.getBoundingClientRect();
    return cellAt(geometry, event.clientX - box.left, event.clientY - box.top + top - MARGIN);
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const cell = current ?? 0;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onOpen(cell);
      return;
    }
    const next =
      current === undefined && event.key.startsWith("Arrow") ? 0 : cellAfterKey(geometry, cell, event, isShown);
    if (next === undefined) return;
    event.preventDefault();
    onCurrent(next);
    const y = Math.floor(next / geometry.columns) * geometry.pitch;
    const element = scroller.current!;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + geometry.pitch + 2 * MARGIN > element.scrollTop + height)
      element.scrollTop = y + geometry.pitch + 2 * MARGIN - height;
  };

  const told =
    current === undefined || current >= states.length ? "" : `Child ${from + current}, ${STATUSES[states[current]!]}`;
  return (
    <>
      {/* A canvas has nothing in it that could have the focus or the role: what is around it has both. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        className="child-grid"
        style={{ blockSize: `${height}px` }}
        role="application"
        aria-roledescription="grid of children"
        aria-label={summary}
        aria-describedby="child-grid-keys"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        data-columns={geometry.columns}
        data-pitch={geometry.pitch}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
        onMouseMove={(event) => onCurrent(cellOf(event))}
        onClick={(event) => {
          const cell = cellOf(event);
          if (cell !== undefined) onOpen(cell);
        }}
      >
        <div style={{ blockSize: `${fullHeight}px` }}>
          <canvas
            ref={canvas}
            aria-hidden
            className="child-grid-canvas"
            style={{ inlineSize: `${width}px`, blockSize: `${height}px` }}
          />
        </div>
      </div>
      <p id="child-grid-keys" className="child-grid-unseen">
        Arrow keys go from child to child, Left and Right only to those that the legend shows; Home, End, Page Up and
        Page Down go further; Enter opens a child.
      </p>
      <p aria-live="polite" className="child-grid-unseen">
        {told}
      </p>
    </>
  );
}
