import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Absolute paths of PEM files. */
export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own, with a certificate for a server on 127.0.0.1 and one for its clients. */
export function makeCertificates(directory: string): { readonly server: Certificate; readonly client: Certificate } {
  const path = (name: string): string => join(directory, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = path("ca.pem");
  openssl("req", "-x509", ...key, "-days", "2", "-subj", "/CN=test", "-keyout", path("ca.key"), "-out", ca);
  const issue = (name: string, extensions: string): Certificate => {
    const [request, cert] = [path(`${name}.csr`), path(`${name}.pem`)];
    openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", path(`${name}.key`), "-out", request);
    writeFileSync(path(`${name}.ext`), extensions);
    const signer = ["-CA", ca, "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2"];
    openssl("x509", "-req", "-in", request, ...signer, "-extfile", path(`${name}.ext`), "-out", cert);
    return { ca, cert, key: path(`${name}.key`) };
  };
  return {
    server: issue("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"),
    client: issue("client", "extendedKeyUsage=clientAuth\n"),
  };
}

function openssl(...argv: readonly string[]): void {
  execFileSync("openssl", argv, { stdio: ["ignore", "ignore", "pipe"] });
}
