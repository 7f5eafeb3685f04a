/**
 * What kombu needs of an envelope beside the message in it: without these members its consumer ends, or cannot give a message
 * back. Source: kombu/transport/virtual/base.py Message.__init__, kombu/transport/redis.py QoS.append.
 */
import { isPlainObject, type PlainObject } from "../../protocol/index.ts";
import type { Difference } from "../values/compare.ts";
import { tag } from "../values/tag.ts";
import type { Tagged } from "../values/tagged.ts";

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** Whether each property is as kombu needs it. */
const NEEDED: Readonly<Record<string, readonly [isIt: (value: unknown) => boolean, reason: string]>> = {
  delivery_tag: [isText, "it is a text that no other message has: kombu keeps what it took by it"],
  delivery_info: [
    (value) => isPlainObject(value) && typeof value["exchange"] === "string" && isText(value["routing_key"]),
    "it has exchange and routing_key: kombu gives a message back by them",
  ],
};

/** The properties that are missing or otherwise; none when the text is no JSON object, which whoever reads the message says. */
export function compareEnvelope(bytes: Uint8Array): readonly Difference[] {
  const properties = propertiesOf(Buffer.from(bytes).toString());
  if (properties === undefined) return [];
  return Object.entries(NEEDED).flatMap(([name, [isIt, reason]]) => {
    const actual = properties[name];
    if (isIt(actual)) return [];
    const path = `$.envelope.properties.${name}`;
    const shown = actual === undefined ? undefined : (tag(actual) as Tagged);
    return [{ weight: "must", path, expected: undefined, actual: shown, reason } as const];
  });
}

function propertiesOf(text: string): PlainObject | undefined {
  try {
    const envelope: unknown = JSON.parse(text);
    const properties = isPlainObject(envelope) ? envelope["properties"] : undefined;
    return isPlainObject(properties) ? properties : undefined;
  } catch {
    return undefined;
  }
}
