import type { AttemptSpec } from "../../../ports/driver.ts";
import { NO_IMAGE } from "../../../ports/driver.ts";

/** The image that the attempt runs in. */
export function imageOf(attempt: AttemptSpec, settings: { readonly defaultImage: string }): string {
  const { image } = attempt.container;
  return image === undefined || image === NO_IMAGE ? settings.defaultImage : image;
}

/** For which system and processor the job asks its image to be; undefined: for those of the engine. */
export function platformOf({ container: { runtimePlatform } }: AttemptSpec): string | undefined {
  const { operatingSystemFamily = "LINUX", cpuArchitecture } = runtimePlatform ?? {};
  const system = operatingSystemFamily.startsWith("WINDOWS") ? "windows" : "linux";
  if (cpuArchitecture === undefined && system === "linux") return undefined;
  return `${system}/${cpuArchitecture === "ARM64" ? "arm64" : "amd64"}`;
}
