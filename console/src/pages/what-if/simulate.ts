import type { WhatIfLine, WhatIfProgress, WhatIfReport, WhatIfRequest } from "../../../../src/ports/what-if.ts";
import { CallFailed, send } from "../../api/call.ts";

/** Rejects when the server refuses, or the simulation fails; aborting the signal ends it on the server, too. */
export async function simulate(
  request: WhatIfRequest,
  signal: AbortSignal,
  onProgress: (progress: WhatIfProgress) => void,
): Promise<WhatIfReport> {
  const response = await send("/longshore/what-if", "longshore", { method: "POST", body: request, signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new CallFailed(502, "Incomplete", "The server's answer ended before the report. Try again.");
    const lines = (text + value).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const told = JSON.parse(line) as WhatIfLine;
      if ("report" in told) return told.report;
      if ("failure" in told) throw new CallFailed(500, "SimulationFailed", told.failure);
      onProgress(told.progress);
    }
  }
}
