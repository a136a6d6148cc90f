import type { AttemptSpec } from "../../ports/driver.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { orAborted, pause } from "../waiting/pause.ts";
import { ApiError, mayPass, messageOf, unlessGone } from "./api/api-error.ts";
import { backoffMs } from "./api/backoff.ts";
import type { Pod } from "./api/objects.ts";
import { LABEL, labelValue } from "./names.ts";
import { startFailure } from "./outcome.ts";
import type { PodContext } from "./pod-context.ts";
import { createPod, createSecret, openGate, podPath } from "./pod-requests.ts";
import { imageOf } from "./spec/pod-spec.ts";
import { Refusal } from "./spec/refusal.ts";
import { secretsOf, SECRETS_GATE } from "./spec/secrets.ts";

interface Making {
  /** The pod, as soon as a watch has shown it: it is not asked for again, whatever became of the answer. */
  readonly seen: () => Pod | undefined;
  /** Told what keeps the cluster from taking it now. */
  readonly onBlocked: (why: string) => void;
}

/**
 * Makes the pod, unless it is there; resolves with what the API shows of it. Creating it twice is harmless, as its name derives from the attempt. Rejects with
 * Refusal when the cluster does not take it, or an AbortError.
 *
 * @param signal fires when nobody wants it any more, or the driver is closed.
 */
export async function makePod(
  context: PodContext,
  manifest: Pod,
  signal: AbortSignal,
  { seen, onBlocked }: Making,
): Promise<{ readonly pod: Pod; readonly isNew: boolean }> {
  const { client, clock, term, patience } = context;
  const { name, namespace } = manifest.metadata as { name: string; namespace: string };
  const begun = clock.now();
  for (let tries = 1; ; tries += 1) {
    try {
      await term.confirm();
      crashPoint("kubernetes.create");
      // Not given up in the middle: the API server may carry it out after it was asked whether the pod is there.
      const made = await client.call<Pod>(createPod(manifest));
      crashPoint("kubernetes.created");
      return { pod: made, isNew: tries === 1 };
    } catch (error) {
      if (isTaken(error)) {
        const found = await client
          .persist<Pod>(name, { method: "GET", path: podPath(namespace, name) })
          .catch(unlessGone);
        if (found !== undefined) return { pod: known(found, manifest, context), isNew: false };
      } else if (!mayBeTaken(error, clock.now() - begun < patience.takeMs)) throw refusedBy(error);
      onBlocked(messageOf(error));
      await pause(clock, backoffMs(name, tries), signal);
      const shown = seen();
      if (shown !== undefined) return { pod: shown, isNew: false };
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === "AlreadyExists";
}

/**
 * A quota has room again when other pods end, and conflicts are over at once. A new namespace has no service account for a moment. Errors that are not the
 * API's (a lost term) are no answer about the pod.
 */
function mayBeTaken(error: unknown, isEarly: boolean): boolean {
  if (mayPass(error)) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 409) return true;
  if (error.status !== 403) return false;
  return /exceeded quota/.test(error.message) || (isEarly && /service account|not yet ready/i.test(error.message));
}

function refusedBy(error: unknown): unknown {
  return error instanceof ApiError
    ? new Refusal(startFailure(`the cluster does not take the pod: ${error.message}`))
    : error;
}

function known(found: Pod, manifest: Pod, { settings }: PodContext): Pod {
  if (isOurs(found, manifest.metadata!.labels![LABEL.pod]!, settings.clusterId)) return found;
  throw new Refusal(startFailure(`there is a pod ${found.metadata?.name} already, which is not Longshore's`));
}

export function isOurs({ metadata }: Pod, podId: string, clusterId: string): boolean {
  const { labels = {} } = metadata ?? {};
  return labels[LABEL.cluster] === labelValue(clusterId) && labels[LABEL.pod] === podId;
}

/** Makes what the pod takes its secrets from, and lets it be placed. Rejects with Refusal when a value is missing. */
export async function provideSecrets(
  context: PodContext,
  specs: readonly AttemptSpec[],
  pod: Pod,
  signal: AbortSignal,
): Promise<Pod> {
  const { client, term, settings, secrets } = context;
  if (pod.spec?.schedulingGates?.some(({ name }) => name === SECRETS_GATE) !== true) return pod;
  const { name, namespace } = pod.metadata as { name: string; namespace: string };
  const images = specs.map((spec) => imageOf(spec, settings));
  const before = () => term.confirm();
  for (const secret of await orAborted(secretsOf(specs, images, pod, secrets), signal)) {
    await client.persist(name, createSecret(secret), { before, signal }).catch((error: unknown) => {
      if (!isTaken(error)) throw refusedBy(error);
    });
  }
  return client.persist<Pod>(name, openGate(podPath(namespace, name), pod, SECRETS_GATE), { before, signal });
}
