import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import type { LogOptions } from "./log-options.ts";

const TIMES = [
  { value: "local", label: "Local time" },
  { value: "utc", label: "UTC" },
  { value: "start", label: "Since the start" },
  { value: "none", label: "No times" },
];

export interface LogToolbarProps {
  readonly options: LogOptions;
  readonly onOptions: (change: Partial<LogOptions>) => void;
  /** Undefined where nothing more will come. */
  readonly follows: boolean | undefined;
  readonly onFollow: (follows: boolean) => void;
  readonly onStart: () => void;
  readonly onEnd: () => void;
  readonly search: string;
  readonly onSearch: (text: string) => void;
  /** Of the lines that are in memory. */
  readonly found: number;
  /** From 1; 0 before one was gone to. */
  readonly at: number;
  readonly onStep: (by: 1 | -1) => void;
  readonly onSearchAll: () => void;
  readonly onDownload: () => void;
  readonly isDownloading: boolean;
}

export function LogToolbar(props: LogToolbarProps) {
  const { options, onOptions, follows, search, found, at, onStep } = props;
  return (
    <div className="log-toolbar" role="toolbar" aria-label="Log">
      <div className="log-search">
        <Input
          type="search"
          value={search}
          placeholder="Find in the lines that are loaded"
          ariaLabel="Find"
          clearAriaLabel="Clear"
          onChange={({ detail }) => props.onSearch(detail.value)}
          onKeyDown={(event) => {
            if (event.detail.key !== "Enter") return;
            event.preventDefault();
            onStep(event.detail.shiftKey ? -1 : 1);
          }}
        />
        <Button iconName="angle-up" ariaLabel="Previous match" disabled={found === 0} onClick={() => onStep(-1)} />
        <Button iconName="angle-down" ariaLabel="Next match" disabled={found === 0} onClick={() => onStep(1)} />
        <output className="log-found">
          {search === "" ? "" : found === 0 ? "No line" : `${at === 0 ? "" : `${at} of `}${found} lines`}
        </output>
        <Button onClick={props.onSearchAll}>Search the whole log</Button>
      </div>
      <div className="log-choices">
        <Select
          ariaLabel="Times"
          selectedOption={TIMES.find(({ value }) => value === options.times) ?? null}
          options={TIMES}
          onChange={({ detail }) => onOptions({ times: detail.selectedOption.value as LogOptions["times"] })}
        />
        <Toggle checked={options.wraps} onChange={({ detail }) => onOptions({ wraps: detail.checked })}>
          Wrap
        </Toggle>
        {follows !== undefined && (
          <Toggle checked={follows} onChange={({ detail }) => props.onFollow(detail.checked)}>
            Follow
          </Toggle>
        )}
        <Button iconName="arrow-up" ariaLabel="To the log's beginning" onClick={props.onStart} />
        <Button iconName="arrow-down" ariaLabel="To the log's end" onClick={props.onEnd} />
        <Button iconName="download" loading={props.isDownloading} onClick={props.onDownload}>
          Download
        </Button>
      </div>
    </div>
  );
}
