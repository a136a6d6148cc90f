import { dockerUnavailable } from "../../support/docker.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import { driverConformance } from "./suite.ts";

driverConformance({
  name: "docker",
  makeHarness: makeDockerHarness,
  unavailable: await dockerUnavailable(),
  skip: {
    "reports death by signal n as 128 + n":
      "its program is the container's process 1, which the kernel spares from signals that it does not handle; the docker driver's own tests have the case with a child",
  },
});
