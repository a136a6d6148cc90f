import { after } from "node:test";
import { doubleCluster, KUBECONFIG, realCluster } from "../../support/kubernetes-cluster.ts";
import { makeKubernetesHarness } from "../../support/kubernetes-harness.ts";
import { driverConformance } from "./suite.ts";

/** On the double; with LONGSHORE_TEST_KUBECONFIG, on that cluster instead, in a namespace of its own. */
const cluster = KUBECONFIG === undefined ? await doubleCluster() : await realCluster(KUBECONFIG);
after(() => cluster.dispose());

driverConformance({
  name: `kubernetes, ${KUBECONFIG === undefined ? "the double" : "a real cluster"}`,
  makeHarness: async () => makeKubernetesHarness(cluster),
  inapplicable: {
    "tells what an attempt uses while it runs": "clusters measure pods only with an add-on, and some minutes late",
  },
});
