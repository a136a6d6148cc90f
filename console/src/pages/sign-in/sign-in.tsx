import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useSigning } from "../../api/server.ts";
import { errorText } from "../../components/errors.tsx";
import { PageTitle } from "../../components/page-title.tsx";

/** In the place of whatever page was asked for, which is shown afterwards. */
export default function SignIn() {
  const { signIn } = useSigning();
  const [accessKeyId, setAccessKeyId] = useState("");
  const [secret, setSecret] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const submit = async (): Promise<void> => {
    if (isBusy) return;
    if (accessKeyId.trim() === "" || secret === "") {
      setFailure("Give the access key id and its secret.");
      return;
    }
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn(accessKeyId.trim(), secret.trim());
    } catch (error) {
      setFailure(errorText(error));
    } finally {
      setSecret("");
      setBusy(false);
    }
  };
  return (
    <div className="shell-sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Container header={<PageTitle>Sign in</PageTitle>}>
          <SpaceBetween size="m">
            {failure !== undefined && (
              <div role="alert">
                <Alert type="error" statusIconAriaLabel="Error">
                  {failure}
                </Alert>
              </div>
            )}
            <FormField label="Access key id" stretch>
              <Input
                value={accessKeyId}
                onChange={({ detail }) => setAccessKeyId(detail.value)}
                name="username"
                autoComplete="username"
                spellcheck={false}
              />
            </FormField>
            <FormField label="Secret access key" stretch>
              <Input
                value={secret}
                onChange={({ detail }) => setSecret(detail.value)}
                type="password"
                name="password"
                autoComplete="current-password"
              />
            </FormField>
            <Button variant="primary" formAction="submit" loading={isBusy} fullWidth>
              Sign in
            </Button>
            <Box color="text-body-secondary" fontSize="body-s">
              Keys are made on the server&apos;s machine: <Box variant="code">longshore credentials create</Box>. You
              may do here what the key&apos;s policy allows.
            </Box>
          </SpaceBetween>
        </Container>
      </form>
    </div>
  );
}
