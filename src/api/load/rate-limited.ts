import type { Clock } from "../../ports/clock.ts";
import type { Admission } from "../access/admission.ts";
import { RateLimit } from "./rate-limit.ts";

/** The same, but of each account no more than so many requests per second, whatever they are. Only those count that are really the account's. */
export function rateLimited(admission: Admission, perSecond: number | undefined, clock: Clock): Admission {
  if (perSecond === undefined) return admission;
  const rate = new RateLimit({ any: perSecond }, clock);
  return {
    ...admission,
    async admit(request, service) {
      const admitted = await admission.admit(request, service);
      rate.admit("any", admitted.account);
      return admitted;
    },
  };
}
