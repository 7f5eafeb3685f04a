/** The tasks of the suite, for `celerity worker -A`: the environment configures the app. fault_tasks.py has the twins. */
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";
import { type App, createApp } from "../app/index.ts";
import { note } from "./lib/ledger.ts";

export const app: App = createApp();

const by = isMainThread ? String(process.pid) : `${process.pid}/${threadId}`;

/** Ways to end the process, or the thread, in the middle of a task. */
const DEATHS: Readonly<Record<string, () => void>> = {
  abort: () => process.abort(),
  exit: () => process.exit(3),
  kill: () => process.kill(process.pid, "SIGKILL"),
  memory: () => hoard(Number.POSITIVE_INFINITY),
  throw: () => {
    setImmediate(() => {
      throw new Error("Thrown where nobody catches it.");
    });
  },
};

/** What `fault.leak` has kept so far. */
const leaked: unknown[] = [];

app.task("fault.work", { bind: true }, async ({ request }, ledger: string, seconds: number) => {
  note(ledger, "start", request.id, by);
  await sleep(seconds * 1000);
  note(ledger, "end", request.id, by);
  return by;
});

app.task("fault.join", { bind: true }, ({ request }, results: unknown[], ledger: string) => {
  note(ledger, "start", request.id, by);
  note(ledger, "end", request.id, by);
  return results.length;
});

app.task("fault.leak", { bind: true }, ({ request }, ledger: string, megabytes: number) => {
  note(ledger, "start", request.id, by);
  leaked.push(hoard(megabytes));
  note(ledger, "end", request.id, by);
});

app.task("fault.die", { bind: true }, async ({ request }, ledger: string, death: string) => {
  note(ledger, "start", request.id, by);
  DEATHS[death]?.();
  await sleep(60_000);
});

/** Takes so much of the heap, in MB. */
function hoard(megabytes: number): unknown[] {
  const kept: unknown[] = [];
  for (let taken = 0; taken < megabytes; taken += 1) kept.push(Array.from({ length: 131_072 }, Math.random));
  return kept;
}
