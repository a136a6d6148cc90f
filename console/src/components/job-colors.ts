import { useSyncExternalStore } from "react";
import type { PlainJobStatus } from "../../../src/core/job.ts";

/** How a state is drawn where there is room for a colour and a mark only. */
export interface StatusLook {
  readonly fill: string;
  /** Tells the states apart without colours, too. */
  readonly mark?: "cross" | "dot" | "ring";
  /** What the mark is drawn with. */
  readonly ink: string;
}

/** In the order of a job's way. They differ in lightness as well as in hue, for people who do not see all hues. */
const LIGHT: Readonly<Record<PlainJobStatus, StatusLook>> = {
  SUBMITTED: { fill: "#e4e7ec", ink: "#424650" },
  PENDING: { fill: "#b6bec9", ink: "#0f141a" },
  RUNNABLE: { fill: "#f2cd54", ink: "#0f141a" },
  STARTING: { fill: "#9cc4fb", ink: "#002b66", mark: "ring" },
  RUNNING: { fill: "#0a5fd6", ink: "#ffffff", mark: "dot" },
  SUCCEEDED: { fill: "#5fb894", ink: "#00251a" },
  FAILED: { fill: "#a3170b", ink: "#ffffff", mark: "cross" },
};

const DARK: Readonly<Record<PlainJobStatus, StatusLook>> = {
  SUBMITTED: { fill: "#3a4250", ink: "#dedee3" },
  PENDING: { fill: "#6b7585", ink: "#ffffff" },
  RUNNABLE: { fill: "#e0b93a", ink: "#0f141a" },
  STARTING: { fill: "#a9ceff", ink: "#002b66", mark: "ring" },
  RUNNING: { fill: "#3d8bff", ink: "#0f141a", mark: "dot" },
  SUCCEEDED: { fill: "#2e8b68", ink: "#ffffff" },
  FAILED: { fill: "#ff8577", ink: "#2b0400", mark: "cross" },
};

export type StatusLooks = typeof LIGHT;

/** For the theme that is shown. */
export function useStatusLooks(): StatusLooks {
  return useIsDark() ? DARK : LIGHT;
}

export function useIsDark(): boolean {
  return useSyncExternalStore(watchTheme, isDark);
}

function isDark(): boolean {
  return document.body.classList.contains("awsui-dark-mode");
}

function watchTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributeFilter: ["class"] });
  return () => observer.disconnect();
}
