/** An implementation under test that keeps state: a process of its adapter, configured for servers and a queue. */
import { CelerityError } from "../../protocol/index.ts";
import { openAnswerer } from "../bare/open-answerer.ts";
import type { AdapterInfo, Command } from "../ccp/messages.ts";
import { CCP_VERSION } from "../ccp/messages.ts";
import type { Answerer, SessionOptions } from "../ccp/session.ts";
import type { Servers } from "../rig/servers.ts";
import { suiteFolder } from "../suite/load.ts";

/** Some languages take their time to start. */
const START_MS = 60_000;

/** The adapter left something out, or failed: there is no verdict. */
export class Unanswered extends CelerityError {
  readonly status: "skip" | "error";

  constructor(status: "skip" | "error", message: string) {
    super("unsupported", message);
    this.status = status;
  }
}

/** Where an adapter is to work. */
export interface Place {
  readonly servers: Pick<Servers, "brokerUrl" | "backendUrl">;
  readonly queue: string;
  /** In its values `$suite` stands for the folder of the vectors. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export class Peer {
  readonly info: AdapterInfo;
  readonly #session: Answerer;
  readonly #suite: string;

  private constructor(session: Answerer, info: AdapterInfo, suite: string) {
    this.#session = session;
    this.#suite = suite;
    this.info = info;
  }

  /** Starts a process. Rejects with Unanswered. */
  static async start(options: SessionOptions): Promise<Peer> {
    const session = openAnswerer(options);
    const fields = await ask(session, { cmd: "start", version: CCP_VERSION }, START_MS);
    // The schema of the answer has been checked.
    return new Peer(session, fields as unknown as AdapterInfo, options.suiteFolder ?? suiteFolder());
  }

  get stderr(): string {
    return this.#session.stderr;
  }

  get isOver(): boolean {
    return this.#session.isOver;
  }

  async configure({ servers, queue, env = {} }: Place): Promise<void> {
    const { brokerUrl, backendUrl } = servers;
    const given = Object.entries(env).map(([name, text]) => [
      name,
      text.replace("$suite", () => this.#suite),
    ]);
    const environment = Object.fromEntries(given) as Record<string, string>;
    await this.ask({
      cmd: "configure",
      broker: brokerUrl,
      backend: backendUrl,
      queue,
      env: environment,
    });
  }

  /** Resolves to the fields of the answer. Rejects with Unanswered. */
  async ask(command: Command, timeoutMs?: number): Promise<Readonly<Record<string, unknown>>> {
    return await ask(this.#session, command, timeoutMs);
  }

  /** Ends it and all its children at once. */
  kill(): void {
    this.#session.kill("it was ended by the runner");
  }

  /** Resolves to whether it ended as asked. */
  async stop(): Promise<boolean> {
    return await this.#session.stop();
  }
}

async function ask(
  session: Answerer,
  command: Command,
  timeoutMs?: number,
): Promise<Readonly<Record<string, unknown>>> {
  const { outcome } = await session.exchange(command, timeoutMs);
  switch (outcome.kind) {
    case "answer":
      return outcome.fields;
    case "skipped":
      throw new Unanswered("skip", outcome.message);
    case "errored":
      throw new Unanswered(
        "error",
        `the adapter says to "${command.cmd}": ${outcome.message}${outcome.trace ? `\n${outcome.trace}` : ""}`,
      );
    default: {
      const stderr = session.stderr.trim().slice(-2000);
      const said = stderr === "" ? "" : `\nIts standard error:\n${stderr}`;
      throw new Unanswered("error", `"${command.cmd}": ${outcome.message}${said}`);
    }
  }
}
