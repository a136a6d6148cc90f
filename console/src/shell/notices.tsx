import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import type { ReactNode } from "react";
import { createContext, lazy, Suspense, useContext, useMemo, useState } from "react";
import { errorText } from "../components/errors.tsx";

export interface Notices {
  /** "Job abc was cancelled." */
  success(text: string): void;
  /** What could not be done, and why: an error that a call threw, or words. */
  error(what: string, why?: unknown): void;
  info(text: string): void;
}

const Flashbar = lazy(() => import("@cloudscape-design/components/flashbar"));
const Context = createContext<Notices | undefined>(undefined);

/** More would cover the page. */
const MOST = 4;
/** What went well needs no hand to go away. */
const SUCCESS_SHOWN_MS = 8_000;

interface Notice {
  readonly id: string;
  readonly type: "success" | "error" | "info";
  readonly header: string;
  readonly content?: string;
}

/** Says at the top of the page what came of what a person did. */
export function NoticesProvider({ children }: { readonly children: (shown: ReactNode) => ReactNode }) {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const api = useMemo<Notices>(() => {
    const remove = (id: string): void => setNotices((shown) => shown.filter((notice) => notice.id !== id));
    const add = (notice: Omit<Notice, "id">): void => {
      const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
      setNotices((shown) => [{ id, ...notice }, ...shown].slice(0, MOST));
      if (notice.type !== "error") setTimeout(() => remove(id), SUCCESS_SHOWN_MS);
    };
    return {
      success: (header) => add({ type: "success", header }),
      info: (header) => add({ type: "info", header }),
      error: (header, why) =>
        add({
          type: "error",
          header,
          ...(why !== undefined && { content: typeof why === "string" ? why : errorText(why) }),
        }),
    };
  }, []);
  const items = notices.map(({ id, type, header, content }): FlashbarProps.MessageDefinition => {
    const text = (words: string) => <span style={{ overflowWrap: "anywhere" }}>{words}</span>;
    return {
      id,
      type,
      header: text(header),
      ...(content !== undefined && { content: text(content) }),
      ariaRole: type === "error" ? "alert" : "status",
      dismissible: true,
      dismissLabel: "Dismiss",
      statusIconAriaLabel: type,
      onDismiss: () => setNotices((shown) => shown.filter((notice) => notice.id !== id)),
    };
  });
  const shown = items.length > 0 && (
    <Suspense>
      <Flashbar items={items} />
    </Suspense>
  );
  return <Context value={api}>{children(shown)}</Context>;
}

export function useNotices(): Notices {
  const notices = useContext(Context);
  if (notices === undefined) throw new Error("useNotices is for what is inside the shell.");
  return notices;
}
