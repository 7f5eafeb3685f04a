/** What a run of a fault comes to: the ledger, the results and the broker are compared. */
import type { Check, Findings } from "./fault.ts";
import type { Ledger } from "./ledger.ts";

/** What is known when a run is over. */
export interface Evidence {
  readonly ledger: Ledger;
  /** Stored states of the tasks that started. */
  readonly states: ReadonlyMap<string, string>;
  /** Ids in the queue of dead letters. */
  readonly letters: ReadonlySet<string>;
  /** Messages that the broker holds when no worker runs any more. */
  readonly messages: number;
}

export interface Verdict {
  /** Tasks that the broker has accepted. */
  readonly sent: number;
  /** Tasks that have ended, and whose success is stored. */
  readonly run: number;
  /** Tasks that are dead letters with a stored failure, and must be. */
  readonly dead: number;
  /** Tasks that must be dead letters. */
  readonly deadly: number;
  /** Tasks that the broker keeps for later, as it should. */
  readonly held: number;
  /** Sent, and none of these. */
  readonly lost: number;
  /** Ends beyond the first of each task. */
  readonly duplicates: number;
  /** How many of them the fault may cost. */
  readonly mayRepeat: number;
  /** Starts beyond the first of each task. */
  readonly startedAgain: number;
  /** Everything that has a limit; the verdict is a pass when none is exceeded. */
  readonly checks: readonly Check[];
}

export function judge({ ledger, states, letters, messages }: Evidence, findings: Findings): Verdict {
  const { dead: deadly = [], held = 0, left = 0, duplicates: mayRepeat, recovery } = findings;
  const sent = [...ledger.accepted];
  const ended = ledger.ids("end");
  const run = sent.filter((id) => ended.has(id) && states.get(id) === "SUCCESS").length;
  const dead = deadly.filter((id) => letters.has(id) && states.get(id) === "FAILURE").length;
  const lost = sent.length - run - dead - held;
  const duplicates = ledger.repeated("end");
  const strangers = [...ledger.ids("start")].filter((id) => !ledger.accepted.has(id));
  const checks = [
    { what: "lost", value: lost, limit: 0 },
    { what: "duplicates", value: duplicates, limit: mayRepeat },
    { what: "tasks that nobody sent", value: strangers.length, limit: 0 },
    { what: "dead letters nobody asked for", value: letters.size - dead, limit: 0 },
    { what: "messages left with the broker", value: messages - held, limit: left },
    ...(recovery === undefined
      ? []
      : [{ what: "seconds to recover", value: recovery.seconds, limit: recovery.limit }]),
    ...(findings.checks ?? []),
  ];
  const startedAgain = ledger.repeated("start");
  return {
    sent: sent.length,
    run,
    dead,
    deadly: deadly.length,
    held,
    lost,
    duplicates,
    mayRepeat,
    startedAgain,
    checks,
  };
}
