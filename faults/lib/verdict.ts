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
  /** Ids of the tasks in them; empty when no task must be there. */
  readonly held: ReadonlySet<string>;
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
  /** Sent, and none of these, nor known to be lost: by a Python worker, or by a broker as the gateway says. */
  readonly lost: number;
  /** What is known of the first of the lost ones, a line each. */
  readonly traces: readonly string[];
  /** Ends beyond the first of each task. */
  readonly duplicates: number;
  /** How many of them the fault may cost. */
  readonly mayRepeat: number;
  /** Starts beyond the first of each task. */
  readonly startedAgain: number;
  /** Everything that has a limit; the verdict is a pass when none is exceeded. */
  readonly checks: readonly Check[];
}

/** Lost tasks that are told about. */
const TRACES = 20;

export function judge(evidence: Evidence, findings: Findings): Verdict {
  const { ledger, states, letters, messages } = evidence;
  const {
    dead: deadly = [],
    later = [],
    lostByPython = [],
    reportedLost = [],
    left = 0,
    duplicates: mayRepeat,
    recovery,
  } = findings;
  const sent = [...ledger.accepted];
  const ended = ledger.ids("end");
  const run = new Set(sent.filter((id) => ended.has(id) && states.get(id) === "SUCCESS"));
  const dead = new Set(deadly.filter((id) => letters.has(id) && states.get(id) === "FAILURE"));
  const held = new Set(later.filter((id) => evidence.held.has(id)));
  const others = new Set([...lostByPython, ...reportedLost]);
  const lost = sent.filter((id) => !(run.has(id) || dead.has(id) || held.has(id) || others.has(id)));
  const duplicates = ledger.repeated("end");
  const strangers = [...ledger.ids("start")].filter((id) => !ledger.accepted.has(id));
  const checks = [
    { what: "lost", value: lost.length, limit: 0 },
    { what: "duplicates", value: duplicates, limit: mayRepeat },
    { what: "tasks that nobody sent", value: strangers.length, limit: 0 },
    { what: "dead letters nobody asked for", value: letters.size - dead.size, limit: 0 },
    { what: "messages left with the broker", value: messages - held.size, limit: left },
    ...(recovery === undefined
      ? []
      : [{ what: "seconds to recover", value: recovery.seconds, limit: recovery.limit }]),
    ...(findings.checks ?? []),
  ];
  const startedAgain = ledger.repeated("start");
  return {
    sent: sent.length,
    run: run.size,
    dead: dead.size,
    deadly: deadly.length,
    held: held.size,
    lost: lost.length,
    traces: lost.slice(0, TRACES).map((id) => traceOf(id, evidence)),
    duplicates,
    mayRepeat,
    startedAgain,
    checks,
  };
}

/** `task-7 (STARTED): start by 4711 at 12:00:00.123, start by 4712 at 12:00:09.456` */
function traceOf(id: string, { ledger, states }: Evidence): string {
  const notes = ledger.notes().filter((one) => one.id === id);
  const told = notes.map(({ kind, by, atMs }) => {
    const time = new Date(atMs).toISOString().slice("2026-01-01T".length, -1);
    return `${kind} by ${by} at ${time}`;
  });
  return `${id} (${states.get(id) ?? "no state"}): ${told.length === 0 ? "never started" : told.join(", ")}`;
}
