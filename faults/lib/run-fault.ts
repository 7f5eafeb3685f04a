/** Runs one form of a fault at one place, and judges what it cost. */
import type { App } from "../../app/index.ts";
import type { BrokerName, Fault, FaultCase } from "./fault.ts";
import { messagesHeld } from "./held.ts";
import { tasksHeld } from "./held-tasks.ts";
import type { Ledger } from "./ledger.ts";
import { Scene, type SceneOptions } from "./scene.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface Result extends Verdict {
  readonly fault: string;
  /** Name of the case, empty for the only one. */
  readonly form: string;
  readonly broker: string;
  /** How often what was broken: `2 × kill -9`. */
  readonly broken: string;
  /** From the fault to the last new start of what it interrupted, in seconds. */
  readonly recoverySeconds: number | undefined;
  readonly remark: string | undefined;
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

/** Rejects when the fault could not be run at all, or `signal` was aborted. The ledger that it fills is told before it begins. */
export async function runFault(
  fault: Fault,
  options: SceneOptions,
  signal: AbortSignal,
  onBegun: (ledger: Ledger) => void = () => undefined,
): Promise<Result> {
  const startedAtMs = Date.now();
  const scene = new Scene(options);
  onBegun(scene.ledger);
  const limitMs = LIMIT_MS + (options.seconds ?? 0) * 1000;
  // What waits for a worker learns that it is gone.
  const giveUp = (): void => void scene.close();
  const timer = setTimeout(giveUp, limitMs);
  signal.addEventListener("abort", giveUp);
  try {
    const findings = await fault.run(scene);
    const { later = [], left = 0 } = findings;
    await scene.atRest(later.length + left);
    await scene.stopWorkers();
    const { ledger } = scene;
    const letters = await scene.deadLetters();
    // Of others, which may be many, there is no result to ask for.
    const ids = new Set([...ledger.ids("start"), ...letters]);
    const states = await statesOf(scene.app, [...ids]);
    const messages = await messagesHeld(options.place, scene.app);
    const held = later.length === 0 ? new Set<string>() : await tasksHeld(options.place);
    return {
      fault: fault.name,
      form: options.form.name,
      broker: options.place.broker,
      broken: `${findings.broken.times} × ${findings.broken.what}`,
      ...judge({ ledger, states, letters, messages, held }, findings),
      recoverySeconds: findings.recovery?.seconds,
      remark: findings.remark,
      seconds: (Date.now() - startedAtMs) / 1000,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
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
