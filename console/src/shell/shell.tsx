import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";
import { useState } from "react";
import { Link } from "wouter";
import type { ServerInfo } from "../../../src/ports/server-info.ts";
import { AccountMenu, RegionMenu } from "./account-menu.tsx";
import { LiveSign } from "./live-sign.tsx";
import { Navigation } from "./navigation.tsx";
import { NoticesProvider } from "./notices.tsx";

export interface ShellProps {
  readonly children: ReactNode;
  /** Undefined until it has answered. */
  readonly server: ServerInfo | undefined;
  readonly onRegion: () => void;
}

/** What is around every page. */
export function Shell({ children, server, onRegion }: ShellProps) {
  const [isNavigationOpen, setNavigationOpen] = useState(false);
  const user = server?.user;
  return (
    <NoticesProvider>
      {(shown) => (
        <>
          <a className="shell-skip" href="#page">
            Skip to the page
          </a>
          <header className="shell-bar awsui-context-top-navigation">
            {user !== undefined && (
              <span className="shell-menu">
                <Button
                  iconName="menu"
                  variant="icon"
                  ariaLabel="Navigation"
                  ariaExpanded={isNavigationOpen}
                  onClick={() => setNavigationOpen(!isNavigationOpen)}
                />
              </span>
            )}
            <Link href="/">Longshore</Link>
            <span className="shell-bar-end">
              {user !== undefined && (
                <>
                  <LiveSign />
                  <RegionMenu onChange={onRegion} />
                </>
              )}
              <AccountMenu user={user} />
            </span>
          </header>
          <div className="shell-frame" data-has-navigation={user !== undefined}>
            {user !== undefined && (
              <nav className="shell-navigation" data-open={isNavigationOpen} aria-label="Longshore">
                <Navigation onFollow={() => setNavigationOpen(false)} />
              </nav>
            )}
            <main id="page" className="shell-page" tabIndex={-1}>
              {shown}
              {children}
            </main>
          </div>
        </>
      )}
    </NoticesProvider>
  );
}
