import { useState } from "react";

/** How a reader likes logs. Kept for this browser; it is no secret. */
export interface LogOptions {
  readonly times: "none" | "local" | "utc" | "start";
  readonly wraps: boolean;
}

const KEY = "longshore-log-options";
const USUAL: LogOptions = { times: "local", wraps: true };

export function useLogOptions(): [LogOptions, (change: Partial<LogOptions>) => void] {
  const [options, setOptions] = useState(kept);
  const change = (changes: Partial<LogOptions>): void => {
    const changed = { ...options, ...changes };
    setOptions(changed);
    localStorage.setItem(KEY, JSON.stringify(changed));
  };
  return [options, change];
}

function kept(): LogOptions {
  try {
    const { times, wraps } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<LogOptions>;
    return {
      times: times === "none" || times === "utc" || times === "start" ? times : USUAL.times,
      wraps: wraps ?? USUAL.wraps,
    };
  } catch {
    return USUAL;
  }
}

const LOCAL = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const LOCAL_DAY = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

/** @param startedAt of the attempt, epoch ms. */
export function timeText(timestamp: number, times: LogOptions["times"], startedAt: number | undefined): string {
  switch (times) {
    case "none":
      return "";
    case "utc":
      return new Date(timestamp).toISOString();
    case "local":
      return `${LOCAL_DAY.format(timestamp)} ${LOCAL.format(timestamp)}`;
    case "start":
      return sinceStart(timestamp - (startedAt ?? timestamp));
  }
}

function sinceStart(ms: number): string {
  const whole = Math.max(0, ms);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const hours = Math.floor(whole / 3_600_000);
  const clock = `${two(hours)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}`;
  return `+${clock}.${String(Math.floor(whole % 1000)).padStart(3, "0")}`;
}
