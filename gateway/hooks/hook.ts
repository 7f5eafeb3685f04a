/** A hook ready for deliveries. */
import { hash } from "node:crypto";
import type { Caller } from "../access/caller.ts";
import type { HookOptions } from "./hook-options.ts";
import { createHookVerifier, type HookVerifier, UNSIGNED } from "./hook-verifier.ts";
import { HookOptionError } from "./mapping/option-error.ts";
import { compileRules, type RuleBook } from "./mapping/rules.ts";
import type { MappingScope, MappingSource, Place } from "./mapping/source.ts";
import { missing, valuePlace } from "./mapping/template.ts";

/** Who made a hook. */
export type HookOwner = Pick<Caller, "id" | "tenant" | "queuePrefix">;

/** What is known of a hook beside its options. */
export interface HookFacts {
  readonly name: string;
  /** Stays while it is changed, and is another one for a hook that is made anew under the same name. */
  readonly key: string;
  /** app: from the gateway's own options. */
  readonly origin: "app" | "store";
  readonly owner: HookOwner;
  /** Of the record, for compare-and-set; 0 for one of the app. */
  readonly version: number;
}

export interface Hook extends HookFacts {
  readonly options: HookOptions;
  /** undefined: anybody on this machine. */
  readonly verifier: HookVerifier | undefined;
  readonly rules: RuleBook;
  /** Whom its tasks are sent for: may send what its rules name, and nothing else. */
  readonly caller: Caller;
  /** Tells a delivery from others; undefined when nothing does. Throws Problem `invalid-arguments`. */
  deliveryId(source: MappingSource, verifiedId: string | undefined): string | undefined;
}

const MAX_DELIVERY_ID = 1000;

/** Throws HookOptionError. */
export function compileHook(facts: HookFacts, options: HookOptions): Hook {
  const verifier = createHookVerifier(options);
  const scope: MappingScope = { tasks: options.tasks, hasHeaders: true };
  const rules = compileRules(options.rules, scope);
  const tasks = new Set(rules.tasks);
  const { delivery_id: idOptions } = options;
  const place = idOptions === undefined ? undefined : deliveryPlace(options, scope);
  return {
    ...facts,
    options,
    verifier,
    rules,
    caller: {
      id: `hook:${facts.name}`,
      tenant: facts.owner.tenant,
      read: "own",
      queuePrefix: facts.owner.queuePrefix,
      has: () => false,
      maySubmit: (task) => tasks.has(task),
      // Rules name queues, deliveries do not.
      mayUseQueue: () => true,
    },
    deliveryId(source, verifiedId) {
      if (place === undefined) return verifiedId;
      const id = place.find(source);
      if (isId(id)) return String(id);
      if (idOptions?.required !== false) throw missing(place);
      return verifiedId;
    },
  };
}

function deliveryPlace({ delivery_id: options = {}, verifier }: HookOptions, scope: MappingScope): Place {
  const where = "/delivery_id";
  if (options.$header !== undefined && !UNSIGNED.includes(verifier)) {
    const what = `cannot come from a header with the verifier ${verifier}, whose signature covers the body only: whoever records a delivery could send it again with another id`;
    throw new HookOptionError(where, what);
  }
  return valuePlace(options, scope, where);
}

function isId(value: unknown): value is string | number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return true;
  return typeof value === "string" && value !== "" && value.length <= MAX_DELIVERY_ID;
}

/** The name of a delivery's claim. */
export function claimKey({ key }: Hook, deliveryId: string): string {
  return `${key}/${hash("sha256", deliveryId, "base64url")}`;
}

/** Whether the caller may see a hook: it is theirs, of their tenant, or they see all. */
export function isVisible(caller: Caller, { owner }: HookFacts): boolean {
  if (caller.read === "all" || caller.id === owner.id) return true;
  return caller.read === "tenant" && caller.tenant !== undefined && caller.tenant === owner.tenant;
}
