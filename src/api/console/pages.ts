import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { splitUrl } from "../wire/raw-request.ts";

/** Only what this server itself has sent runs in the console, and no page of another origin can put it in a frame. */
const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Of services: what is not found there is an error, for browsers as well. */
const NO_PAGES = /^\/(v\d|longshore|events|metrics|healthz|readyz|assets)(\/|$)/;

/** The files of the web console, as `npm run console` has built them. */
export class ConsolePages {
  readonly #directory: string;

  /** @param directory has index.html and assets/. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** False where the console was not built: the API answers all the same. */
  get isBuilt(): boolean {
    return existsSync(join(this.#directory, "index.html"));
  }

  serve(app: FastifyInstance): void {
    app.register(fastifyStatic, {
      // The console may be built, or built again, while the server runs: so files are looked for when they are asked for.
      root: dirname(this.#directory),
      serve: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.header(name, value);
        // Names of files under assets/ change with what is in them.
        const isForever = path.includes("/assets/");
        reply.header("cache-control", isForever ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
    app.get<{ Params: { "*": string } }>("/assets/*", (request, reply) =>
      reply.sendFile(request.params["*"], join(this.#directory, "assets")),
    );
    app.get("/icon.svg", (_request, reply) => reply.sendFile("icon.svg", this.#directory));
  }

  /** Whether a person's browser asks for a page. */
  isFor(request: FastifyRequest): boolean {
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    const accept = request.headers.accept ?? "";
    return accept.includes("text/html") && !NO_PAGES.test(splitUrl(request).path) && this.isBuilt;
  }

  /** Each page is the same file: its script looks at the address. */
  send(reply: FastifyReply): FastifyReply {
    return reply.sendFile("index.html", this.#directory);
  }
}
