import { useVirtualizer } from "@tanstack/react-virtual";
import type { Ref } from "react";
import { useCallback, useEffect, useImperativeHandle, useRef } from "react";
import { LogRow } from "./log-row.tsx";
import type { LogOptions } from "./log-options.ts";
import { timeText } from "./log-options.ts";
import type { LogLine, LogView as View } from "./log-window.ts";

const ROW_PX = 18;
const OVERSCAN_ROWS = 20;
/** Nearer to an end than this, what is beyond it is asked for. */
const NEAR_ROWS = 100;
const AT_END_PX = 24;

export interface LogViewHandle {
  toStart(): void;
  toEnd(): void;
}

export interface LogViewProps {
  readonly handle: Ref<LogViewHandle>;
  readonly view: View;
  readonly options: LogOptions;
  readonly startedAt: number | undefined;
  readonly finder: RegExp | undefined;
  readonly selected: number | undefined;
  /** A line to bring into the middle, once for each object. */
  readonly reveal: { readonly seq: number } | undefined;
  readonly follows: boolean;
  readonly label: string;
  readonly hrefOf: (line: LogLine) => string;
  readonly onSelect: (line: LogLine) => void;
  readonly onNearStart: () => void;
  readonly onNearEnd: () => void;
  /** The reader went away from the end, or came to it. */
  readonly onFollow: (follows: boolean) => void;
}

/** The lines of a log: as many are drawn as one can see. */
export function LogView(props: LogViewProps) {
  const { view, options, startedAt, finder, selected, reveal, follows, handle, onNearStart, onNearEnd, onFollow } =
    props;
  const { lines, isAtStart, isAtEnd } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const keyOf = useCallback((index: number) => lines[index]?.seq ?? index, [lines]);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_ROWS,
    getItemKey: keyOf,
    // Lines that come in front move nothing that one reads, and those behind are followed from the end only.
    anchorTo: "end",
    followOnAppend: follows,
    scrollEndThreshold: AT_END_PX,
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lines.length > 0 && first < NEAR_ROWS && !isAtStart) onNearStart();
  }, [lines, first, isAtStart, onNearStart]);
  useEffect(() => {
    if (lines.length > 0 && last > lines.length - NEAR_ROWS && !isAtEnd) onNearEnd();
  }, [lines, last, isAtEnd, onNearEnd]);
  useEffect(() => {
    if (follows && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: "end" });
    // When it begins to follow; from then on the virtualiser does.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [follows, rows]);
  useEffect(() => {
    if (reveal !== undefined) rows.scrollToIndex(reveal.seq - (lines[0]?.seq ?? 0), { align: "center" });
    // Once: later lines are no reason to go there again.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [reveal, rows]);
  useImperativeHandle(handle, () => ({
    toStart: () => rows.scrollToIndex(0, { align: "start" }),
    toEnd: () => rows.scrollToIndex(lines.length - 1, { align: "end" }),
  }));
  const lastDirection = useRef(0);
  const lastTouch = useRef(0);
  const seen = useRef({ height: 0, top: 0 });
  const leaveEnd = (): void => {
    if (follows) onFollow(false);
  };
  const noteScroll = (): void => {
    const box = scroller.current!;
    const isAtBottom = box.scrollHeight - box.scrollTop - box.clientHeight <= AT_END_PX;
    // Of what the program does, some makes the list longer or shorter; dragging the bar does not.
    const isDragged = box.scrollHeight === seen.current.height && box.scrollTop < seen.current.top - 1;
    seen.current = { height: box.scrollHeight, top: box.scrollTop };
    if (isDragged && !isAtBottom) leaveEnd();
    if (isAtBottom && !follows && isAtEnd && lastDirection.current > 0) onFollow(true);
  };
  const move = (direction: number): void => {
    lastDirection.current = direction;
    if (direction < 0) leaveEnd();
  };
  const step = (by: number): void => {
    const at = selected === undefined ? undefined : lines[selected - (lines[0]?.seq ?? 0) + by];
    const line = at ?? lines[firstVisible(items, scroller.current?.scrollTop ?? 0)];
    if (line === undefined) return;
    leaveEnd();
    props.onSelect(line);
    rows.scrollToIndex(line.seq - lines[0]!.seq, { align: "auto" });
  };
  return (
    // It scrolls, so the keyboard has to get into it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      ref={scroller}
      className={options.wraps ? "log-view log-view-wraps" : "log-view"}
      aria-label={props.label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onScroll={noteScroll}
      onWheel={(event) => move(Math.sign(event.deltaY))}
      onTouchStart={(event) => (lastTouch.current = event.touches[0]?.clientY ?? 0)}
      onTouchMove={(event) => move(lastTouch.current - (event.touches[0]?.clientY ?? 0))}
      onPointerDown={() => (lastDirection.current = 1)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === scroller.current) step(0);
        else if (event.shiftKey && event.key === "ArrowDown") step(1);
        else if (event.shiftKey && event.key === "ArrowUp") step(-1);
        else if (["ArrowUp", "PageUp", "Home"].includes(event.key)) return move(-1);
        else if (["ArrowDown", "PageDown", "End", " "].includes(event.key)) return move(1);
        else return undefined;
        event.preventDefault();
      }}
    >
      <div className="log-rows" style={{ blockSize: `${rows.getTotalSize()}px` }}>
        {items.map(({ index, key, start }) => {
          const line = lines[index]!;
          return (
            <div
              key={key}
              ref={rows.measureElement}
              data-index={index}
              className={line.seq === selected ? "log-row log-row-selected" : "log-row"}
              style={{ transform: `translateY(${start}px)` }}
            >
              <LogRow
                line={line}
                time={timeText(line.timestamp, options.times, startedAt)}
                finder={finder}
                href={props.hrefOf(line)}
                onSelect={props.onSelect}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function firstVisible(items: readonly { readonly index: number; readonly end: number }[], scrollTop: number): number {
  return items.find(({ end }) => end > scrollTop)?.index ?? 0;
}
