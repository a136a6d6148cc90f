import type { ButtonProps } from "@cloudscape-design/components/button";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";

export interface CopyButtonProps {
  readonly text: string;
  /** What is copied: "Copy the job id". */
  readonly label: string;
  /** `icon` is a button without a visible text. */
  readonly variant?: "icon" | "normal";
}

const SHOWN_MS = 2_000;

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text, label, variant = "icon" }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  const copy = async (): Promise<void> => {
    setOutcome((await copied(text)) ? "copied" : "failed");
    setTimeout(() => setOutcome(undefined), SHOWN_MS);
  };
  const words = outcome === undefined ? label : outcome === "copied" ? "Copied" : "Not copied";
  const iconName: ButtonProps["iconName"] = outcome === undefined ? "copy" : outcome === "copied" ? "check" : "close";
  return (
    <span aria-live="polite">
      {variant === "icon" ? (
        <Button variant="inline-icon" iconName={iconName} ariaLabel={words} onClick={() => void copy()} />
      ) : (
        <Button iconName={iconName} onClick={() => void copy()}>
          {words}
        </Button>
      )}
    </span>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

/** The clipboard's own API is only there for localhost and HTTPS; the old way is everywhere. */
function copiedBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  // oxlint-disable-next-line typescript/no-deprecated -- where there is no other way
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
