/**
 * Limits on YAML, checked between parsing and building: a few hundred bytes of aliases can stand for billions of values.
 */
import { EVENT_ID, type Event } from "js-yaml";
import { DecodeError } from "../protocol/errors.ts";
import { tooDeep } from "../protocol/json-parser.ts";

/** Most aliases in a document. */
export const MAX_ALIASES = 100;
/** Most values in a document, those behind aliases counted each time. */
export const MAX_NODES = 100_000;

/** For each byte 1 when values may stand before or behind it: newlines and the indicators `,[]{}:?-`. */
const IS_INDICATOR = new Uint8Array(256);
for (const byte of Buffer.from("\n\r,[]{}:?-")) IS_INDICATOR[byte] = 1;
/** Text and times have such characters inside, so that there may be more of them than values. */
const MAX_INDICATORS = 5 * MAX_NODES;

/** Refuses what cannot stay within {@link MAX_NODES}: the parser keeps an event for every value. Throws DecodeError `too_large`. */
export function checkIndicators(bytes: Uint8Array): void {
  let count = 0;
  for (const byte of bytes) count += IS_INDICATOR[byte] ?? 0;
  if (count > MAX_INDICATORS) throw tooMany();
}

/** A value that is open or finished: how many values it stands for, and how deep it nests. */
interface Size {
  nodes: number;
  depth: number;
}

interface Open extends Size {
  readonly anchor: string | undefined;
}

/** Throws DecodeError `too_large`, `too_deep` or `bad_body`. */
export function checkEvents(events: readonly Event[], source: string, maxDepth: number): void {
  const open: Open[] = [];
  const anchors = new Map<string, Size>();
  let aliases = 0;

  const finish = (size: Size, anchor: string | undefined): void => {
    if (anchor !== undefined) anchors.set(anchor, size);
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.nodes += size.nodes;
    parent.depth = Math.max(parent.depth, size.depth + 1);
    if (parent.nodes > MAX_NODES) throw tooMany();
    if (parent.depth + open.length - 1 > maxDepth) throw tooDeep(maxDepth);
  };

  for (const event of events.slice(1)) {
    if (event.type === EVENT_ID.DOCUMENT)
      throw new DecodeError("bad_body", "The body holds more than one YAML document.");
    if (event.type === EVENT_ID.POP) {
      const size = open.pop();
      if (size !== undefined) finish(size, size.anchor);
      continue;
    }
    const anchor = event.anchorStart < 0 ? undefined : source.slice(event.anchorStart, event.anchorEnd);
    if (event.type === EVENT_ID.SCALAR) finish({ nodes: 1, depth: 0 }, anchor);
    else if (event.type === EVENT_ID.ALIAS) finish(sizeOf(anchor ?? "", anchors, ++aliases), undefined);
    else {
      // An anchor may be used again: until this value is finished the name stands for nothing.
      if (anchor !== undefined) anchors.delete(anchor);
      open.push({ nodes: 1, depth: 1, anchor });
    }
  }
}

function sizeOf(anchor: string, anchors: ReadonlyMap<string, Size>, aliases: number): Size {
  if (aliases > MAX_ALIASES)
    throw new DecodeError("too_large", `The YAML has more than ${MAX_ALIASES} aliases.`);
  const size = anchors.get(anchor);
  if (size === undefined)
    throw new DecodeError(
      "bad_body",
      `The YAML alias *${anchor.slice(0, 40)} stands for nothing, or for what it is inside of.`,
    );
  return size;
}

function tooMany(): DecodeError {
  return new DecodeError(
    "too_large",
    `The YAML holds more than ${MAX_NODES} values; send less, or use json.`,
  );
}
