import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useRef, useState } from "react";
import type { LogEvent } from "../../../api/logs.ts";
import { logs } from "../../../api/logs.ts";
import { ErrorAlert } from "../../../components/errors.tsx";
import { phrasePattern } from "./log-search.ts";
import { plainText } from "./log-text.ts";
import type { LogSource } from "./read-log.ts";

const FOUND_AT_ONCE = 100;
/** More than that nobody reads: a narrower pattern helps. */
const MOST_FOUND = 2_000;
const LONGEST_SHOWN = 300;
const MOST_PAGES = 500;

interface Found {
  readonly pattern: string;
  readonly events: readonly (LogEvent & { readonly eventId: string })[];
  readonly nextToken?: string | undefined;
}

export interface SearchAllProps {
  readonly source: LogSource;
  /** What one looked for in the lines that are loaded. */
  readonly text: string;
  readonly onGo: (event: LogEvent) => void;
  readonly onClose: () => void;
}

/** Has the server search the whole log, with CloudWatch's filter patterns. */
export function SearchAll({ source, text, onGo, onClose }: SearchAllProps) {
  const [pattern, setPattern] = useState(text === "" ? "" : phrasePattern(text));
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<unknown>();
  const [isSearching, setSearching] = useState(false);
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => void (isOpen.current = false);
  }, []);
  const search = async (more?: Found): Promise<void> => {
    setSearching(true);
    setError(undefined);
    const asked = more?.pattern ?? pattern;
    let nextToken = more?.nextToken;
    const events = [...(more?.events ?? [])];
    try {
      // The server searches so much at a time: where it found nothing it is asked to go on.
      for (let pages = 0; pages < MOST_PAGES && isOpen.current; pages += 1) {
        const answer = await logs("FilterLogEvents", {
          logGroupName: source.logGroupName,
          logStreamNames: [source.logStreamName],
          filterPattern: asked,
          limit: FOUND_AT_ONCE,
          ...(nextToken !== undefined && { nextToken }),
        });
        ({ nextToken } = answer);
        events.push(...answer.events);
        if (answer.events.length > 0 || nextToken === undefined) break;
      }
      setFound({ pattern: asked, events, nextToken });
    } catch (problem) {
      setError(problem);
    }
    setSearching(false);
  };
  return (
    <Container
      header={
        <Header
          variant="h3"
          actions={<Button variant="icon" iconName="close" ariaLabel="Close the search" onClick={onClose} />}
        >
          Search the whole log
        </Header>
      }
    >
      <SpaceBetween size="s">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void search();
          }}
        >
          <FormField
            label="Filter pattern"
            description={
              'As in CloudWatch Logs, case counts: "a phrase", several words (all of them), ?one ?or ?other, -without, %a regular expression%, { $.level = "error" } for JSON.'
            }
            secondaryControl={
              <Button formAction="submit" loading={isSearching}>
                Search
              </Button>
            }
            stretch
          >
            <Input value={pattern} onChange={({ detail }) => setPattern(detail.value)} />
          </FormField>
        </form>
        {error !== undefined && <ErrorAlert what="The log could not be searched" error={error} />}
        {found !== undefined && (
          <>
            <Box variant="awsui-key-label">
              <output>
                {found.events.length === 0 ? "No line matches" : `${found.events.length} lines`}
                {found.nextToken === undefined ? "" : " so far"}
              </output>
            </Box>
            <ol className="log-results">
              {found.events.map((event) => (
                <li key={event.eventId}>
                  <button type="button" className="log-result" onClick={() => onGo(event)}>
                    <span className="log-time">{new Date(event.timestamp).toISOString()}</span>{" "}
                    {plainText(event.message.slice(0, LONGEST_SHOWN))}
                    {event.message.length > LONGEST_SHOWN && "…"}
                  </button>
                </li>
              ))}
            </ol>
            {found.nextToken !== undefined && found.events.length < MOST_FOUND && (
              <Button loading={isSearching} onClick={() => void search(found)}>
                Search on
              </Button>
            )}
          </>
        )}
      </SpaceBetween>
    </Container>
  );
}
