/** Runs a program to its end, or ends it and all that it started. */
import { spawn } from "node:child_process";
import { endGroup, forgetGroup, keepGroup } from "../../ccp/process-group.ts";
import type { ProgramWords } from "./manifest.ts";

export interface BoundedOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
}

export interface Ended {
  /** null when it was ended by a signal, ran out of time, or did not start. */
  readonly code: number | null;
  /** Why there is no exit code, in words. */
  readonly trouble?: string;
  /** The end of what it wrote to its standard output and standard error. */
  readonly output: string;
}

/** What is kept of an output: its end. */
const MAX_OUTPUT = 64 * 1024;
/** How long its pipes are read after it has ended: what it left running may hold them open. */
const LAST_WORDS_MS = 1_000;

/** Never rejects. */
export async function runBounded(
  [program, ...args]: ProgramWords,
  { cwd, timeoutMs }: BoundedOptions,
): Promise<Ended> {
  return await new Promise((resolve) => {
    // A group of its own, so that what a build tool started ends with it.
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    const keep = (text: string): void => {
      output = (output + text).slice(-MAX_OUTPUT);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    keepGroup(child.pid);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      endGroup(child.pid);
    }, timeoutMs);
    const finish = (code: number | null, signal: string | null): void => {
      clearTimeout(timer);
      forgetGroup(child.pid);
      const trouble = isLate ? `it took more than ${timeoutMs / 1000} s` : `it ended with ${signal}`;
      resolve({ code: isLate ? null : code, ...((isLate || code === null) && { trouble }), output });
    };
    child.once("error", (error) => {
      clearTimeout(timer);
      forgetGroup(child.pid);
      resolve({ code: null, trouble: `it could not be started: ${error.message}`, output });
    });
    child.once("close", finish);
    child.once("exit", (code, signal) => setTimeout(finish, LAST_WORDS_MS, code, signal).unref());
  });
}
