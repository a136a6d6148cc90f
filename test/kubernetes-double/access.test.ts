import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { makeCertificates } from "../support/certificates.ts";
import { namespace, withDouble } from "./client.ts";

test("with TLS and a token: who trusts another authority does not connect, who has no token is refused", async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), "double-tls-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { server } = makeCertificates(directory);
  const [key, cert, ca] = [server.key, server.cert, server.ca].map((file) => readFileSync(file, "utf8"));
  await withDouble({ token: "secret", tls: { key: key!, cert: cert!, ca: ca! } }, async ({ core, double }) => {
    assert.match(double.api.url, /^https:/);
    assert.deepEqual((await core.listNamespacedPod({ namespace })).items, []);
    const without = (member: "certificate-authority-data" | "token"): CoreV1Api => {
      const config = new KubeConfig();
      const text = double.kubeconfig().replace(new RegExp(`"${member}":"[^"]*"`), "");
      config.loadFromString(text);
      return config.makeApiClient(CoreV1Api);
    };
    await assert.rejects(without("certificate-authority-data").listNamespacedPod({ namespace }), /fetch failed/);
    await assert.rejects(without("token").listNamespacedPod({ namespace }), { code: 401 });
  });
});
