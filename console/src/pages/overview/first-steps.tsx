import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useLocation } from "wouter";
import { currentRegion } from "../../api/region.ts";
import { CopyButton } from "../../components/copy-button.tsx";

/** Where nothing was ever submitted. */
export function FirstSteps() {
  const [, navigate] = useLocation();
  const { origin } = window.location;
  const region = currentRegion();
  const ways = [
    ["longshore", `longshore run -- echo hello`],
    [
      "AWS CLI",
      `export AWS_ENDPOINT_URL_BATCH=${origin} AWS_REGION=${region} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
aws batch submit-job --job-name hello --job-queue default --job-definition default \\
  --container-overrides '{"command":["echo","hello"]}'`,
    ],
    [
      "boto3",
      `import boto3
batch = boto3.client("batch", endpoint_url="${origin}", region_name="${region}",
                     aws_access_key_id="local", aws_secret_access_key="local")
batch.submit_job(jobName="hello", jobQueue="default", jobDefinition="default",
                 containerOverrides={"command": ["echo", "hello"]})`,
    ],
  ] as const;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Nothing was submitted yet. Each of these submits a first job; it is shown here at once."
          actions={<Button onClick={() => navigate("/jobs?submit=1")}>Submit job</Button>}
        >
          Submit a first job
        </Header>
      }
    >
      <SpaceBetween size="m">
        {ways.map(([name, text]) => (
          <div key={name}>
            <Box variant="h3" fontSize="heading-xs" padding="n">
              {name} <CopyButton text={text} label={`Copy the commands for ${name}`} />
            </Box>
            <pre className="overview-commands">{text}</pre>
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
