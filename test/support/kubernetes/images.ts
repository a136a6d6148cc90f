/** What a container does that is no process: it takes time, writes lines, and ends. */
export interface Script {
  readonly runMs: number;
  readonly exitCode?: number;
  readonly lines?: readonly string[];
}

/** An image of the registry. Its programs are those of this machine. */
export interface Image {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly pullMs?: number;
  /** Containers of it are played, not run. */
  readonly script?: Script;
}

/** Which images exist, by the name that pods use. Tests add and delete some while pods run. */
export type Images = Map<string, Image>;

/** Why the kubelet cannot have an image, as `waiting` tells it. */
export interface PullFailure {
  readonly reason: "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull";
  readonly message: string;
}

const REFERENCE =
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** The kubelet's and containerd's texts. */
export function pullFailure(image: string, policy: string | undefined): PullFailure {
  if (!REFERENCE.test(image)) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    return { reason: "InvalidImageName", message };
  }
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    return { reason: "ErrImageNeverPull", message };
  }
  const full = fullName(image);
  const message =
    `failed to pull and unpack image "${full}": failed to resolve reference "${full}": pull access denied, repository does not exist or may require ` +
    "authorization: server message: insufficient_scope: authorization failed";
  return { reason: "ErrImagePull", message };
}

export function fullName(image: string): string {
  const [first, ...rest] = image.split("/");
  const hasHost = rest.length > 0 && /[.:]|^localhost$/.test(first!);
  const named = hasHost ? image : rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
  return /(:[^/]+|@sha256:[0-9a-f]+)$/.test(named) ? named : `${named}:latest`;
}
