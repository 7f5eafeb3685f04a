/** Gateways of the suite, and a client as careful as one should be: it repeats what was not accepted, with the same key. */
import { Agent, request } from "undici";
import { freePorts, type GuardedProcess } from "../../test/helpers/services-process.ts";
import type { Answer } from "./answers.ts";
import { type Scene, TASK_SECONDS } from "./scene.ts";

/** Requests under way at one time. */
const AT_ONCE = 16;
/** Longer than any gateway may take to answer. */
const ANSWER_MS = 15_000;
/** Between two attempts of one task. */
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1000;
/** A task that is not accepted for so long ends the run. */
const PATIENCE_SECONDS = 180;

/** What a caller asks for: the body of `POST /v1/tasks`. */
export type Body = Readonly<Record<string, unknown>>;

export interface DoorOptions {
  /** Gateways, asked in turn. Default: 1. */
  readonly count?: number;
  readonly args?: readonly string[];
}

/** What an HTTP server has said; status 0 and no body when it did not. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const NO_REPLY: Reply = { status: 0, body: {} };

interface Gate {
  readonly port: number;
  process: GuardedProcess;
}

/** Where tasks come in. Its connections end with the gateways. */
export class Door {
  readonly answers: Answer[] = [];
  readonly #scene: Scene;
  readonly #options: DoorOptions;
  readonly #gates: Gate[] = [];
  readonly #agent = new Agent({ connections: 100, pipelining: 1 });
  readonly #bodies = new Map<string, Body>();
  #asked = 0;
  #keys = 0;

  constructor(scene: Scene, options: DoorOptions) {
    this.#scene = scene;
    this.#options = options;
  }

  /** Gateways that listen. */
  static async open(scene: Scene, options: DoorOptions = {}): Promise<Door> {
    const door = new Door(scene, options);
    const { count = 1 } = options;
    const first = await freePorts(count);
    const ports = Array.from({ length: count }, (_, at) => first + at);
    const processes = await Promise.all(ports.map((port) => door.#launch(port)));
    for (const [at, process] of processes.entries()) door.#gates.push({ port: first + at, process });
    return door;
  }

  #launch(port: number): Promise<GuardedProcess> {
    const { args = [] } = this.#options;
    return this.#scene.startGateway({ args: ["--port", String(port), ...args] });
  }

  get processes(): readonly GuardedProcess[] {
    return this.#gates.map(({ process }) => process);
  }

  urlOf(at: number): string {
    return `http://127.0.0.1:${this.#gates[at % this.#gates.length]?.port}`;
  }

  /** kill -9 of a gateway. */
  async kill(at: number): Promise<void> {
    await this.#gates[at]?.process.kill();
  }

  /** Starts a gateway again, on the port that it had. */
  async restart(at: number): Promise<void> {
    const gate = this.#gates[at];
    if (gate !== undefined) gate.process = await this.#launch(gate.port);
  }

  /** Sends tasks of the load, each until it is accepted. Resolves to their ids. */
  async send(count: number, changes: Body = {}): Promise<string[]> {
    const keys = Array.from({ length: count }, () => this.newKey());
    const ids: string[] = [];
    const lanes = Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop())
        ids.push(await this.submit(key, changes));
    });
    await Promise.all(lanes);
    return ids;
  }

  newKey(): string {
    this.#keys += 1;
    return `key-${this.#keys}`;
  }

  /** Sends one task until it is accepted. Resolves to its id, which counts as sent from then on. */
  async submit(key: string, changes: Body = {}): Promise<string> {
    const body = this.bodyOf(changes);
    this.#bodies.set(key, body);
    return await this.repeat(key);
  }

  /** Sends a task once more, as it was, until it is accepted. Resolves to its id. */
  async repeat(key: string): Promise<string> {
    const body = this.#bodies.get(key) ?? {};
    const id = await this.#insist(`${key} is accepted`, async () => {
      const answer = await this.#attempt(key, body);
      return answer.status === 202 ? answer.id : undefined;
    });
    this.#scene.ledger.accepted.add(id);
    return id;
  }

  bodyOf(changes: Body): Body {
    return { task: "fault.work", args: [this.#scene.ledger.file, TASK_SECONDS], ...changes };
  }

  async #attempt(key: string, body: Body): Promise<Answer> {
    const sentAtMs = Date.now();
    const reply = await this.ask("POST", "/v1/tasks", { key, body });
    const { id, type } = reply.body;
    const answer: Answer = {
      key,
      sentAtMs,
      answeredAtMs: Date.now(),
      status: reply.status,
      ...(typeof type === "string" ? { problem: type.replace(/^.*\//, "") } : {}),
      ...(typeof id === "string" ? { id } : {}),
    };
    this.answers.push(answer);
    return answer;
  }

  /** Sends a batch with one key until all of it is accepted. Resolves to the ids, which count as sent from then on. */
  async submitBatch(key: string, bodies: readonly Body[]): Promise<string[]> {
    const ids = await this.#insist(`the batch ${key} is accepted`, async () => {
      const reply = await this.ask("POST", "/v1/tasks:batch", { key, body: bodies });
      const items = (reply.body["items"] ?? []) as readonly { status: number; id: string }[];
      const isWhole = items.length === bodies.length && items.every(({ status }) => status === 202);
      return reply.status === 200 && isWhole ? items.map(({ id }) => id) : undefined;
    });
    for (const id of ids) this.#scene.ledger.accepted.add(id);
    return ids;
  }

  /** Asks the next gateway in turn. Never rejects. */
  async ask(
    method: "GET" | "POST",
    path: string,
    { key, body }: { readonly key?: string; readonly body?: unknown } = {},
  ): Promise<Reply> {
    this.#asked += 1;
    try {
      const answer = await request(`${this.urlOf(this.#asked)}${path}`, {
        method,
        dispatcher: this.#agent,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        body: text === "" ? {} : (JSON.parse(text) as Reply["body"]),
      };
    } catch {
      return NO_REPLY;
    }
  }

  /** Tries again and again, ever more slowly, until there is a value. */
  async #insist<Value>(what: string, attempt: () => Promise<Value | undefined>): Promise<Value> {
    const givesUpAtMs = Date.now() + PATIENCE_SECONDS * 1000;
    for (
      let pauseMs = PAUSE_MS;
      Date.now() < givesUpAtMs;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    ) {
      const value = await attempt();
      if (value !== undefined) return value;
      await this.#scene.pause(pauseMs * (0.5 + Math.random() / 2));
    }
    throw new Error(`Not within ${PATIENCE_SECONDS} s: ${what}.`);
  }
}
