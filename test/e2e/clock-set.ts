import { readFileSync } from "node:fs";

/** Loaded into a server before anything else: its clock is off by so many milliseconds as a file says, which a test may write anew at any time. */
const file = process.env["TEST_CLOCK_FILE"]!;
const machineNow = Date.now;
Date.now = () => machineNow() + Number(readFileSync(file, "utf8"));
