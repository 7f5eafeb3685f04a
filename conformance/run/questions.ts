/** Asks an adapter what can be asked over the pipe, several things at once. */
import type { Command } from "../ccp/messages.ts";
import type { Exchange } from "../ccp/session.ts";
import type { Question } from "../suite/vector.ts";
import type { Adapter } from "./adapter.ts";
import type { Result } from "./result.ts";
import { type Allowances, verdictOf } from "./verdict.ts";

/** Tells every result as it comes. */
export async function askAll(
  questions: readonly Question[],
  adapter: Adapter,
  { allowances, parallel }: { readonly allowances: Allowances; readonly parallel: number },
  finish: (result: Result) => void,
): Promise<void> {
  const again: Question[] = [];
  const queue = questions.values();
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
}

function isLost({ outcome }: Exchange): boolean {
  return outcome.kind === "died" || outcome.kind === "timeout";
}

/** What an adapter is asked for a vector. */
export function commandOf(vector: Question): Command {
  if (vector.command === "encode") return { cmd: "encode", call: vector.call };
  if (vector.stored !== undefined) return { cmd: "decode", stored: vector.stored };
  return { cmd: "decode", wire: vector.wire ?? { envelope: "" } };
}
