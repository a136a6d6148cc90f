import { readFileSync } from "node:fs";
import { Command } from "commander";
import { descriptorFiles } from "../../compose/servers/descriptor.ts";
import type { Finding } from "../../compose/doctor/finding.ts";
import { databaseUrlOption, wholeNumber } from "../command.ts";
import { dataDirOf, DEFAULT_PORT } from "../connection.ts";
import { oneLine } from "../neutral.ts";
import { modeOf, printResult } from "../output.ts";
import { count } from "../text.ts";

interface DoctorFlags {
  readonly host: string;
  readonly port: number;
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly config?: string;
  readonly image?: string;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("look at what Longshore needs of this machine, and say what to do")
    .description(
      "Looks at the container engine, control groups, ports, disk, clock, limits, PostgreSQL, Kubernetes clusters, and what stands between clients and the server, with or without a server that runs. A container is tried out, and removed. Exit code 1 when there is a problem; a warning is none.",
    )
    .option("--host <address>", "address that the server is to listen on", "127.0.0.1")
    .option("--port <n>", "port that the server is to listen on", wholeNumber(0, 65_535), DEFAULT_PORT)
    .option("--data-dir <dir>", "where state and logs are kept (default: LONGSHORE_DATA_DIR, else ~/.longshore)")
    .addOption(databaseUrlOption())
    .option("--config <file>", "the configuration file (default: config.json in the data directory, if it is there)")
    .option("--image <name>", "image of the container that is tried out (default: busybox:latest)")
    .option("--json", "print what was found as JSON")
    .action(doctor);
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const { callDoctor } = await import("../../compose/doctor/doctor.ts");
  const { host, port, databaseUrl, config: configFile, image } = flags;
  const dataDir = dataDirOf(flags);
  const findings = await callDoctor({
    host,
    port,
    dataDir,
    databaseUrl,
    configFile,
    image,
    server: serverSeen(dataDir),
  });
  const problems = findings.filter(({ level }) => level === "problem");
  await printResult(
    {
      data: { findings, problems: problems.length },
      text: textOf(findings),
      brief: problems.map(({ check }) => check).join("\n"),
    },
    modeOf(flags),
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function serverSeen(dataDir: string): { readonly url: string; readonly pid: number | undefined } | undefined {
  for (const file of descriptorFiles(dataDir).toReversed()) {
    try {
      const { url, pid } = JSON.parse(readFileSync(file, "utf8")) as { url?: unknown; pid?: unknown };
      if (typeof url === "string" && URL.canParse(url)) return { url, pid: typeof pid === "number" ? pid : undefined };
    } catch {
      // It is not there, or is being written.
    }
  }
  return undefined;
}

const SIGNS: Readonly<Record<Finding["level"], string>> = {
  ok: "ok     ",
  warning: "WARNING",
  problem: "PROBLEM",
  skipped: "-      ",
};

function textOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const indent = " ".repeat(SIGNS.ok.length + 2 + width + 2);
  const lines = findings.map(({ check, level, says, todo }) => {
    const first = `${SIGNS[level]}  ${check.padEnd(width)}  ${oneLine(says)}`;
    return todo === undefined ? first : `${first}\n${indent}-> ${oneLine(todo)}`;
  });
  const problems = findings.filter(({ level }) => level === "problem").length;
  const warnings = findings.filter(({ level }) => level === "warning").length;
  const verdict =
    problems + warnings === 0 ? "All is well." : `${count(problems, "problem")}, ${count(warnings, "warning")}.`;
  return `${lines.join("\n")}\n\n${verdict}`;
}
