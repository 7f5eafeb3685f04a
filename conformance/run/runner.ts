/** Runs vectors against an adapter. */
import { type AdapterInfo, type Command, featureNames } from "../ccp/messages.ts";
import type { Exchange, SessionOptions } from "../ccp/session.ts";
import type { Vector } from "../suite/vector.ts";
import { Adapter } from "./adapter.ts";
import type { Result } from "./result.ts";
import { type Allowances, disabled, NO_ALLOWANCES, verdictOf } from "./verdict.ts";

/** How to run. */
export interface RunOptions extends Partial<Allowances> {
  readonly vectors: readonly Vector[];
  readonly session: SessionOptions;
  /** How many commands may wait for their answers at once. Default: 8. */
  readonly parallel?: number;
  /** Told about each result, in the order in which they come. */
  readonly onResult?: (result: Result, done: number, of: number) => void;
}

/** What came of a run. */
export interface Run {
  readonly adapter: AdapterInfo;
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
  const startedAtMs = Date.now();
  const adapter = new Adapter(options.session);
  try {
    const info = await adapter.start();
    const results = await runAll(options, adapter, info, { ...NO_ALLOWANCES, ...options });
    const endedWell = await adapter.stop();
    return {
      adapter: info,
      results,
      stderr: adapter.stderr,
      startedAtMs,
      tookMs: Date.now() - startedAtMs,
      endedWell,
    };
  } finally {
    await adapter.stop();
  }
}

async function runAll(
  { vectors, parallel = DEFAULT_PARALLEL, onResult }: RunOptions,
  adapter: Adapter,
  info: AdapterInfo,
  allowances: Allowances,
): Promise<readonly Result[]> {
  const results = new Map<string, Result>();
  const finish = (result: Result): void => {
    results.set(result.id, result);
    onResult?.(result, results.size, vectors.length);
  };
  const has = featureNames(info.features);
  const enabled: Vector[] = [];
  for (const vector of vectors) {
    const missing = vector.features.filter((name) => !has.has(name));
    const lacks = info.roles.includes(vector.role) ? missing : [`the role ${vector.role}`, ...missing];
    if (lacks.length > 0) finish(disabled(vector, lacks));
    else enabled.push(vector);
  }
  const again: Vector[] = [];
  const queue = enabled.values();
  const lane = async (): Promise<void> => {
    for (const vector of queue) {
      const exchange = await adapter.exchange(commandOf(vector));
      if (isLost(exchange)) again.push(vector);
      else finish(await verdictOf(vector, exchange, allowances));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, lane));
  // When a process dies, one of those in flight is to blame: alone, each shows whether it was that one.
  for (const vector of again)
    finish(await verdictOf(vector, await adapter.exchange(commandOf(vector)), allowances));
  return vectors.flatMap((vector) => results.get(vector.id) ?? []);
}

function isLost({ outcome }: Exchange): boolean {
  return outcome.kind === "died" || outcome.kind === "timeout";
}

/** What an adapter is asked for a vector. */
export function commandOf(vector: Vector): Command {
  if (vector.command === "encode") return { cmd: "encode", call: vector.call };
  if (vector.stored !== undefined) return { cmd: "decode", stored: vector.stored };
  return { cmd: "decode", wire: vector.wire ?? { envelope: "" } };
}
