import Box from "@cloudscape-design/components/box";
import type { HostAnswer, HostRequest } from "../../../../src/ports/host-reports.ts";
import { call } from "../../api/call.ts";
import { TextField } from "../../components/form/fields.tsx";
import { FormModal } from "../../components/form/form-modal.tsx";
import { foundErrors, useForm, wholeNumberError } from "../../components/form/use-form.ts";
import { useNotices } from "../../shell/notices.tsx";

interface HostValues {
  readonly name: string;
  readonly endpoint: string;
  readonly gpus: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface HostFormProps {
  readonly environment: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export default function HostForm({ environment, onClose, onDone }: HostFormProps) {
  const notices = useNotices();
  const form = useForm<HostValues>({
    initial: { name: "", endpoint: "", gpus: "", ca: "", cert: "", key: "" },
    check: ({ name, endpoint, gpus, ca, cert, key }) => {
      const files = [ca, cert, key].filter((path) => path !== "");
      return foundErrors<HostValues>({
        name: !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name) && "1 to 128 letters, digits, dots, - and _.",
        endpoint: endpoint === "" && "Where its engine is, as unix:///var/run/docker.sock.",
        gpus: wholeNumberError(gpus, { least: 1, most: 1_000, optional: true }),
        ca: files.length > 0 && files.length < 3 && "With TLS, all three files are needed.",
      });
    },
    send: async ({ name, endpoint, gpus, ca, cert, key }) => {
      const body: HostRequest = {
        ...{ name, endpoint },
        ...(gpus !== "" && { gpus: Number(gpus) }),
        ...(ca !== "" && { tls: { ca, cert, key } }),
      };
      const path = `/longshore/environments/${encodeURIComponent(environment)}/hosts`;
      const { notes } = await call<HostAnswer>(path, "longshore", { method: "POST", body });
      for (const note of notes) notices.info(note);
    },
    places: [
      ["gpus", /\bgpus\b/],
      ["ca", /\btls\b/],
      ["endpoint", /endpoint|engine|answer|reach/i],
      ["name", /\bname\b|already/i],
    ],
    onDone: ({ name }) => {
      notices.success(`The host ${name} was added.`);
      onClose();
      onDone();
    },
  });
  return (
    <FormModal form={form} title={`Add a host to ${environment}`} action="Add host" size="medium" onClose={onClose}>
      <TextField form={form} name="name" label="Name" />
      <TextField
        form={form}
        name="endpoint"
        label="Engine"
        description="Where its Docker or Podman answers: unix:///path, ssh://user@host, or tcp://host:2376."
      />
      <TextField form={form} name="gpus" label="GPUs" optional inputMode="numeric" />
      <Box variant="p">For tcp with TLS, PEM files on the server's machine:</Box>
      <TextField form={form} name="ca" label="CA certificate" optional placeholder="/etc/longshore/ca.pem" />
      <TextField form={form} name="cert" label="Certificate" optional />
      <TextField form={form} name="key" label="Key" optional />
    </FormModal>
  );
}
