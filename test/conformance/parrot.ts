/** Runs vectors against the adapter of parrot.mjs. */
import { fileURLToPath } from "node:url";
import {
  type Allowances,
  loadSuite,
  type Result,
  type Run,
  runVectors,
  type SessionOptions,
  type Suite,
  selectVectors,
  suiteFolder,
} from "../../conformance/index.ts";

const program = fileURLToPath(new URL("parrot.mjs", import.meta.url));

export const suite: Suite = loadSuite();

/** The command line of the adapter with a fault. */
export function parrot(fault: string): readonly [string, ...string[]] {
  return [process.execPath, program, suiteFolder(), fault];
}

export interface ParrotOptions extends Partial<Allowances>, Partial<SessionOptions> {
  readonly ids: readonly string[];
  readonly parallel?: number;
}

export async function runParrot(fault: string, options: ParrotOptions): Promise<Run> {
  const { ids, timeoutMs = 20_000, ...rest } = options;
  return await runVectors({
    ...rest,
    vectors: selectVectors(suite.vectors, { ids }),
    session: { command: parrot(fault), timeoutMs, ...rest },
  });
}

/** The statuses by id. */
export function statusesOf({ results }: Pick<Run, "results">): Readonly<Record<string, Result["status"]>> {
  return Object.fromEntries(results.map(({ id, status }) => [id, status]));
}
