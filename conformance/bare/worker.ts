/** A worker without an adapter: a program that is told by its environment where to work, and ends on SIGTERM. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Answer } from "../ccp/contract.ts";
import type { AdapterInfo, Command } from "../ccp/messages.ts";
import { endGroup, groupEnds, keepGroup } from "../ccp/process-group.ts";
import type { Answerer, Exchange, SessionOptions, Trouble } from "../ccp/session.ts";

/** What is kept of its output: the end. */
const MAX_OUTPUT = 64 * 1024;
const STOP_MS = 5_000;

export class BareWorker implements Answerer {
  readonly #command: SessionOptions["command"];
  readonly #timeoutMs: number;
  readonly #info: AdapterInfo;
  #env: Readonly<Record<string, string>> = {};
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #end: string | undefined;
  #output = "";

  constructor({ command, timeoutMs }: SessionOptions, info: AdapterInfo) {
    this.#command = command;
    this.#timeoutMs = timeoutMs;
    this.#info = info;
  }

  /** Standard output counts too: workers write their logs to either. */
  get stderr(): string {
    return this.#output;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  async exchange(command: Command, timeoutMs: number = this.#timeoutMs): Promise<Exchange> {
    const sentAtMs = Date.now();
    const outcome = await this.#do(command, timeoutMs);
    return { command, line: undefined, outcome, sentAtMs, answeredAtMs: Date.now() };
  }

  async #do(command: Command, timeoutMs: number): Promise<Answer | Trouble> {
    switch (command.cmd) {
      case "start":
        return { kind: "answer", fields: { ...this.#info } };
      case "configure":
        this.#env = {
          ...command.env,
          CONF_BROKER_URL: command.broker ?? "",
          CONF_RESULT_URL: command.backend ?? "",
          CONF_QUEUE: command.queue ?? "",
        };
        return { kind: "answer", fields: { ok: true } };
      case "work":
        this.#work();
        // Whether it is, its first task shows.
        return { kind: "answer", fields: { ready: true } };
      case "drain":
        return await this.#drain(timeoutMs);
      default:
        return { kind: "skipped", message: `a worker without an adapter is not asked to ${command.cmd}` };
    }
  }

  #work(): void {
    const [program, ...args] = this.#command;
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    keepGroup(child.pid);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-MAX_OUTPUT);
      });
    this.#ended = new Promise<void>((resolve) => {
      const end = (reason: string): void => {
        endGroup(child.pid);
        this.#end ??= reason;
        resolve();
      };
      child.once("error", (error) => end(`it could not be started: ${error.message}`));
      child.once("exit", (code, signal) => end(`it ended with ${code ?? signal}`));
    });
  }

  async #drain(timeoutMs: number): Promise<Answer | Trouble> {
    this.#child?.kill("SIGTERM");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    if (this.#child === undefined || this.isOver) return { kind: "answer", fields: { ok: true } };
    return {
      kind: "timeout",
      message: `the worker did not end within ${timeoutMs / 1000} s of SIGTERM`,
    };
  }

  async stop(): Promise<boolean> {
    this.kill("it was ended by the runner");
    await this.#ended;
    await groupEnds(this.#child?.pid, STOP_MS);
    return true;
  }

  kill(reason: string): void {
    this.#end ??= reason;
    endGroup(this.#child?.pid);
  }
}
