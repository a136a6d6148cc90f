import type { Call } from "../wire/operations.ts";

/** One thing that an operation does: the action's name without its service, and the ARN of what it is done to, or `*`. */
export type Demand = readonly [action: string, resource: string];

/** What the caller must be allowed for a request: everything in the list. Handlers of bulk operations ask for themselves. */
export type Demands<Input> = (input: Input, call: Call) => readonly Demand[];

type Handler<Input> = (input: Input, call: Call) => Promise<unknown>;
type InputOf<H> = H extends (input: infer Input, call: Call) => Promise<unknown> ? Input : never;

/**
 * The same handlers, each run only when the caller's policy allows what the request demands; else AccessDeniedException. Operations
 * without a row cannot be given.
 *
 * @param service the prefix of the service's actions, such as `batch`.
 */
export function authorized<Handlers extends object>(
  service: string,
  demands: {
    readonly [Op in keyof Required<Handlers>]: Demands<InputOf<Exclude<Handlers[Op & keyof Handlers], undefined>>>;
  },
  handlers: Handlers,
): Handlers {
  const guarded = Object.entries(handlers).map(([name, handler]) => {
    const demandsOf = demands[name as keyof Handlers] as Demands<unknown>;
    return [name, guard(service, demandsOf, handler as Handler<unknown>)];
  });
  return Object.fromEntries(guarded) as Handlers;
}

function guard(service: string, demandsOf: Demands<unknown>, handler: Handler<unknown>): Handler<unknown> {
  return async (input, call) => {
    for (const [action, resource] of demandsOf(input, call)) {
      const denied = call.denial(`${service}:${action}`, resource);
      if (denied !== undefined) throw denied;
    }
    return handler(input, call);
  };
}
