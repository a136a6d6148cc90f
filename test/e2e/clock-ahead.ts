/** Loaded into a server before anything else: its clock runs ahead, as if it had been started that much later. */
const aheadMs = Number(process.env["TEST_CLOCK_AHEAD_MS"]);
const machineNow = Date.now;
Date.now = () => machineNow() + aheadMs;
