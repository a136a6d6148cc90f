import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import { useEffect } from "react";

export interface PageTitleProps {
  readonly children: string;
  readonly actions?: ReactNode;
  readonly description?: ReactNode;
  readonly counter?: string;
}

/** The one h1 of a page, which names the browser's tab, too. */
export function PageTitle({ children, actions, description, counter }: PageTitleProps) {
  useEffect(() => {
    document.title = `${children} · Longshore`;
  }, [children]);
  return (
    <Header variant="h1" actions={actions} description={description} {...(counter !== undefined && { counter })}>
      {children}
    </Header>
  );
}
