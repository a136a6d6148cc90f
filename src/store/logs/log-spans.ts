/**
 * Streams are found by time. A stream lasts from its first event to its last; those around some time are wanted without a look at all
 * others, and no index answers that for ranges of any length. So each stream has a class, its span, by its length: those of a
 * span that are around a time began at most the span's length before it, which is a range of an index.
 */

const SECOND_MS = 1_000;
/** The lengths of the spans, each eight times the one before: from a second to a month. */
const SPANS_MS = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => SECOND_MS * 8 ** step);

/** Streams that are longer than every span, and those that go on. */
export const UNBOUNDED_SPAN = SPANS_MS.length;
/** Streams without events. They are around no time. */
export const NO_SPAN = -1;

/** `last_event_at` of a stream whose attempt runs: later than every time that JavaScript knows. */
export const RUNNING = 9_000_000_000_000_000;

/** The SQL for the span of a row whose first and last events are known. */
export const SPAN_OF_ROW = `CASE ${SPANS_MS.map(
  (lengthMs, span) => `WHEN last_event_at - first_event_at <= ${lengthMs} THEN ${span}`,
).join(" ")} ELSE ${UNBOUNDED_SPAN} END`;

/** All spans, and how long before a time a stream of each can have begun that is around it. */
export const SPANS: readonly { readonly span: number; readonly lengthMs: number }[] = [
  ...SPANS_MS.map((lengthMs, span) => ({ span, lengthMs })),
  { span: UNBOUNDED_SPAN, lengthMs: RUNNING },
];
