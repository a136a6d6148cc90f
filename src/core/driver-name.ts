/** Which driver runs an attempt. `docker`: the container engine of this machine; `docker@HOST`: that of the registered host with this id. `fake` runs nothing: tests and simulation. */
export type DriverName = "process" | "docker" | `docker@${string}` | "fake";

/** The driver that runs what is placed on a registered host. */
export function driverOfHost(hostId: string): DriverName {
  return `docker@${hostId}`;
}

/** Whether what it runs is on this machine, and not on a registered host. */
export function isOfThisMachine(driver: DriverName): boolean {
  return !driver.startsWith("docker@");
}

/** Whether what it runs are containers. */
export function runsContainers(driver: DriverName): boolean {
  return driver === "docker" || driver.startsWith("docker@");
}

/** The image name that stands for "no image": the process driver runs the command on this machine as it is. Docker reserves the name, so no real image has it. */
export const NO_IMAGE = "scratch";

/** The name of an attempt's container. It follows from the attempt, so that the engine itself refuses to make a second one. */
export function containerName(attemptId: string): string {
  return `longshore-${attemptId}`;
}
