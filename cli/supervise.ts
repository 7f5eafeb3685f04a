/**
 * SIGHUP restarts a worker: it ends warmly, and the same command line begins anew with the code and settings of now. A
 * process cannot replace itself in Node, so the first one stays as a small supervisor, whose number does not change.
 */
import { spawn } from "node:child_process";
import { ENVIRONMENT } from "./environment.ts";

/** Set in processes that a supervisor started. */
const SUPERVISED = "CELERITY_SUPERVISED";
/** Exit code of a supervised process that wants to begin anew. */
const EXIT_RESTART = 113;

/** After a warm stop for SIGHUP. Never returns: runs the command line anew, as often as it asks for it. */
export async function restart(): Promise<never> {
  if (process.env[SUPERVISED] !== undefined) process.exit(EXIT_RESTART);
  for (;;) {
    const code = await runAnew();
    if (code !== EXIT_RESTART) process.exit(code);
  }
}

function runAnew(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...ENVIRONMENT, [SUPERVISED]: "1" },
  });
  const signals = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const;
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of signals) process.removeAllListeners(signal).on(signal, forward);
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
    child.once("error", () => resolve(1));
  });
}

/** Is this process one that another one started anew? That one's number is in the pid file then. */
export function isSupervised(): boolean {
  return process.env[SUPERVISED] !== undefined;
}
