/**
 * Example tasks: what `npm start` serves. A task file exports its app; `celerity worker -A ./dist/examples/tasks.js`
 * runs it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type App, createApp } from "../index.ts";

export const app: App = createApp();

/** Adds two numbers. */
app.task("examples.add", (x: number, y: number): number => x + y);

/** Adds up a list: the body of a chord. */
app.task("examples.sum", (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0),
);

/** Waits, and tells how far it is once a second. */
app.task("examples.slow", { bind: true }, async (self, seconds: number): Promise<string> => {
  for (let done = 0; done < seconds; done += 1) {
    await self.updateState("PROGRESS", { done, total: seconds });
    await sleep(Math.min(1, seconds - done) * 1000, undefined, { signal: self.signal });
  }
  return `waited ${seconds} s`;
});

/** Always fails. */
app.task("examples.fail", (message: string): never => {
  throw new Error(message);
});

/** Asks a URL and tells what it answered. Retries by itself when the network fails. */
app.task(
  "examples.fetch",
  { bind: true, autoretryFor: [TypeError], retryBackoff: true, maxRetries: 3 },
  async (self, url: string): Promise<{ status: number; type: string | null }> => {
    const response = await fetch(url, {
      signal: AbortSignal.any([self.signal, AbortSignal.timeout(10_000)]),
    });
    await response.body?.cancel();
    return { status: response.status, type: response.headers.get("content-type") };
  },
);
