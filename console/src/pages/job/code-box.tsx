import { CopyButton } from "../../components/copy-button.tsx";
import "./code-box.css";

export interface CodeBoxProps {
  readonly text: string;
  /** What it is, for the button that copies it. */
  readonly what: string;
}

/** Text as it is, with a button that copies it. */
export function CodeBox({ text, what }: CodeBoxProps) {
  return (
    <div className="code-box">
      <div className="code-box-copy">
        <CopyButton text={text} label={`Copy ${what}`} variant="normal" />
      </div>
      <section aria-label={what}>
        {/* It scrolls, so the keyboard has to get into it. */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre className="job-code" tabIndex={0}>
          {text}
        </pre>
      </section>
    </div>
  );
}
