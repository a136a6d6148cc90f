import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Link } from "wouter";
import type { EnvironmentSummary } from "../../../../src/ports/summary-report.ts";
import { EmptyState } from "../../components/empty-state.tsx";

/** More are on their own page. */
const MOST = 12;

/** How full each environment is now, the fullest first. */
export function EnvironmentUse({ environments }: { readonly environments: readonly EnvironmentSummary[] }) {
  const fullest = environments.toSorted((a, b) => partOf(b) - partOf(a)).slice(0, MOST);
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${environments.length})`}>
          Environments
        </Header>
      }
    >
      {fullest.length === 0 ? (
        <EmptyState title="No compute environments">
          <Link href="/environments?create=1">Create one</Link>: jobs run in them.
        </EmptyState>
      ) : (
        <SpaceBetween size="m">
          {fullest.map((environment) => (
            <Use key={environment.computeEnvironmentArn} environment={environment} />
          ))}
          {environments.length > fullest.length && (
            <Box>
              <Link href="/environments">All {environments.length}</Link>
            </Box>
          )}
        </SpaceBetween>
      )}
    </Container>
  );
}

function Use({ environment }: { readonly environment: EnvironmentSummary }) {
  const { computeEnvironment: name, vcpusInUse, maxvCpus, runningJobs, instances } = environment;
  const parts = [
    `${vcpusInUse}${maxvCpus === undefined ? "" : ` of ${maxvCpus}`} vCPUs in use`,
    `${runningJobs} ${runningJobs === 1 ? "job" : "jobs"}`,
    ...(instances === undefined ? [] : [`${instances} ${instances === 1 ? "instance" : "instances"}`]),
  ];
  return (
    <div style={{ overflowWrap: "anywhere" }}>
      <ProgressBar
        value={100 * partOf(environment)}
        label={<Link href={`/environments/${encodeURIComponent(name)}`}>{name}</Link>}
        ariaLabel={`${name}: ${parts[0]}`}
        additionalInfo={parts.join(" · ")}
      />
    </div>
  );
}

function partOf({ vcpusInUse, maxvCpus }: EnvironmentSummary): number {
  return maxvCpus === undefined || maxvCpus === 0 ? 0 : Math.min(1, vcpusInUse / maxvCpus);
}
