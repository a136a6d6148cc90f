/** Which driver runs an attempt. `fake` runs nothing: tests and simulation. */
export type DriverName = "process" | "docker" | "fake";

/** The image name that stands for "no image": the process driver runs the command on this machine as it is. Docker reserves the name, so no real image has it. */
export const NO_IMAGE = "scratch";

/** The name of an attempt's container. It follows from the attempt, so that the engine itself refuses to make a second one. */
export function containerName(attemptId: string): string {
  return `longshore-${attemptId}`;
}
