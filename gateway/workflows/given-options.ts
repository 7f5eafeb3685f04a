/**
 * Options that the canvases around a task give it. They are handed down while the request is read: composing turns groups
 * into headers of chords and splices chains, and keeps no options of theirs.
 */
import type { PlainObject } from "../../protocol/index.ts";

export interface GivenOptions {
  /** On the wire, without links. */
  readonly options: PlainObject;
  /** JSON Pointer to the queue among them. */
  readonly queuePointer: string;
}

export const NOTHING_GIVEN: GivenOptions = { options: {}, queuePointer: "" };

/** Both say when a task may run. */
const DELAYS = ["eta", "countdown"];

/** What a canvas says itself counts, before what is given to it. `pointer` is that of its options. */
export function withOwn(given: GivenOptions, own: PlainObject, pointer: string): GivenOptions {
  const hasDelay = DELAYS.some((name) => own[name] !== undefined);
  const { options, queuePointer } = hasDelay ? withoutDelays(given) : given;
  return {
    options: { ...options, ...own },
    queuePointer: own["queue"] === undefined ? queuePointer : `${pointer}/queue`,
  };
}

/** What the body of a chord gets: its time comes when the header has ended. */
export function withoutDelays({ options, queuePointer }: GivenOptions): GivenOptions {
  const kept = Object.entries(options).filter(([name]) => !DELAYS.includes(name));
  return { options: Object.fromEntries(kept), queuePointer };
}
