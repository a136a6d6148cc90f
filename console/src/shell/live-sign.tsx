import { useLiveState } from "../api/live.ts";

const WORDS = {
  connecting: ["Connecting", "The server's events are being asked for."],
  live: ["Live", "What happens is shown as it happens."],
  polling: ["Refreshing", "No events come at the moment: the page asks again every 5 seconds."],
} as const;

/** How fresh the pages are. */
export function LiveSign() {
  const state = useLiveState();
  const [word, meaning] = WORDS[state];
  return (
    <span className="shell-live" data-state={state} title={meaning}>
      {word}
    </span>
  );
}
