import { resolve } from "node:path";
import type { JsonObject } from "../../input/json-object.ts";

const EFS_ID = /^fs(ap)?-[0-9a-f]{8,40}$/;
const S3_FILES_ARN = /^arn:aws[a-z-]*:s3files:[^:]*:[^:]*:file-system\/.+$/;

/** File systems and access points, by id or ARN, and the directory that stands for each. */
export function fileSystems(section: JsonObject, directory: string): ReadonlyMap<string, string> {
  return new Map(
    section.names().map((name) => {
      if (!EFS_ID.test(name) && !S3_FILES_ARN.test(name))
        section.fail(
          name,
          "must be called as an EFS file system (fs-01234567), as one of its access points (fsap-01234567), or by the ARN of a file system or access point of S3 Files.",
        );
      return [name, resolve(directory, section.string(name))];
    }),
  );
}
