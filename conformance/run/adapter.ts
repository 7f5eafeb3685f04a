import { CelerityError } from "../../protocol/index.ts";
import { openAnswerer } from "../bare/open-answerer.ts";
import { type AdapterInfo, CCP_VERSION, type Command } from "../ccp/messages.ts";
import type { Answerer, Exchange, SessionOptions } from "../ccp/session.ts";

/** Processes that may die in one run. */
const MAX_RESTARTS = 20;
const START: Command = { cmd: "start", version: CCP_VERSION };
/** Some languages take their time to start. */
const START_MS = 60_000;

/** An adapter that is started again when it dies. */
export class Adapter {
  readonly #options: SessionOptions;
  #session: Answerer;
  #restarting: Promise<unknown> | undefined;
  #restarts = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#session = openAnswerer(options);
  }

  get stderr(): string {
    return this.#session.stderr;
  }

  /** Rejects with CelerityError `unsupported`. */
  async start(): Promise<AdapterInfo> {
    const { outcome } = await this.#session.exchange(START, START_MS);
    // The schema of the answer has been checked.
    if (outcome.kind === "answer") return outcome.fields as unknown as AdapterInfo;
    const stderr = this.stderr.trim();
    throw new CelerityError(
      "unsupported",
      `The adapter ${this.#options.command.join(" ")} did not start: ${outcome.message}.${stderr && `\nIts standard error:\n${stderr}`}`,
    );
  }

  async exchange(command: Command): Promise<Exchange> {
    if (this.#session.isOver && this.#restarts < MAX_RESTARTS) {
      this.#restarting ??= this.#restart().finally(() => {
        this.#restarting = undefined;
      });
      await this.#restarting;
    }
    return await this.#session.exchange(command);
  }

  async stop(): Promise<boolean> {
    return await this.#session.stop();
  }

  async #restart(): Promise<void> {
    this.#restarts += 1;
    this.#session = openAnswerer(this.#options);
    await this.#session.exchange(START, START_MS);
  }
}
