import type { JobDetail } from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PageLink } from "../../../components/resources/page-link.tsx";
import { durationText } from "../../../components/duration.tsx";
import { shellWords } from "../copy-as/shell.ts";
import { definitionPath, nameOfArn } from "../names.ts";
import { batchVariables } from "./batch-variables.ts";
import type { RanContainer } from "./containers.ts";
import { containersOf } from "./containers.ts";
import { Dependencies } from "./dependencies.tsx";
import "./details.css";

/** What ran, as it ran: after overrides and parameters. */
export default function DetailsPanel({ job }: { readonly job: JobDetail }) {
  const { dependsOn = [], parameters = {} } = job;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Job</Header>}>
        <KeyValuePairs columns={3} items={itemsOf(job)} />
      </Container>
      {containersOf(job).map((container, index) => (
        <ContainerCard key={container.name ?? index} job={job} container={container} />
      ))}
      {dependsOn.length > 0 && (
        <Container header={<Header variant="h2">Depends on</Header>}>
          <Dependencies dependsOn={dependsOn} />
        </Container>
      )}
      {Object.keys(parameters).length > 0 && (
        <Container header={<Header variant="h2">Parameters</Header>}>
          <Pairs label="Parameters" pairs={Object.entries(parameters).map(([name, value]) => ({ name, value }))} />
        </Container>
      )}
    </SpaceBetween>
  );
}

function itemsOf(job: JobDetail): KeyValuePairsProps.Item[] {
  const { attempts = 1, evaluateOnExit = [] } = job.retryStrategy ?? {};
  const timeout = job.timeout?.attemptDurationSeconds;
  const consumables = job.consumableResourceProperties?.consumableResourceList ?? [];
  const rules = evaluateOnExit.map(({ onExitCode, onReason, onStatusReason, action }) => {
    const conditions = { onExitCode, onReason, onStatusReason };
    const told = Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : `${name} ${value}`));
    return `${told.join(", ")}: ${action}`;
  });
  return [
    {
      label: "Job definition",
      value: <PageLink to={definitionPath(job.jobDefinition!)}>{nameOfArn(job.jobDefinition!)}</PageLink>,
    },
    { label: "Attempts", value: `At most ${attempts}` },
    { label: "Timeout of an attempt", value: timeout === undefined ? "None" : durationText(timeout * 1000) },
    ...(rules.length === 0
      ? []
      : [
          {
            label: "Retry rules",
            value: (
              <ol className="details-rules">
                {rules.map((rule) => (
                  <li key={rule}>{rule}</li>
                ))}
              </ol>
            ),
          },
        ]),
    ...(consumables.length === 0
      ? []
      : [
          {
            label: "Consumable resources",
            value: consumables
              .map(({ consumableResource = "", quantity }) => `${quantity} of ${nameOfArn(consumableResource)}`)
              .join(", "),
          },
        ]),
    ...(job.nodeProperties === undefined
      ? []
      : [{ label: "Nodes", value: `${job.nodeProperties.numNodes}, the main one is ${job.nodeProperties.mainNode}` }]),
    { label: "ARN", value: <span className="details-text">{job.jobArn}</span> },
  ];
}

function ContainerCard({ job, container }: { readonly job: JobDetail; readonly container: RanContainer }) {
  const { name, image, command, environment, secrets, resources, mounts, settings } = container;
  return (
    <Container header={<Header variant="h2">Container{name === undefined ? "" : ` ${name}`}</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={3}
          items={[
            { label: "Image", value: <span className="details-text">{image ?? "–"}</span> },
            ...resources.map(({ kind, value }) => ({
              label: kind,
              value: kind === "MEMORY" ? `${value} MiB` : value,
            })),
            ...settings.map(({ name: label, value }) => ({
              label,
              value: <span className="details-text">{value}</span>,
            })),
            ...(mounts.length === 0
              ? []
              : [{ label: "Volumes", value: <span className="details-text">{mounts.join("; ")}</span> }]),
          ]}
        />
        <div>
          <Box variant="h3">Command</Box>
          {command.length === 0 ? (
            <p>That of its image</p>
          ) : (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            <pre className="job-code details-command" tabIndex={0}>
              {shellWords(command)}
            </pre>
          )}
        </div>
        <div>
          <Box variant="h3">Environment</Box>
          <Pairs
            label="Environment"
            pairs={[
              ...environment,
              ...secrets.map(({ name: secret, from }) => ({ name: secret, value: `a secret, of ${from}` })),
              ...batchVariables(job),
            ]}
          />
          <Box color="text-body-secondary" margin={{ top: "xs" }}>
            Beside these it has what it needs to call this server: regions, endpoints, and keys that are not shown.
          </Box>
        </div>
      </SpaceBetween>
    </Container>
  );
}

interface PairsProps {
  readonly label: string;
  readonly pairs: readonly { readonly name: string; readonly value: string }[];
}

function Pairs({ label, pairs }: PairsProps) {
  return (
    <div className="details-pairs">
      <table aria-label={label}>
        <tbody>
          {pairs.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
