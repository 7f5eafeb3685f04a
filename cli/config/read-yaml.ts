/**
 * Reads a configuration file as YAML 1.2: one mapping, without anchors, aliases and merge keys (a few bytes of them can stand
 * for gigabytes), without tags of anybody's own, and no key twice.
 */
import { closeSync, openSync, readSync } from "node:fs";
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  YAMLException,
} from "js-yaml";
import { ConfigurationError, isPlainObject, type PlainObject, toError } from "../../protocol/index.ts";
import { ConfigFileError, type Path } from "./problem.ts";

export const MAX_CONFIG_BYTES: number = 1024 * 1024;
export const MAX_CONFIG_DEPTH = 32;

export interface ConfigSource {
  /** As it was named. */
  readonly file: string;
  readonly value: PlainObject;
  /** The line where a value begins, or what it is in; from 1. */
  lineOf(path: Path): number;
}

/** Throws ConfigurationError. */
export function readConfigFile(file: string): ConfigSource {
  return parseConfig(file, readBounded(file, MAX_CONFIG_BYTES));
}

/** The text of a file. Throws ConfigurationError when it cannot be read, or is larger. */
export function readBounded(file: string, maxBytes: number): string {
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  try {
    const descriptor = openSync(file, "r");
    try {
      for (let read = -1; read !== 0 && length < buffer.length; length += read)
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new ConfigurationError(`${file} cannot be read: ${toError(error).message}`, { cause: error });
  }
  if (length > maxBytes) throw new ConfigurationError(`${file} is larger than ${maxBytes} bytes.`);
  return buffer.toString("utf8", 0, length);
}

/** Throws ConfigFileError. An empty file is an empty mapping. */
export function parseConfig(file: string, text: string): ConfigSource {
  const refuse = (message: string, line?: number): never => {
    throw new ConfigFileError(file, [{ path: [], message, line }]);
  };
  try {
    const events = parseEvents(text, { maxDepth: MAX_CONFIG_DEPTH });
    if (events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length > 1)
      refuse("It holds more than one YAML document; keep one.");
    const anchor = events.find((event) => "anchorStart" in event && event.anchorStart >= 0);
    if (anchor !== undefined && "anchorStart" in anchor)
      refuse(
        "Anchors and aliases (& and *) are not supported; write it out.",
        lineAt(text, anchor.anchorStart),
      );
    const value: unknown = constructFromEvents(events, { source: text, schema: CORE_SCHEMA })[0] ?? {};
    if (!isPlainObject(value)) return refuse("It must be a mapping of sections, such as app: and gateway:.");
    const offsets = offsetsOf(events, text);
    return { file, value, lineOf: (path) => lineAt(text, nearestOffset(offsets, path)) };
  } catch (error) {
    if (error instanceof ConfigFileError || !(error instanceof YAMLException)) throw error;
    // Its message shows lines of the file, which may be secrets.
    return refuse(`It is not YAML: ${error.reason}.`, (error.mark?.line ?? 0) + 1);
  }
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** A sequence or mapping that is being walked through. */
interface Open {
  readonly path: Path;
  readonly isMapping: boolean;
  /** The last key, or the position of the next item. */
  key: string | undefined;
  position: number;
}

/** Where the values begin, or their keys, by their path as JSON. */
function offsetsOf(events: readonly Event[], text: string): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const open: Open[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.ALIAS) continue;
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const parent = open.at(-1);
    const start = event.type === EVENT_ID.SCALAR ? event.valueStart : event.start;
    if (parent?.isMapping === true && parent.key === undefined) {
      parent.key = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : "";
      offsets.set(JSON.stringify([...parent.path, parent.key]), start);
      // A key that is no text is refused when the value is built.
      if (event.type === EVENT_ID.SCALAR) continue;
    }
    const path = parent === undefined ? [] : [...parent.path, parent.key ?? parent.position];
    if (parent !== undefined) {
      if (!parent.isMapping) offsets.set(JSON.stringify(path), start);
      parent.key = undefined;
      parent.position += 1;
    }
    if (event.type !== EVENT_ID.SCALAR)
      open.push({ path, isMapping: event.type === EVENT_ID.MAPPING, key: undefined, position: 0 });
  }
  return offsets;
}

function nearestOffset(offsets: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsets.get(JSON.stringify(path.slice(0, length)));
    if (offset !== undefined) return offset;
  }
  return 0;
}
