/** Runs vectors against an adapter. */
import type { AdapterInfo } from "../ccp/messages.ts";
import type { SessionOptions } from "../ccp/session.ts";
import { kindOf, type ServerChoice } from "../rig/servers.ts";
import type { ServerKind } from "../suite/scenario.ts";
import type { Vector } from "../suite/vector.ts";
import { Adapter } from "./adapter.ts";
import { planRun } from "./plan.ts";
import { askAll } from "./questions.ts";
import type { Result } from "./result.ts";
import { playAll } from "./scenarios.ts";
import { type Allowances, disabled, NO_ALLOWANCES } from "./verdict.ts";

/** How to run. */
export interface RunOptions extends Partial<Allowances> {
  readonly vectors: readonly Vector[];
  readonly session: SessionOptions;
  /** Where scenarios take place. Default: servers that are embedded in this program. */
  readonly servers?: ServerChoice;
  /** How to run the adapter of a real Celery that takes part in L1 and L2. */
  readonly oracle?: SessionOptions | undefined;
  /** How many commands, or scenarios of one worker, may be under way at once. Default: 8. */
  readonly parallel?: number;
  /** Told about each result, in the order in which they come. */
  readonly onResult?: (result: Result, done: number, of: number) => void;
  /** Told what happens in scenarios, a line each. */
  readonly onNote?: (line: string) => void;
}

/** What came of a run. */
export interface Run {
  readonly adapter: AdapterInfo;
  /** The kind of broker, where one was needed. */
  readonly broker?: ServerKind;
  /** In the order of the vectors. */
  readonly results: readonly Result[];
  /** The end of what the adapter wrote to its standard error. */
  readonly stderr: string;
  readonly startedAtMs: number;
  readonly tookMs: number;
  /** Whether the adapter ended with exit code 0 when it was asked to. */
  readonly endedWell: boolean;
}

const DEFAULT_PARALLEL = 8;

/** Rejects with CelerityError `unsupported` when the adapter cannot be started or does not speak the contract. */
export async function runVectors(options: RunOptions): Promise<Run> {
  const { vectors, session, servers = {}, parallel = DEFAULT_PARALLEL, onResult, onNote, oracle } = options;
  const allowances = { ...NO_ALLOWANCES, ...options };
  const startedAtMs = Date.now();
  const adapter = new Adapter(session);
  const results = new Map<string, Result>();
  const finish = (result: Result): void => {
    results.set(result.id, result);
    onResult?.(result, results.size, vectors.length);
  };
  try {
    const info = await adapter.start();
    const plan = planRun(vectors, info, kindOf(servers));
    for (const { vector, missing } of plan.disabled) finish(disabled(vector, missing));
    await askAll(plan.questions, adapter, { allowances, parallel }, finish);
    const endedWell = await adapter.stop();
    if (plan.scenarios.length > 0)
      await playAll(plan.scenarios, { session, servers, oracle, parallel, allowances, onNote }, finish);
    return {
      adapter: info,
      ...(plan.scenarios.length > 0 && { broker: kindOf(servers) }),
      results: vectors.flatMap((vector) => results.get(vector.id) ?? []),
      stderr: adapter.stderr,
      startedAtMs,
      tookMs: Date.now() - startedAtMs,
      endedWell,
    };
  } finally {
    await adapter.stop();
  }
}
