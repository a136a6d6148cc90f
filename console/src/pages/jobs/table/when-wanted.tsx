import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";
import { Suspense, useEffect, useRef, useState } from "react";

export interface WhenWantedProps {
  /** Of the button, until the real one is there. */
  readonly label: string;
  /** A lazy component whose own button opens it. */
  readonly children: ReactNode;
}

/** A button that is large because of what it opens is loaded when it is clicked first, and opened then. */
export function WhenWanted({ label, children }: WhenWantedProps) {
  const [isWanted, setWanted] = useState(false);
  const waiting = <Button variant="icon" iconName="settings" ariaLabel={label} onClick={() => setWanted(true)} />;
  return isWanted ? (
    <Suspense fallback={waiting}>
      <Opened>{children}</Opened>
    </Suspense>
  ) : (
    waiting
  );
}

function Opened({ children }: { readonly children: ReactNode }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const button = place.current?.querySelector("button");
    button?.focus();
    button?.click();
  }, []);
  return <span ref={place}>{children}</span>;
}
