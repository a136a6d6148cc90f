/**
 * Which driver runs an attempt. `docker`: the container engine of this machine; `docker@HOST`: that of the registered host with this id; `kubernetes@CLUSTER`:
 * the cluster that the configuration names so. `fake` runs nothing: tests and simulation.
 */
export type DriverName = "process" | "docker" | `docker@${string}` | `kubernetes@${string}` | "fake";

/** The driver that runs what is placed on a registered host. */
export function driverOfHost(hostId: string): DriverName {
  return `docker@${hostId}`;
}

/** The driver of a configured Kubernetes cluster. */
export function driverOfCluster(cluster: string): DriverName {
  return `kubernetes@${cluster}`;
}

/** Whether what it runs are pods of a cluster: all containers of a task are one pod there, and begin and end as the cluster orders them. */
export function runsPodsOfCluster(driver: DriverName): boolean {
  return driver.startsWith("kubernetes@");
}

/** Whether what it runs is on this machine, and not on a registered host or in a cluster. */
export function isOfThisMachine(driver: DriverName): boolean {
  return !driver.includes("@");
}

/** Whether what it runs are containers. */
export function runsContainers(driver: DriverName): boolean {
  return driver === "docker" || driver.includes("@");
}

/** The image name that stands for "no image": the process driver runs the command on this machine as it is. Docker reserves the name, so no real image has it. */
export const NO_IMAGE = "scratch";

/** The name of an attempt's container. It follows from the attempt, so that the engine itself refuses to make a second one. */
export function containerName(attemptId: string): string {
  return `longshore-${attemptId}`;
}
