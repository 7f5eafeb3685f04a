import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type PythonVersion, pythonFolder, requirePython } from "./python-environment.ts";

/** A Python program that answers each line of JSON on its standard input with one on its standard output. */
export interface PythonLinesOptions {
  readonly version: PythonVersion;
  /** Its file; it runs in test/helpers/python. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The process, from its start to its end. It ends when its standard input does, so it cannot outlive us. */
export class PythonLines {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  readonly #exited: Promise<unknown>;
  #errors = "";

  constructor({ version, file, env }: PythonLinesOptions) {
    this.#child = spawn(requirePython(version), [file], { cwd: pythonFolder, env });
    this.#exited = once(this.#child, "close").then(() => this.#fail());
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    createInterface(this.#child.stdout).on("line", (line) => this.#answer(line));
    // A write to a process that ended; what waits for the answer learns it from its end.
    this.#child.stdin.on("error", () => {});
  }

  /** Resolves to the answer; rejects with what the program printed as errors when it has ended. */
  async call(command: unknown): Promise<unknown> {
    if (this.#child.exitCode !== null) throw new Error(`The Python process has ended:\n${this.#errors}`);
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    });
  }

  #answer(line: string): void {
    const waiting = this.#waiting.shift();
    try {
      waiting?.resolve(JSON.parse(line));
    } catch (error) {
      // Python writes Infinity and NaN, which are no JSON.
      waiting?.reject(error as Error);
    }
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    // It may be waiting for something that will not come.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await this.#exited;
    clearTimeout(timer);
  }

  #fail(): void {
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`The Python process ended without an answer:\n${this.#errors}`));
    }
  }
}
