export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** What Docker takes for the registry of names without one. */
const DOCKER_HUB = "docker.io";
/** What logins to it are kept under. */
const HUB_KEYS = ["https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB];

/** The registry in an image's name: its first part, if that can be a host. */
export function registryOf(image: string): string {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(0, slash));
  return /[.:]/.test(first) || first === "localhost" ? first : DOCKER_HUB;
}

/**
 * The login that a secret holds for the registry of an image; undefined when it holds none. Two forms are known: ECS's `{"username", "password"}`, for
 * whatever registry the image is in, and that of Docker's own file, `{"auths": {"REGISTRY": {"auth"}}}`, which Kubernetes keeps.
 */
export function loginIn(secret: string, image: string): RegistryLogin | undefined {
  const value = parsed(secret);
  const own = plain(value);
  if (own !== undefined) return own;
  const auths = record(value?.["auths"]);
  const registry = registryOf(image);
  const keys = registry === DOCKER_HUB ? HUB_KEYS : [registry, `https://${registry}`, `http://${registry}`];
  for (const key of keys) {
    const entry = record(auths?.[key]);
    const login = plain(entry) ?? encoded(entry?.["auth"]);
    if (login !== undefined) return login;
  }
  return undefined;
}

function plain(entry: Record<string, unknown> | undefined): RegistryLogin | undefined {
  const { username, password } = entry ?? {};
  return typeof username === "string" && typeof password === "string" ? { username, password } : undefined;
}

/** Name and password with a colon between them, in base64. */
function encoded(auth: unknown): RegistryLogin | undefined {
  if (typeof auth !== "string") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const mark = text.indexOf(":");
  return mark === -1 ? undefined : { username: text.slice(0, mark), password: text.slice(mark + 1) };
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** The parser's error would quote the secret. */
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return record(JSON.parse(text));
  } catch {
    return undefined;
  }
}
