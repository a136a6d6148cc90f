import type Dockerode from "dockerode";
import { gatewayOf } from "../networks/gateway.ts";
import { statusOf } from "../failure.ts";
import { lineTo } from "./dial.ts";
import type { EngineInfo } from "./engine-traits.ts";

/** What an engine says of itself when nothing is made of it yet. */
export interface Checkup {
  readonly version: string;
  readonly cgroupDriver: string;
  readonly cgroupVersion: string;
  readonly storageDriver: string;
  readonly hasImage: boolean;
  /** Under which containers reach this machine. */
  readonly gateway: string | undefined;
}

/** Of a container that was tried out. */
export interface Tried {
  readonly exitCode: number;
  readonly output: string;
}

/** Asks the engine behind this socket. Rejects as a request does. */
export async function checkUp(socketPath: string, image: string): Promise<Checkup> {
  const { docker, hangUp } = lineTo({ socketPath });
  try {
    const info = (await docker.info()) as EngineInfo & { readonly Driver?: string };
    return {
      version: info.ServerVersion ?? "",
      cgroupDriver: info.CgroupDriver ?? "unknown",
      cgroupVersion: info.CgroupVersion ?? "1",
      storageDriver: info.Driver ?? "unknown",
      hasImage: await hasImage(docker, image),
      gateway: await gatewayOf(docker),
    };
  } finally {
    await hangUp();
  }
}

/** Runs a script in a container of the default network, and removes it. The image is not pulled. */
export async function tryContainer(socketPath: string, image: string, script: string): Promise<Tried> {
  const { docker, hangUp } = lineTo({ socketPath });
  const container = await docker.createContainer({
    ...{ name: `longshore-doctor-${process.pid}`, Image: image, Cmd: ["sh", "-c", script], Tty: true },
    HostConfig: { ExtraHosts: ["host.docker.internal:host-gateway"] },
  });
  try {
    await container.start();
    const { StatusCode: exitCode } = (await container.wait()) as { StatusCode: number };
    const output = await container.logs({ stdout: true, stderr: true });
    return { exitCode, output: output.toString("utf8").trim() };
  } finally {
    await container.remove({ force: true, v: true }).catch(() => {});
    await hangUp();
  }
}

async function hasImage(docker: Dockerode, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}
