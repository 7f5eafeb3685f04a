/** Runs one form of a fault at one place, and counts what it cost. */
import type { App } from "../../app/index.ts";
import type { BrokerName, Check, Fault, FaultCase } from "./fault.ts";
import { messagesHeld } from "./held.ts";
import { Scene, type SceneOptions } from "./scene.ts";

export interface Result {
  readonly fault: string;
  /** Name of the case, empty for the only one. */
  readonly form: string;
  readonly broker: string;
  readonly accepted: number;
  /** Tasks that have ended, and whose success is stored. */
  readonly done: number;
  /** Tasks that must be and are dead letters, with a stored failure. */
  readonly dead: number;
  /** Tasks that the broker keeps for later, as it should. */
  readonly held: number;
  /** Accepted, and none of these. */
  readonly lost: number;
  /** Ends beyond the first of each task. */
  readonly duplicates: number;
  /** Starts beyond the first of each task. */
  readonly startedAgain: number;
  /** From the fault to the last new start of what it interrupted, in seconds. */
  readonly recoverySeconds: number | undefined;
  /** Everything that has a limit. */
  readonly checks: readonly Check[];
  /** Length of the run, in seconds. */
  readonly seconds: number;
}

/** A run that takes longer has failed; the length that was asked for comes on top. */
const LIMIT_MS = 1_800_000;
/** Results that are fetched at once. */
const AT_ONCE = 100;

const ONLY: FaultCase = { name: "" };

export function casesOf({ cases = [ONLY] }: Fault, broker: BrokerName): readonly FaultCase[] {
  return cases.filter(({ brokers }) => brokers === undefined || brokers.includes(broker));
}

/** Rejects when the fault could not be run at all. */
export async function runFault(fault: Fault, options: SceneOptions): Promise<Result> {
  const startedAtMs = Date.now();
  const scene = new Scene(options);
  const limitMs = LIMIT_MS + (options.seconds ?? 0) * 1000;
  // What waits for a worker learns that it is gone.
  const timer = setTimeout(() => void scene.close(), limitMs);
  try {
    const findings = await fault.run(scene);
    const { ledger } = scene;
    const ended = ledger.ids("end");
    const letters = await scene.deadLetters();
    // Of tasks that never started, which may be many, there is no result to ask for.
    const states = await statesOf(scene.app, [...ledger.ids("start")]);
    const isDone = (id: string): boolean => ended.has(id) && states.get(id) === "SUCCESS";
    const isDead = (id: string): boolean => letters.has(id) && states.get(id) === "FAILURE";
    const { dead: deadly = [], held = 0, left: mayBeLeft = 0, duplicates: mayRepeat, recovery } = findings;
    const done = [...ledger.accepted].filter(isDone).length;
    const dead = deadly.filter(isDead).length;
    const lost = ledger.accepted.size - done - dead - held;
    const duplicates = ledger.repeated("end");
    await scene.stopWorkers();
    const left = (await messagesHeld(options.place, scene.app)) - held;
    const checks: Check[] = [
      { what: "lost", value: lost, limit: 0 },
      { what: "duplicates", value: duplicates, limit: mayRepeat },
      { what: "dead letters nobody asked for", value: letters.size - dead, limit: 0 },
      { what: "messages left with the broker", value: left, limit: mayBeLeft },
      ...(recovery === undefined
        ? []
        : [{ what: "seconds to recover", value: recovery.seconds, limit: recovery.limit }]),
      ...(findings.checks ?? []),
    ];
    return {
      fault: fault.name,
      form: options.form.name,
      broker: options.place.broker,
      accepted: ledger.accepted.size,
      done,
      dead,
      held,
      lost,
      duplicates,
      startedAgain: ledger.repeated("start"),
      recoverySeconds: recovery?.seconds,
      checks,
      seconds: (Date.now() - startedAtMs) / 1000,
    };
  } finally {
    clearTimeout(timer);
    await scene.close();
  }
}

async function statesOf(app: App, ids: readonly string[]): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    await Promise.all(some.map(async (id) => states.set(id, await app.result(id).state())));
  }
  return states;
}
