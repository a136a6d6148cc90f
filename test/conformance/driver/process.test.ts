import { makeProcessHarness } from "../../support/process-harness.ts";
import { driverConformance } from "./suite.ts";

driverConformance({ name: "process", makeHarness: makeProcessHarness });
