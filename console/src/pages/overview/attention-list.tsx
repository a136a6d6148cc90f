import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { AttentionAction, AttentionItem } from "../../../../src/core/attention/attention-item.ts";
import type { AttentionReport } from "../../../../src/ports/attention-report.ts";
import type { RetriedLetters } from "../../../../src/ports/event-targets.ts";
import { batch } from "../../api/batch.ts";
import { call, CallFailed } from "../../api/call.ts";
import { takeEarly } from "../../api/early.ts";
import { ErrorAlert } from "../../components/errors.tsx";
import { Time } from "../../components/time.tsx";
import { useNotices } from "../../shell/notices.tsx";

/** Some of it comes with time alone, and no event tells of that. */
const EVERY_MS = 15_000;

export function AttentionList() {
  const { data, error, refetch } = useQuery({
    queryKey: ["attention"],
    queryFn: ({ signal }) =>
      takeEarly<AttentionReport>("attention") ?? call<AttentionReport>("/longshore/attention", "longshore", { signal }),
    refetchInterval: EVERY_MS,
  });
  const count = data === undefined ? "" : `(${data.itemCount})`;
  return (
    <Container
      header={
        <Header variant="h2" counter={count}>
          Needs attention
        </Header>
      }
    >
      {data === undefined ? (
        error !== null && (
          <ErrorAlert what="What needs attention could not be read" error={error} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <StatusIndicator type="success">Nothing needs attention.</StatusIndicator>
      ) : (
        <ul className="overview-attention">
          {data.items.map((item) => (
            <Item key={`${item.kind} ${item.title}`} item={item} />
          ))}
        </ul>
      )}
      {data !== undefined && data.itemCount > data.items.length && (
        <Box color="text-body-secondary">There are {data.itemCount - data.items.length} more.</Box>
      )}
    </Container>
  );
}

const WORDS = { error: "Error", warning: "Warning", info: "Note" } as const;

function Item({ item }: { readonly item: AttentionItem }) {
  return (
    <li>
      <div>
        <StatusIndicator type={item.severity} iconAriaLabel={WORDS[item.severity]}>
          {item.href === undefined ? item.title : <Link href={item.href}>{item.title}</Link>}
        </StatusIndicator>
        <Box variant="p" padding="n">
          {item.reason}
        </Box>
        {item.since !== undefined && (
          <Box color="text-body-secondary" fontSize="body-s">
            Since <Time at={item.since} />
          </Box>
        )}
      </div>
      {item.action !== undefined && <Fix action={item.action} />}
    </li>
  );
}

function Fix({ action }: { readonly action: AttentionAction }) {
  const [, navigate] = useLocation();
  const [isBusy, setBusy] = useState(false);
  const notices = useNotices();
  const queries = useQueryClient();
  const fix = async (): Promise<void> => {
    if (action.kind === "open") return navigate(action.href);
    setBusy(true);
    try {
      notices.success(await done(action));
    } catch (error) {
      notices.error("That could not be done", error);
    }
    setBusy(false);
    await queries.invalidateQueries();
  };
  return (
    <Button loading={isBusy} onClick={() => void fix()}>
      {action.label}
    </Button>
  );
}

async function done(action: Exclude<AttentionAction, { readonly kind: "open" }>): Promise<string> {
  if (action.kind === "enable-queue") {
    await batch("UpdateJobQueue", { jobQueue: action.jobQueue, state: "ENABLED" });
    return `Queue ${action.jobQueue} is enabled.`;
  }
  if (action.kind === "retry-dead-letters") return retryDeadLetters(action.target);
  await batch("UpdateComputeEnvironment", { computeEnvironment: action.computeEnvironment, state: "ENABLED" });
  return `Environment ${action.computeEnvironment} is enabled.`;
}

/** Tried at a time: each waits for its receiver. */
const LETTERS = 100;

async function retryDeadLetters(target: string): Promise<string> {
  const { delivered, failed } = await call<RetriedLetters>("/longshore/events/dead-letters/retry", "longshore", {
    method: "POST",
    body: { target, limit: LETTERS },
  });
  if (failed > 0) {
    throw new CallFailed(502, "NotDelivered", `${failed} of ${delivered + failed} events were refused by ${target}.`);
  }
  return `${delivered === 1 ? "An event was" : `${delivered} events were`} delivered to ${target}.`;
}
