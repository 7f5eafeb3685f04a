/** One process of an adapter, from its start to its end: commands go in, answers come out in any order. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { isPlainObject, type PlainObject, readPythonJson } from "../../protocol/index.ts";
import { type Answer, readAnswer } from "./contract.ts";
import { LineSplitter } from "./lines.ts";
import type { AdapterInfo, Command } from "./messages.ts";
import { endGroup, groupEnds, keepGroup } from "./process-group.ts";

/** How to run an adapter. */
export interface SessionOptions {
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...args: readonly string[]];
  /** What it is when it is no adapter but a worker, which is not asked anything. */
  readonly bare?: AdapterInfo;
  readonly timeoutMs: number;
  /** Where the files lie that vectors name by `$suite`. Default: the vectors that come with this package. */
  readonly suiteFolder?: string;
  /** Longest line that it may answer, in bytes. */
  readonly maxLineBytes?: number;
  /** Whether its children end with it: it leads a process group then, which no Ctrl-C of a terminal reaches. Default: no. */
  readonly hasChildren?: boolean;
  /** Told about every line that breaks the contract. */
  readonly onBroken?: (line: string, problems: readonly string[]) => void;
}

/** Why there is no answer. */
export interface Trouble {
  readonly kind: "died" | "timeout" | "broken";
  readonly message: string;
}

/** One command and what came of it. */
export interface Exchange {
  readonly command: Command;
  /** The line that was answered, cut to the cap of reports. */
  readonly line: string | undefined;
  readonly outcome: Answer | Trouble;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** What answers commands: a process of an adapter, or what stands for one. */
export interface Answerer {
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
  readonly isOver: boolean;
  /** Sends a command; resolves to its answer or to why there is none, and never rejects. */
  exchange(command: Command, timeoutMs?: number): Promise<Exchange>;
  /** Asks it to end, and kills it when it does not within 5 s. Resolves to whether it ended as asked, with exit code 0. */
  stop(): Promise<boolean>;
  /** Ends it at once; what waits for answers is told why. */
  kill(reason: string): void;
}

interface Waiting {
  readonly command: Command;
  readonly sentAtMs: number;
  readonly timer: NodeJS.Timeout;
  readonly settle: (exchange: Exchange) => void;
}

const DEFAULT_MAX_LINE_BYTES = 16 * 1024 * 1024;
/** What is kept of standard error: its end. */
const MAX_STDERR = 64 * 1024;
/** What is kept of an answer for reports. */
const MAX_KEPT_LINE = 64 * 1024;
const STOP_MS = 5_000;
/** How long a pipe is read after the process has ended. */
const LAST_WORDS_MS = 1_000;
/** Tagged values nest twice as deep as the values that they hold. */
const MAX_DEPTH = 500;

export class Session implements Answerer {
  readonly #options: SessionOptions;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #nextSeq = 1;
  #stderr = "";
  #end: string | undefined;
  /** What was wrong with the last line that belonged to no command. */
  #lastStray: string | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const [program, ...args] = options.command;
    const { hasChildren = false } = options;
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: hasChildren });
    if (hasChildren) keepGroup(this.#child.pid);
    const lines = new LineSplitter(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES, (line) =>
      this.#read(line),
    );
    this.#child.stdout.on("data", (chunk: Buffer) => {
      if (!lines.push(chunk)) this.kill("it answered a line that is longer than the cap");
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_STDERR);
    });
    // A write to a process that ended: its end tells what waits.
    this.#child.stdin.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#finish(`it could not be started: ${error.message}`);
        resolve();
      });
      const end = (code: number | null, signal: string | null): void => {
        if (hasChildren) endGroup(this.#child.pid);
        this.#finish(`it ended with ${code === null ? `signal ${signal}` : `exit code ${code}`}`);
        resolve();
      };
      // Its last answers may still be in the pipe; a child of its own may hold that open for ever.
      this.#child.once("close", end);
      this.#child.once("exit", (code, signal) => setTimeout(end, LAST_WORDS_MS, code, signal).unref());
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  exchange(command: Command, timeoutMs: number = this.#options.timeoutMs): Promise<Exchange> {
    const sentAtMs = Date.now();
    return new Promise((resolve) => {
      if (this.#end !== undefined) {
        resolve(failed({ command, sentAtMs }, { kind: "died", message: this.#end }));
        return;
      }
      const seq = this.#nextSeq++;
      const timer = setTimeout(() => this.#expire(seq, timeoutMs), timeoutMs);
      this.#waiting.set(seq, { command, sentAtMs, timer, settle: resolve });
      this.#child.stdin.write(`${JSON.stringify({ ...command, seq })}\n`);
    });
  }

  async stop(): Promise<boolean> {
    if (!this.isOver) {
      this.#child.stdin.end(`${JSON.stringify({ cmd: "stop" })}\n`);
      const timer = setTimeout(() => this.kill("it did not stop"), STOP_MS);
      await this.#ended;
      clearTimeout(timer);
    }
    if (this.#options.hasChildren === true) await groupEnds(this.#child.pid, STOP_MS);
    return this.#child.exitCode === 0;
  }

  kill(reason: string): void {
    this.#finish(reason);
    if (this.#options.hasChildren === true) endGroup(this.#child.pid);
    else this.#child.kill("SIGKILL");
  }

  #read(line: string): void {
    const fields = parse(line);
    const seq = fields?.["seq"];
    const waiting = typeof seq === "number" ? this.#waiting.get(seq) : undefined;
    if (fields === undefined || waiting === undefined || typeof seq !== "number") {
      const problem =
        fields === undefined ? "the text is no JSON object" : '"seq" is not that of an open command';
      this.#lastStray = problem;
      this.#options.onBroken?.(line, [problem]);
      return;
    }
    const { command } = waiting;
    const reading = readAnswer(command.cmd, fields);
    if (reading.kind !== "broken") {
      this.#settle(seq, reading, line);
      return;
    }
    this.#options.onBroken?.(line, reading.problems);
    const message = `the answer to "${command.cmd}" breaks the contract: ${reading.problems.join("; ")}`;
    this.#settle(seq, { kind: "broken", message }, line);
  }

  #expire(seq: number, timeoutMs: number): void {
    const seconds = timeoutMs / 1000;
    const hint = this.#lastStray === undefined ? "" : `; of another line that it wrote, ${this.#lastStray}`;
    this.#settle(seq, { kind: "timeout", message: `no answer within ${seconds} s${hint}` });
    // It may never be ready again, and an answer that comes late would only confuse.
    this.kill(`it was ended because it left a command without an answer for ${seconds} s`);
  }

  #settle(seq: number, outcome: Answer | Trouble, line?: string): void {
    const waiting = this.#waiting.get(seq);
    if (waiting === undefined) return;
    this.#waiting.delete(seq);
    clearTimeout(waiting.timer);
    const { command, sentAtMs, settle } = waiting;
    settle({ command, sentAtMs, answeredAtMs: Date.now(), outcome, line: line?.slice(0, MAX_KEPT_LINE) });
  }

  #finish(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    for (const seq of [...this.#waiting.keys()]) this.#settle(seq, { kind: "died", message: reason });
  }
}

function failed(sent: Pick<Exchange, "command" | "sentAtMs">, outcome: Trouble): Exchange {
  return { ...sent, outcome, line: undefined, answeredAtMs: Date.now() };
}

function parse(line: string): PlainObject | undefined {
  try {
    const value = readPythonJson(line, { maxDepth: MAX_DEPTH });
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
