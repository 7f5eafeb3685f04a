/** An adapter in a process group of its own, for tests that ask it one thing after another or several at once. */
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { readAnswer } from "../../conformance/ccp/contract.ts";
import type { CommandName } from "../../conformance/ccp/messages.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { type PythonVersion, pythonEnvironment, requirePython } from "../helpers/python-environment.ts";

/** Celerity, or Celery in one of its versions. */
export type AdapterName = "celerity" | PythonVersion;

const FOLDER = fileURLToPath(new URL("../../conformance/adapters/", import.meta.url));

function commandOf(name: AdapterName): readonly [string, ...string[]] {
  if (name === "celerity") return [process.execPath, "--import", "tsx", `${FOLDER}celerity/adapter.ts`];
  return [requirePython(name), `${FOLDER}python-celery/adapter.py`];
}

/** What an adapter answered. */
export type Answered = Readonly<Record<string, unknown>>;

export class AdapterProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, (answer: Answered) => void>();
  #lastSeq = 0;
  #stderr = "";

  /** Ends, with all that it started, with the test that made it. */
  constructor(name: AdapterName) {
    const [program, ...args] = commandOf(name);
    this.#child = spawn(program, args, { detached: true, env: pythonEnvironment() });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    // A write to a process that was killed.
    this.#child.stdin.on("error", () => undefined);
    createInterface(this.#child.stdout).on("line", (line) => {
      const { seq, ...answer } = JSON.parse(line) as Answered & { readonly seq: number };
      this.#waiting.get(seq)?.(answer);
    });
    this.#child.on("exit", (code, signal) => {
      for (const answer of this.#waiting.values()) answer({ ended: code ?? signal, stderr: this.#stderr });
    });
    cleanUp(async () => this.kill());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The answer; rejects when it is none that the contract knows. */
  async ask(cmd: CommandName | "capture", fields: Answered = {}): Promise<Answered> {
    this.#lastSeq += 1;
    const seq = this.#lastSeq;
    const answer = await new Promise<Answered>((resolve) => {
      this.#waiting.set(seq, resolve);
      this.#child.stdin.write(`${JSON.stringify({ cmd, seq, ...fields })}\n`);
    });
    const reading = cmd === "capture" ? { kind: "answer" } : readAnswer(cmd, answer);
    if (reading.kind === "answer" && answer["errored"] === undefined) return answer;
    throw new Error(`The answer to ${cmd} is ${JSON.stringify(answer)}\n${this.#stderr}`);
  }

  /** Asks it to end; resolves to its exit code. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end(`${JSON.stringify({ cmd: "stop" })}\n`);
    return await ended;
  }

  /** Ends the whole group at once. */
  kill(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }

  /** Numbers of the processes that it started, and of those that these started. */
  descendants(): readonly number[] {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
    const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
    const found = [this.pid];
    for (const parent of found) {
      for (const [pid = 0, ppid] of pairs) if (ppid === parent) found.push(pid);
    }
    return found.slice(1);
  }
}
