import { killSuite } from "./kill-suite.ts";

killSuite({
  driver: "process",
  image: () => Promise.resolve("scratch"),
  rounds: 4,
  untilGone: () => Promise.resolve(),
});
