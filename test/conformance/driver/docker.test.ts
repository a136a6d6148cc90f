import { dockerUnavailable } from "../../support/docker.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import { driverConformance } from "./suite.ts";

driverConformance({
  name: "docker",
  makeHarness: makeDockerHarness,
  unavailable: await dockerUnavailable(),
});
