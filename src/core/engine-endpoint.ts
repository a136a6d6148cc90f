/** Where a container engine listens, and how it is reached. */
export type EngineEndpoint =
  | { readonly kind: "unix"; readonly path: string }
  /** The socket `path` of a machine that ssh reaches, by the user's own configuration of that. */
  | {
      readonly kind: "ssh";
      readonly user?: string;
      readonly host: string;
      readonly port?: number;
      readonly path: string;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

const USUAL_SOCKET = "/var/run/docker.sock";
/** Nothing that a shell or ssh would take for anything but a name. */
const HOST = /^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const PATH = /^\/[^\0\n:]{1,200}$/;

/** @returns what is wrong with it, as the rest of a sentence, where it is no endpoint. */
export function parseEngineEndpoint(text: string): EngineEndpoint | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "") return FORMS;
  switch (url.protocol) {
    case "unix:":
      return unixEndpoint(url);
    case "ssh:":
      return sshEndpoint(url);
    case "tcp:":
      return tcpEndpoint(url);
    default:
      return FORMS;
  }
}

const FORMS = "must be unix:///path, ssh://[user@]host[:port][/path of the socket] or tcp://host:port";

function unixEndpoint({ host, pathname }: URL): EngineEndpoint | string {
  if (host !== "") return "must have three slashes before an absolute path: unix:///var/run/docker.sock";
  const path = decoded(pathname);
  return path === undefined || !PATH.test(path) ? "must name the absolute path of a socket" : { kind: "unix", path };
}

function sshEndpoint({ username, password, hostname, port, pathname }: URL): EngineEndpoint | string {
  if (password !== "") return "must hold no password: ssh uses your keys, agent and configuration";
  if (!HOST.test(hostname) || (username !== "" && !USER.test(username))) return FORMS;
  const path = pathname === "" || pathname === "/" ? USUAL_SOCKET : decoded(pathname);
  if (path === undefined || !PATH.test(path)) return "must end in the absolute path of a socket";
  return {
    kind: "ssh",
    ...(username !== "" && { user: username }),
    host: bare(hostname),
    ...(port !== "" && { port: Number(port) }),
    path,
  };
}

function tcpEndpoint({ username, password, hostname, port, pathname }: URL): EngineEndpoint | string {
  const isPlain = username === "" && password === "" && (pathname === "" || pathname === "/");
  if (!isPlain || !HOST.test(hostname)) return FORMS;
  if (port === "") return "must name a port, usually 2376";
  return { kind: "tcp", host: bare(hostname), port: Number(port) };
}

/** Addresses of IPv6 are in brackets in URLs only. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

/** Whether only this machine can be meant. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
