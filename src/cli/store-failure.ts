import { StartError } from "../compose/start-error.ts";
import { EXIT, Failure } from "./failure.ts";

const NEXT: Readonly<Record<string, string>> = {
  NotEmpty: "Copy to a new data directory or an empty database, or remove what an earlier copy left there.",
  OtherSchema: "Bring it up to date: longshore migrate",
  CopyDiffers: "Was something else writing there? Remove the copy and try again.",
};

/** What goes wrong with a store that a command opens itself, said so that the user can do something about it. */
export async function asFailure<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof StartError) {
      throw new Failure(error.message, error.code === "BAD_OPTION" ? EXIT.usage : EXIT.server);
    }
    const isKnown = error.name in NEXT || error.name === "StoreUnavailable" || error.name === "NewerSchema";
    throw isKnown ? new Failure(error.message, EXIT.server, NEXT[error.name]) : error;
  }
}
