import "./share-bar.css";

export interface ShareBarProps {
  /** 0 to 1. */
  readonly part: number;
  /** What is written above it. */
  readonly text: string;
}

/** How much of something: in words, and as a bar below them. */
export function ShareBar({ part, text }: ShareBarProps) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return (
    <div className="share-bar">
      <span>
        {text} ({percent} %)
      </span>
      <div className="share-bar-track" aria-hidden="true">
        <div className="share-bar-part" style={{ inlineSize: `${percent}%` }} data-full={percent >= 90} />
      </div>
    </div>
  );
}
