import Alert from "@cloudscape-design/components/alert";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import type { LoggedJob } from "../job-state.ts";
import type { JobLog } from "../../../../../src/ports/job-logs.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { useNotices } from "../../../shell/notices.tsx";
import { downloadLog } from "./download-log.ts";
import { useLogOptions } from "./log-options.ts";
import { finderOf, lineLink, lineMark, linesWith, parseLineLink } from "./log-search.ts";
import { LogToolbar } from "./log-toolbar.tsx";
import type { LogViewHandle } from "./log-view.tsx";
import { LogView } from "./log-view.tsx";
import type { LogLine } from "./log-window.ts";
import type { LogSource } from "./read-log.ts";
import { isGone } from "./read-log.ts";
import { SearchAll } from "./search-all.tsx";
import type { LogPlace } from "./use-log-window.ts";
import { findLine, useLogWindow } from "./use-log-window.ts";

export interface LogViewerProps {
  readonly job: LoggedJob;
  readonly log: JobLog;
  readonly source: LogSource;
  /** Nothing more will be written. */
  readonly isOver: boolean;
}

/** One log: its lines, and what one can do with them. */
export function LogViewer({ job, log, source, isOver }: LogViewerProps) {
  const notices = useNotices();
  const [params, setParams] = useSearchParams();
  const [options, setOptions] = useLogOptions();
  const [follows, setFollows] = useState(params.get("line") === null);
  const [search, setSearch] = useState("");
  const [isSearchingAll, setSearchingAll] = useState(false);
  const [isDownloading, setDownloading] = useState(false);
  const [selected, setSelected] = useState<number>();
  const { window: lines, view } = useLogWindow(source, follows, isOver);
  const place = useRef<LogViewHandle>(null);
  const [revealed, setRevealed] = useState<{ readonly seq: number }>();

  const finder = useMemo(() => finderOf(search), [search]);
  const deferredFinder = useDeferredValue(finder);
  const found = useMemo(() => linesWith(view.lines, deferredFinder), [view.lines, deferredFinder]);
  const at = selected === undefined ? 0 : found.indexOf(selected) + 1;

  const goTo = useCallback(
    async (wanted: LogPlace): Promise<boolean> => {
      const line = await findLine(lines, wanted);
      if (line !== undefined) {
        setSelected(line.seq);
        setRevealed({ seq: line.seq });
      }
      return line !== undefined;
    },
    [lines],
  );
  const [linked] = useState(() => parseLineLink(params.get("line")));
  useEffect(() => {
    const open = async (): Promise<void> => {
      if (linked === undefined) await lines.open("tail");
      else if (!(await goTo(linked))) notices.info("The line of this link is not there any more.");
    };
    void open();
  }, [lines, linked, goTo, notices]);

  const select = useCallback(
    (line: LogLine): void => {
      setSelected(line.seq);
      setParams(
        (now) => {
          const next = new URLSearchParams(now);
          next.set("tab", "logs");
          next.set("line", lineLink(line));
          return next;
        },
        { replace: true },
      );
    },
    [setParams],
  );
  const hrefOf = useCallback(
    (line: LogLine): string => {
      const next = new URLSearchParams(params);
      next.set("tab", "logs");
      next.set("attempt", String(log.attempt));
      next.set("line", lineLink(line));
      return `?${next}`;
    },
    [params, log.attempt],
  );
  const step = (by: 1 | -1): void => {
    if (found.length === 0) return;
    const from = selected ?? (by > 0 ? -Infinity : Infinity);
    const next = by > 0 ? found.find((seq) => seq > from) : found.findLast((seq) => seq < from);
    const seq = next ?? (by > 0 ? found[0]! : found.at(-1)!);
    const line = view.lines[seq - view.lines[0]!.seq];
    setFollows(false);
    if (line !== undefined) select(line);
    setRevealed({ seq });
  };
  const jump = async (end: "head" | "tail"): Promise<void> => {
    setFollows(end === "tail");
    if (end === "head" ? !view.isAtStart : !view.isAtEnd) await lines.open(end);
    if (end === "head") place.current?.toStart();
    else place.current?.toEnd();
  };
  const download = async (): Promise<void> => {
    setDownloading(true);
    try {
      await downloadLog(job.jobId!, log);
    } catch (error) {
      notices.error("The log could not be downloaded", error);
    }
    setDownloading(false);
  };
  const readBefore = useCallback(() => void lines.readBefore(), [lines]);
  const readAfter = useCallback(() => {
    if (!follows) void lines.readAfter();
  }, [lines, follows]);

  return (
    <div className="log">
      <LogToolbar
        options={options}
        onOptions={setOptions}
        follows={isOver ? undefined : follows}
        onFollow={setFollows}
        onStart={() => void jump("head")}
        onEnd={() => void jump("tail")}
        search={search}
        onSearch={setSearch}
        found={found.length}
        at={at}
        onStep={step}
        onSearchAll={() => setSearchingAll(!isSearchingAll)}
        onDownload={() => void download()}
        isDownloading={isDownloading}
      />
      {isSearchingAll && (
        <SearchAll
          source={source}
          text={search}
          onGo={({ timestamp, message }) => {
            setFollows(false);
            void goTo({ timestamp, mark: lineMark(message) });
          }}
          onClose={() => setSearchingAll(false)}
        />
      )}
      {view.error !== undefined && view.lines.length > 0 && (
        <Alert type="warning" statusIconAriaLabel="Warning">
          The log could not be read further. It is tried again.
        </Alert>
      )}
      {view.lines.length === 0 ? (
        <NoLines view={view} isOver={isOver} onRetry={() => void lines.open("tail")} />
      ) : (
        <LogView
          handle={place}
          view={view}
          options={options}
          startedAt={log.startedAt}
          finder={deferredFinder}
          selected={selected}
          reveal={revealed}
          follows={follows && view.isAtEnd}
          label={`Log of ${job.jobName}, attempt ${log.attempt}`}
          hrefOf={hrefOf}
          onSelect={select}
          onNearStart={readBefore}
          onNearEnd={readAfter}
          onFollow={setFollows}
        />
      )}
    </div>
  );
}

interface NoLinesProps {
  readonly view: { readonly isOpening: boolean; readonly error?: unknown };
  readonly isOver: boolean;
  readonly onRetry: () => void;
}

function NoLines({ view: { error, isOpening }, isOver, onRetry }: NoLinesProps) {
  if (error !== undefined && isGone(error)) {
    return <EmptyState title="The log is gone">Its stream was deleted, or its group keeps logs no longer.</EmptyState>;
  }
  if (error !== undefined) return <ErrorAlert what="The log cannot be read" error={error} onRetry={onRetry} />;
  if (isOpening) return <Loading what="Reading the log" />;
  if (isOver) return <EmptyState title="It wrote nothing" />;
  return <EmptyState title="It has written nothing yet">What it writes appears here.</EmptyState>;
}
