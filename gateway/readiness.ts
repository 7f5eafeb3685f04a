/** Whether the broker answers: the one thing without which no task can be accepted. */
import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../app/index.ts";
import type { Readiness } from "./context.ts";

/** Probes may come often; the broker is asked once in this time. */
const ANSWER_AGE_MS = 1000;
/** A broker that takes longer to answer is not ready. */
const PING_TIMEOUT_MS = 2000;

/** Asks the broker for the length of the default queue, the cheapest question all brokers can answer. */
export function createReadiness(app: App): () => Promise<Readiness> {
  let askedAtMs = 0;
  let answer: Promise<Readiness> | undefined;
  return () => {
    const nowMs = Date.now();
    if (answer === undefined || nowMs - askedAtMs >= ANSWER_AGE_MS) {
      askedAtMs = nowMs;
      answer = ask(app);
    }
    return answer;
  };
}

async function ask(app: App): Promise<Readiness> {
  const stop = new AbortController();
  const late = sleep(PING_TIMEOUT_MS, undefined, { signal: stop.signal, ref: false }).then(() => {
    throw new Error("late");
  });
  late.catch(() => undefined);
  try {
    const connection = await Promise.race([app.connection(), late]);
    await Promise.race([connection.queueSize(app.settings.taskDefaultQueue), late]);
    return { ready: true };
  } catch {
    // Why exactly is in the log, with names that strangers should not read.
    return { ready: false, reason: "The broker does not answer." };
  } finally {
    stop.abort();
  }
}
