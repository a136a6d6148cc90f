import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { KubernetesDouble } from "../support/kubernetes/double.ts";

/**
 * A cluster whose pods are played: its image `scripted` runs for as many ms as the first argument says and writes one line. It answers GET with the kubeconfig and
 * how many requests its API has had by now.
 */
const cluster = await KubernetesDouble.start({
  nodes: [{ name: "large", cpu: "100000", memory: "100Ti", pods: 100_000 }],
  images: { scripted: { script: { runMs: Number(process.argv[2]), lines: ["done"] } } },
  bookmarkEveryMs: 10_000,
});

const server = createServer((_request, response) => {
  const answer = { kubeconfig: cluster.kubeconfig(), requests: cluster.api.counts.all(), pods: cluster.pods().length };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void cluster.dispose();
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
