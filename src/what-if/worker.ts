import { parentPort, workerData } from "node:worker_threads";
import type { WhatIfTask } from "../ports/what-if.ts";
import { findings } from "./run.ts";

/** In a thread of its own: simulates what it was given, tells how far it is, and ends. */
const port = parentPort!;
port.postMessage({ findings: await findings(workerData as WhatIfTask, (progress) => port.postMessage({ progress })) });
