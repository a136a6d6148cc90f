import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useLocation } from "wouter";

/** A link to another page of the console, in the text's own flow. */
export function PageLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  const [, navigate] = useLocation();
  return (
    <Link
      href={to}
      onFollow={(event) => {
        event.preventDefault();
        navigate(to);
      }}
    >
      <span style={{ overflowWrap: "anywhere" }}>{children}</span>
    </Link>
  );
}

export function QueueLink({ name }: { readonly name: string }) {
  return <PageLink to={`/queues/${encodeURIComponent(name)}`}>{name}</PageLink>;
}

export function EnvironmentLink({ name }: { readonly name: string }) {
  return <PageLink to={`/environments/${encodeURIComponent(name)}`}>{name}</PageLink>;
}

/** `name` is what people call it; without one the beginning of its id is shown. */
export function JobLink({ id, name }: { readonly id: string; readonly name?: string | undefined }) {
  return <PageLink to={`/jobs/${encodeURIComponent(id)}`}>{name ?? id}</PageLink>;
}

/** Of a job of a queue for training. */
export function ServiceJobLink({ id, name }: { readonly id: string; readonly name?: string | undefined }) {
  return <PageLink to={`/service-jobs/${encodeURIComponent(id)}`}>{name ?? id}</PageLink>;
}
