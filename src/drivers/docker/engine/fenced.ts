import type Dockerode from "dockerode";
import type { Term } from "../../../ports/leadership.ts";

type Answered = (error: unknown, answer?: unknown) => void;

/** The part of the client that sends requests, which its types leave open. */
interface Modem {
  dial(options: { readonly method: string }, answered: Answered): void;
}

/**
 * Asks before each request that may change something whether this server still leads, however long it was kept from running since the request was decided
 * on: pulling an image can take minutes. What is refused is to the caller as an engine that went away.
 */
export function fenced(docker: Dockerode, term: Pick<Term, "confirm">): Dockerode {
  const modem = docker.modem as Modem;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answered) => {
    if (options.method === "GET" || options.method === "HEAD") return dial(options, answered);
    void term.confirm().then(
      () => dial(options, answered),
      (cause: unknown) =>
        answered(Object.assign(new Error("another server leads", { cause }), { code: "ECONNABORTED" })),
    );
  };
  return docker;
}
