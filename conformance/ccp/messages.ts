/**
 * CCP/1, the contract between the runner and an adapter: JSON Lines, commands on the adapter's standard input, answers on
 * its standard output. conformance/ccp/schemas.ts has a JSON Schema for every one of them.
 */
import type { Tagged, TaggedObject } from "../values/tagged.ts";

/** The version of the contract that the runner speaks. */
export const CCP_VERSION = 1;

/** A task message: as AMQP has it, or in kombu's envelope. */
export type Wire = AmqpWire | EnvelopeWire;

/** A message with properties under AMQP's names; their values and those of headers are tagged. */
export interface AmqpWire {
  readonly properties: TaggedObject;
  readonly headers: TaggedObject;
  readonly body_b64: string;
}

/** The text that brokers without AMQP keep. */
export interface EnvelopeWire {
  readonly envelope: string;
}

/** A stored result: the serializer that it was stored with, and its bytes. */
export interface Stored {
  readonly serializer: string;
  readonly body_b64: string;
}

/** A call to make, in tagged values; options have the names of Celery's apply_async. */
export interface Call {
  readonly task: string;
  readonly args: readonly Tagged[];
  readonly kwargs: TaggedObject;
  readonly options: TaggedObject;
}

/** The call with an id of the runner's choice. */
export function withTaskId(call: Call, taskId: string): Call {
  return { ...call, options: { ...call.options, task_id: taskId } };
}

/** What the runner may ask. `seq` is added when it is sent. */
export type Command =
  | { readonly cmd: "start"; readonly version: number }
  | {
      readonly cmd: "configure";
      readonly broker?: string;
      readonly backend?: string | null;
      readonly queue?: string;
      readonly env?: Readonly<Record<string, string>>;
    }
  | { readonly cmd: "encode"; readonly call: Call }
  | { readonly cmd: "decode"; readonly wire: Wire }
  | { readonly cmd: "decode"; readonly stored: Stored }
  | { readonly cmd: "publish"; readonly call?: Call; readonly canvas?: TaggedObject }
  | { readonly cmd: "result"; readonly id: string; readonly timeout_ms: number }
  | { readonly cmd: "work"; readonly queue: string; readonly tasks: "standard" }
  | { readonly cmd: "capture"; readonly call?: Call; readonly canvas?: TaggedObject }
  | { readonly cmd: "drain" }
  | { readonly cmd: "serve" }
  | { readonly cmd: "stop" };

/** The name of a command. */
export type CommandName = Command["cmd"];

/** What an adapter says about itself: the answer to `start`. */
export interface AdapterInfo {
  readonly name: string;
  readonly language: string;
  readonly version: string;
  readonly homepage?: string;
  readonly issues?: string;
  readonly roles: readonly string[];
  readonly features: Readonly<Record<string, unknown>>;
  /** What it answers beside `start`, `configure` and `stop`. Default: {@link DEFAULT_COMMANDS}. */
  readonly commands?: readonly string[];
}

/** What adapters answer that do not say what they answer. */
export const DEFAULT_COMMANDS: readonly string[] = ["encode", "decode"];

/** Features as names: a list gives `key:item` for each item, true gives the key. */
export function featureNames(features: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const names = Object.entries(features).flatMap(([key, value]) => {
    if (value === true) return [key];
    return Array.isArray(value) ? value.map((item) => `${key}:${String(item)}`) : [];
  });
  return new Set(names);
}
