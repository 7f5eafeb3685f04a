/** What the routes of hooks share. */
import type { StateStore } from "../state/state-store.ts";
import { Claims } from "./claims.ts";
import { DeliveryLog } from "./delivery-log.ts";
import { HookBook } from "./hook-book.ts";
import type { HookOptions } from "./hook-options.ts";
import { checkConfigured } from "./hook-request.ts";
import { Tallies } from "./tallies.ts";

export interface HookDoor {
  readonly book: HookBook;
  readonly log: DeliveryLog;
  readonly claims: Claims;
  readonly tallies: Tallies;
}

export interface HookDoorOptions {
  readonly state: StateStore;
  readonly hooks: Readonly<Record<string, HookOptions>> | undefined;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Throws ConfigurationError for a hook whose options are wrong. */
export function createHookDoor({ state, hooks = {}, onWarning }: HookDoorOptions): HookDoor {
  const configured = checkConfigured(hooks);
  for (const [name, { verifier }] of Object.entries(configured)) {
    if (verifier === "none") warnOfNone(name, onWarning);
  }
  return {
    book: new HookBook({ state, configured }),
    log: new DeliveryLog(state),
    claims: new Claims({ state, kind: "hook-claim", onWarning }),
    tallies: new Tallies(),
  };
}

/** Said when a hook is made or read from the options. */
export function warnOfNone(name: string, onWarning: HookDoorOptions["onWarning"]): void {
  onWarning(`The hook ${name} has the verifier none: whoever is on this machine can send its tasks`);
}
