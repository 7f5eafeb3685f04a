/** What becomes of events: the rules of the gateway's options, ready for use. */
import { ConfigurationError } from "../../protocol/index.ts";
import { Claims } from "../hooks/claims.ts";
import { HOOK_DEFAULTS } from "../hooks/hook-options.ts";
import { compileRules, type RuleBook, type RuleOptions } from "../hooks/mapping/rules.ts";
import { Problem } from "../problems.ts";
import type { StateStore } from "../state/state-store.ts";
import { createValidator } from "../validate.ts";

/** The same members in code and in a file. */
export interface EventOptions {
  /** The first that fits an event makes its task; pointers go into the event in its JSON form: `/type`, `/data/id`. */
  readonly rules: readonly RuleOptions[];
  /** The only tasks that they may send. Default: those that the rules name. */
  readonly tasks?: readonly string[];
  /** What becomes of an event that no rule fits: 204, or 422. Default ignore. */
  readonly unmatched?: "ignore" | "refuse";
  /** How long an event that comes again is known. Default 30 days. */
  readonly remember_seconds?: number;
  /** Senders that may deliver, as they name themselves in the handshake: names, `*.example.com`, or `*`. Default: none. */
  readonly allowed_origins?: readonly string[];
  /** Requests a minute that the handshake promises. Default: as many as they like. */
  readonly allowed_rate?: number;
}

export interface EventDoor {
  readonly rules: RuleBook;
  readonly isRefusing: boolean;
  readonly rememberMs: number;
  readonly claims: Claims;
  readonly allowedOrigins: readonly string[];
  readonly allowedRate: number | undefined;
}

export interface EventDoorOptions {
  readonly state: StateStore;
  readonly events: EventOptions | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

const validate = createValidator("EventOptions");

/** undefined without rules: no events are taken. Throws ConfigurationError. */
export function createEventDoor({ state, events, onWarning }: EventDoorOptions): EventDoor | undefined {
  if (events === undefined) return undefined;
  try {
    validate(events);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new ConfigurationError(`The options of CloudEvents are wrong: ${error.message}`, { cause: error });
  }
  return {
    rules: compileRules(events.rules, { tasks: events.tasks, hasHeaders: false }),
    isRefusing: events.unmatched === "refuse",
    rememberMs: (events.remember_seconds ?? HOOK_DEFAULTS.rememberSeconds) * 1000,
    claims: new Claims({ state, kind: "event-claim", onWarning }),
    allowedOrigins: events.allowed_origins ?? [],
    allowedRate: events.allowed_rate,
  };
}
